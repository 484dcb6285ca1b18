"""The orders of a patient: which resources each becomes, and how they refer to each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import PatientGroup
from mappings.hl7v2.leaves import field
from mappings.hl7v2.resources.case import Case, case
from mappings.hl7v2.resources.diets import DIET, diet
from mappings.hl7v2.resources.dose_observations import tell
from mappings.hl7v2.resources.immunization import immunizations, is_vaccination
from mappings.hl7v2.resources.labels import labels_of, spread
from mappings.hl7v2.resources.order_team import team
from mappings.hl7v2.resources.parents import Made, link_children, names_parent
from mappings.hl7v2.resources.pharmacy import medications
from mappings.hl7v2.resources.provenance import order_event
from mappings.hl7v2.resources.reports import report
from mappings.hl7v2.resources.requests import service_request
from mappings.hl7v2.resources.results import Observed, Setting, observation, observed
from mappings.hl7v2.resources.specimens import specimens_of
from mappings.hl7v2.sharing import LONG

#: Messages that place orders; their observations inform the order and are no results.
ORDERING: Final = frozenset(
    {"ORM", "OML", "OMG", "OMI", "OMB", "OMD", "OMN", "OMP", "OMS", "ORD", "ORR", "ORL", "ORG", "ORP"}
)
#: Care plans and referrals, whose orders are reported on only where they bring a result or its status (OBR-25).
_PLANNING: Final = frozenset({"PPR", "PGL", "PPG", "REF", "RRI"})
_PHARMACY: Final = ("RXO", "RXE", "RXD", "RXG", "RXA")
#: OBX-29: answers to the questions of an order and its supporting information, which are no results.
_ASKED: Final = frozenset({"QST", "SCI"})


def orders(
    group: PatientGroup, patient: Building | None, visit: Building | None, context: Context, rules: Rules
) -> list[Made]:
    """The resources of every order of a patient."""
    long = len(context.message.all("OBX")) > LONG
    context.lets_go = long and not rules.apart and not any(map(names_parent, group.orders))
    made = [_order(case(order, patient, visit, context), context, rules) for order in group.orders]
    link_children(made)
    return made


def _order(each: Case, context: Context, rules: Rules) -> Made:
    if any(each.order.all(name) for name in _PHARMACY):
        return _medicine(each, context, rules)
    if any(each.order.all(name) for name in DIET):
        return _fed(each, context, rules)
    before = len(context.drafts)
    specimens = specimens_of(each, context, rules)
    ordering = context.kind in ORDERING
    request = service_request(each, specimens, context, rules, ordering=ordering)
    order_event(each, request, context, rules)
    found = _observations(each, specimens, labels_of(request), context, rules)
    informing = [one.reference for one in found if ordering or one.asked]
    if request is not None and informing:
        request.resource.setdefault("supportingInfo", []).extend(informing)
    results = [one for one in found if one.result and not one.asked]
    written = None
    if not ordering and _is_reported(each, results, context) and request is not None and context.kind != "MDM":
        written = report(each, request, specimens, results, context, rules)
    team(each.order, request, written, specimens, context, rules)
    observed = tuple([one.building for one in found if one.building is not None])
    spread(request or written, context, before)
    return Made(each, request, written, observed)


def _is_reported(each: Case, results: list[Observed], context: Context) -> bool:
    if results or each.obr is None:
        return bool(results)
    return context.kind not in _PLANNING or bool(field(each.obr, 25))


def _medicine(each: Case, context: Context, rules: Rules) -> Made:
    """A medication order, its dispenses and administrations; of vaccinations RXA is an Immunization."""
    vaccination, before = is_vaccination(each.order, context), len(context.drafts)
    found = (immunizations if vaccination else medications)(each, context, rules)
    setting = Setting(each.authority, f"{each.key}|medication", each.patient, each.visit, each.obr, None)
    observed = [observation(noted, setting, context, rules) for noted in each.order.observations]
    if vaccination and found:
        for building in observed:
            building.resource["partOf"] = [found[-1].reference]
        tell(found[-1], zip(each.order.observations, observed, strict=True), context)
    elif found and observed:
        _inform(found[0], observed)
    if found:
        order_event(each, found[0], context, rules)
        spread(found[0], context, before)
    return Made(each, found[0] if found else None, None, tuple(observed))


def _fed(each: Case, context: Context, rules: Rules) -> Made:
    """A diet, and what was observed with it."""
    before = len(context.drafts)
    ordered = diet(each, context, rules)
    setting = Setting(each.authority, f"{each.key}|diet", each.patient, each.visit, each.obr, None)
    observed = [observation(noted, setting, context, rules) for noted in each.order.observations]
    order_event(each, ordered, context, rules)
    spread(ordered, context, before)
    return Made(each, ordered, None, tuple(observed))


def _inform(building: Building, observed: list[Building]) -> None:
    name = "supportingInformation"
    if building.resource["resourceType"] in {"MedicationRequest", "MedicationDispense", "MedicationAdministration"}:
        building.resource.setdefault(name, []).extend(each.reference for each in observed)


def _observations(
    each: Case, specimens: list[Building], labels: Sequence[Json], context: Context, rules: Rules
) -> list[Observed]:
    """Observations of the order, for which `labels` hold.

    Behind a specimen stand observations about the specimen, unless the order has no others: then they are the results.
    """
    only = specimens[0] if len(specimens) == 1 else None
    key = f"{each.key}|{each.service}"
    plain = Setting(each.authority, key, each.patient, each.visit, each.obr, only)
    found = [
        observed(noted, plain, context, rules, labels, result=True, asked=noted.segment.raw(29) in _ASKED)
        for noted in each.order.observations
    ]
    direct = bool(found)
    for spm, specimen in zip(each.order.specimens, specimens, strict=False):
        setting = Setting(each.authority, key, each.patient, each.visit, each.obr, specimen, focus=direct)
        found += [
            observed(noted, setting, context, rules, labels, result=not direct, asked=False)
            for noted in spm.observations
        ]
    return found
