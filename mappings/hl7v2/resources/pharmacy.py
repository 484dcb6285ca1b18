"""RXO, RXE, RXG, RXD and RXA: what was prescribed, handed out and given, each as a resource that refers to the order.

One order is one MedicationRequest: what the pharmacy made of it (RXE) stands before what was asked (RXO). It is known
by the placer's number and the medicine, a dispense and an administration by their own numbers within the order.
"""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.identifiers import Number, meaning, typed
from mappings.hl7v2.datatypes.timing import mend_timing
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Noted
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.case import Case, coded, placed
from mappings.hl7v2.resources.medicine import ARTICLES, medicine
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.resources.requests import authored

#: Which segment says what was ordered, best first, and with what intent (R4 medicationrequest-intent).
_ORDERED: Final = (("RXE", "order"), ("RXO", "original-order"), ("RXG", "instance-order"))

#: What R4 allows one of (Dosage.doseAndRate.dose[x]).
_DOSES: Final = frozenset({"doseRange", "doseQuantity"})


def medications(case: Case, context: Context, rules: Rules) -> list[Building]:
    """The request of an order first, if it is told, then its dispenses and administrations."""
    request = _request(case, context, rules)
    done = [_dispense(noted, case, request, context, rules) for noted in case.order.all("RXD")]
    done += [_administration(noted, case, request, context, rules) for noted in case.order.all("RXA")]
    return [*([request] if request else []), *done]


def _request(case: Case, context: Context, rules: Rules) -> Building | None:
    stated = [(case.order.all(name), intent) for name, intent in _ORDERED if case.order.all(name)]
    if not stated:
        return None
    first = stated[0][0][0].segment
    authority, number = placed(case)
    given = f"|{field(first, 1)}" if first.name == "RXG" else ""
    key = f"{number}|{coded(first, ARTICLES[first.name].code)}{given}"
    building = context.draft("MedicationRequest", authority, key, case.owner)
    resource = building.resource
    case.refer(resource)
    resource.setdefault("subject", unknown())
    if case.orc is not None:
        rules.run(case.orc, building, context)
    for notes, _ in stated:
        for noted in notes[:1]:
            medicine(noted.segment, building, [each.segment for each in case.order.all("RXC")], context)
            rules.run(noted.segment, building, context)
            add_notes(noted.notes, building, context)
    _dosage(case, building, context, rules)
    resource.setdefault("intent", stated[0][1])
    if "status" not in resource:
        building.defaults["status"] = "active"
    authored(case.orc, building, context)
    _reasons(case, resource, context)
    return building


def _dosage(case: Case, building: Building, context: Context, rules: Rules) -> None:
    """TQ1 and RXR; a further timing is a further dosage."""
    for place, noted in enumerate(case.order.all("TQ1")):
        target = Building({"resourceType": "MedicationRequest"}, "", "", None) if place else building
        rules.run(noted.segment, target, context)
        further = target.resource.get("dosageInstruction") if place else None
        if further:
            building.resource.setdefault("dosageInstruction", []).extend(further)
    for noted in case.order.all("TQ2"):
        rules.run(noted.segment, building, context)
    _routes(case, building, context, rules)
    for dosage in building.resource.get("dosageInstruction", ()):
        _one_dose(dosage)
        timing = dosage.get("timing")
        if timing is not None and case.order.others:
            mend_timing(timing, context)
            source = next(case.order.segments())
            mend_period(timing.get("repeat", {}), "boundsPeriod", source, context)


def _one_dose(dosage: Json) -> None:
    """What the pharmacy made of it and what was asked may be a range and an amount: the first told stands."""
    for given in dosage.get("doseAndRate", ()):
        for told in [name for name in given if name in _DOSES][1:]:
            del given[told]


def _routes(case: Case, building: Building, context: Context, rules: Rules) -> None:
    for noted in case.order.all("RXR")[:1]:
        rules.run(noted.segment, building, context)


def _reasons(case: Case, resource: Json, context: Context) -> None:
    found = [context.became[each.position] for each in case.order.diagnoses if each.position in context.became]
    if found:
        resource["reasonReference"] = [each.reference for each in found]


def _done(rtype: str, noted: Noted, number: str, case: Case, context: Context, rules: Rules) -> Building:
    """A dispense or an administration: a snapshot, known by its number within the order."""
    segment = noted.segment
    medicament = coded(segment, ARTICLES[segment.name].code)
    building = context.draft(rtype, case.authority, f"{case.key}|{medicament}|{number}", case.owner, merge="replace")
    case.refer(building.resource, visit="context")
    medicine(segment, building, [each.segment for each in case.order.all("RXC")], context)
    rules.run(segment, building, context)
    if case.orc is not None:
        rules.run(case.orc, building, context)
    _routes(case, building, context, rules)
    add_notes(noted.notes, building, context)
    return building


def _dispense(noted: Noted, case: Case, request: Building | None, context: Context, rules: Rules) -> Building:
    building = _done("MedicationDispense", noted, _numbered(noted.segment, 1, 3), case, context, rules)
    resource = building.resource
    resource.setdefault("status", "completed")
    ordered = _ordered(case, request, context)
    if ordered:
        resource["authorizingPrescription"] = [ordered]
    if "substitution" in resource:
        resource["substitution"].setdefault("wasSubstituted", field(noted.segment, 11) not in {"N", "0"})
    return building


def _administration(noted: Noted, case: Case, request: Building | None, context: Context, rules: Rules) -> Building:
    segment = noted.segment
    building = _done("MedicationAdministration", noted, _numbered(segment, 2, 3), case, context, rules)
    resource = building.resource
    resource.setdefault("subject", unknown())
    resource.setdefault("status", "completed")
    if not any(name.startswith(("effective", "_effective")) for name in resource):
        resource["_effectiveDateTime"] = unknown()
    mend_period(resource, "effectivePeriod", segment, context)
    ordered = _ordered(case, request, context)
    if ordered:
        resource["request"] = ordered
    if "dosage" in resource and not {"dose", "rateQuantity"} & resource["dosage"].keys():
        resource["dosage"]["dose"] = unknown()  # mad-1: a dosage has a dose or a rate
    return building


def _numbered(segment: Segment, number: int, time: int) -> str:
    """The number and the time of an event: counters begin again where a sender has none."""
    return f"{field(segment, number)}|{field(segment, time)}"


def _ordered(case: Case, request: Building | None, context: Context) -> Json | None:
    """The order: the request of this message, else the placer's number of one told before."""
    if request is not None:
        return request.reference
    value = field(case.orc, 2)
    if not value:
        return None
    found = Number(value, (field(case.orc, 2, 2), field(case.orc, 2, 3), field(case.orc, 2, 4)), "PLAC")
    return {"type": "MedicationRequest", "identifier": typed(found, meaning(found, context, "ORC-2"))}
