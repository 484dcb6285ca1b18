"""ORC, OBR and SPM: ServiceRequest, DiagnosticReport and Specimen of each order, with its observations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.context import DATA_ABSENT, Building, Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.grouping import Order, PatientGroup, Specimen
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.resources.results import Setting, observation

#: Messages that place orders; their observations inform the order and are no results.
ORDERING: Final = frozenset({"ORM", "OML", "OMG", "OMI", "OMB", "OMD", "OMN", "OMP", "OMS", "ORR", "ORL", "ORG"})
_ABSENT: Final = {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}
_FINAL: Final = frozenset({"F", "C"})


@dataclass(frozen=True, slots=True)
class _Case:
    """One order with whom it is about."""

    order: Order
    patient: Building | None
    visit: Building | None
    authority: str
    key: str
    nth: str = ""

    @property
    def orc(self) -> Segment | None:
        return self.order.orc.segment if self.order.orc else None

    @property
    def obr(self) -> Segment | None:
        return self.order.obr.segment if self.order.obr else None

    @property
    def owner(self) -> str | None:
        return self.patient.patient if self.patient else None


def orders(
    group: PatientGroup, patient: Building | None, visit: Building | None, context: Context, rules: Rules
) -> None:
    """The resources of every order of a patient."""
    for order in group.orders:
        case = _numbered(_Case(order, patient, visit, *_identity(order, context)), context)
        _stand(order, context)
        specimens = _specimens(case, context, rules)
        request = _request(case, specimens, context, rules)
        observations = _observations(case, specimens, context, rules)
        if context.kind in ORDERING:
            if request is not None and observations:
                request.resource["supportingInfo"] = [each.reference for each, _ in observations]
        elif case.obr is not None:
            results = [each for each, result in observations if result]
            _report(case, request, specimens, results, context, rules)


def _stand(order: Order, context: Context) -> None:
    context.stand_beside(noted.segment for noted in (order.orc, order.obr) if noted is not None)


def _identity(order: Order, context: Context) -> tuple[str, str]:
    """Authority and number: the filler's, else the placer's, OBR before ORC; else the message and the place in it."""
    obr = order.obr.segment if order.obr else None
    orc = order.orc.segment if order.orc else None
    for segment, n in ((obr, 3), (orc, 3), (obr, 2), (orc, 2)):
        value = field(segment, n)
        if value:
            role = "filler" if n == 3 else "placer"
            return f"{role}|{field(segment, n, 3) or field(segment, n, 2)}", value
    return "message", f"{context.control}|{context.time}|{order.number}"


def _numbered(case: _Case, context: Context) -> _Case:
    """The case; a further one of the same number and service in one message is told apart by how many there were.

    Senders number a request and not its parts: what they send as two reports must not become one.
    """
    identity = f"{case.authority}|{case.key}|{_service(case)}"
    nth = context.repeats[identity] = context.repeats.get(identity, 0) + 1
    return case if case.obr is None or nth == 1 else replace(case, nth=f"|{nth}")


def _service(case: _Case) -> str:
    """Code of what was ordered: orders that share one number differ in it, else in how often it was ordered."""
    return (field(case.obr, 4) or field(case.obr, 4, 4) or field(case.obr, 4, 2)) + case.nth


def _refer(resource: Json, case: _Case) -> None:
    if case.patient is not None:
        resource["subject"] = case.patient.reference
    if case.visit is not None:
        resource["encounter"] = case.visit.reference


def _request(case: _Case, specimens: list[Building], context: Context, rules: Rules) -> Building | None:
    """ServiceRequest; a medication order (RXO, RXE behind ORC) is none."""
    others = {segment.name[:2] for segment in case.order.others}
    if case.obr is None and (case.orc is None or "RX" in others or context.kind not in ORDERING):
        return None
    building = context.draft("ServiceRequest", *_placed(case), case.owner)
    resource = building.resource
    _refer(resource, case)
    resource.setdefault("subject", dict(_ABSENT))
    for noted in (case.order.orc, case.order.obr):
        if noted is not None:
            rules.run(noted.segment, building, context)
            add_notes(noted.notes, building, context)
    for segment in case.order.others:
        rules.run(segment, building, context)
        mend_period(resource, "occurrencePeriod", segment, context)
    resource.setdefault("intent", "order")
    if specimens:
        resource["specimen"] = [specimen.reference for specimen in specimens]
    done = field(case.obr, 25) in _FINAL and context.kind not in ORDERING
    building.defaults["status"] = "completed" if done else "active"
    return building


def _placed(case: _Case) -> tuple[str, str]:
    """A request is known by the placer's number, which order and result share; else as the order is."""
    for segment in (case.orc, case.obr):
        value = field(segment, 2)
        if value:
            return f"placer|{field(segment, 2, 3) or field(segment, 2, 2)}", f"{value}|{_service(case)}"
    return case.authority, f"{case.key}|{_service(case)}"


def _report(
    case: _Case,
    request: Building | None,
    specimens: list[Building],
    results: list[Building],
    context: Context,
    rules: Rules,
) -> None:
    key = f"{case.key}|{_service(case)}"
    building = context.draft("DiagnosticReport", case.authority, key, case.owner, merge="replace")
    resource = building.resource
    _refer(resource, case)
    for segment in (case.orc, case.obr):
        if segment is not None:
            rules.run(segment, building, context)
    if case.obr is not None:
        mend_period(resource, "effectivePeriod", case.obr, context)
    resource.setdefault("status", "unknown")
    resource.setdefault("code", dict(_ABSENT))
    if request is not None:
        resource["basedOn"] = [request.reference]
    if specimens:
        resource["specimen"] = [specimen.reference for specimen in specimens]
    if results:
        resource["result"] = [*resource.get("result", ()), *(result.reference for result in results)]


def _specimens(case: _Case, context: Context, rules: Rules) -> list[Building]:
    """One Specimen for each SPM; where there is none, OBR-15 or OBR-10, 14 and 39 may describe one (before 2.5)."""
    made = [_specimen(each, case, context, rules) for each in case.order.specimens]
    if made or case.obr is None:
        if made and case.obr is not None and len(made) == 1:
            _run_collection(case.obr, made[0], context, rules)
        return made
    if not any(case.obr.raw(n) for n in (9, 10, 14, 15, 39)):
        return []
    building = context.draft("Specimen", case.authority, f"{case.key}|{_service(case)}", case.owner)
    if case.patient is not None:
        building.resource["subject"] = case.patient.reference
    _run_collection(case.obr, building, context, rules)
    return [building]


def _run_collection(segment: Segment, building: Building, context: Context, rules: Rules) -> None:
    rules.run(segment, building, context)
    mend_period(building.resource.get("collection", {}), "collectedPeriod", segment, context)


def _specimen(each: Specimen, case: _Case, context: Context, rules: Rules) -> Building:
    """Known by its numbers (the placer's and the filler's as they are stated), else by its place in the order."""
    segment = each.segment
    halves = [(field(segment, 2, comp), field(segment, 2, comp, 2)) for comp in (1, 2)]
    if any(number for number, _ in halves):
        authority = "|".join(authority for _, authority in halves)
        number = "|".join(number for number, _ in halves)
        building = context.draft("Specimen", f"specimen|{authority}", number, case.owner)
    else:
        place = f"{case.key}|{field(segment, 1) or segment.ordinal}"
        building = context.draft("Specimen", case.authority, place, case.owner)
    if case.patient is not None:
        building.resource["subject"] = case.patient.reference
    rules.run(segment, building, context)
    add_notes(each.notes, building, context)
    return building


def _observations(
    case: _Case, specimens: list[Building], context: Context, rules: Rules
) -> list[tuple[Building, bool]]:
    """Observations of the order, each with whether it is a result of it.

    Behind a specimen stand observations about the specimen, unless the order has no others: then they are the results.
    """
    only = specimens[0] if len(specimens) == 1 else None
    key = f"{case.key}|{_service(case)}"
    plain = Setting(case.authority, key, case.patient, case.visit, case.obr, only)
    found = [(observation(noted, plain, context, rules), True) for noted in case.order.observations]
    direct = bool(found)
    for each, specimen in zip(case.order.specimens, specimens, strict=False):
        setting = Setting(case.authority, key, case.patient, case.visit, case.obr, specimen)
        found += [(observation(noted, setting, context, rules), not direct) for noted in each.observations]
    return found
