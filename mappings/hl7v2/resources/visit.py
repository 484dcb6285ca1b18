"""PV1 and PV2: the Encounter; AL1 and DG1: allergies and diagnoses."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import DATA_ABSENT, Building, Context, mapped
from mappings.hl7v2.datatypes.identifiers import meaning, number
from mappings.hl7v2.datatypes.times import moment
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.grouping import PatientGroup, Visit
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.periods import mend_period

#: A cancelled discharge takes back the end of the stay.
_REOPENING: Final = frozenset({"A13"})
#: PV1-2 of a message whose structure wants a PV1 and which is about no visit (table 0004).
_NO_VISIT: Final = frozenset({"", "N"})
_ABSENT: Final = {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}


def encounter(
    visit: Visit, group: PatientGroup, patient: Building | None, context: Context, rules: Rules
) -> Building | None:
    """The Encounter of a PV1; None if the segment says nothing, or nothing by which the visit could be known again."""
    if not any(visit.pv1.raw(n) for n in range(2, visit.pv1.fields_count + 1)):
        return None
    building = _identified(visit, group, patient, context)
    if building is None:
        return None
    if patient is not None:
        building.resource["subject"] = patient.reference
    rules.run(visit.pv1, building, context)
    if visit.pv2 is not None:
        rules.run(visit.pv2, building, context)
    if "class" not in building.resource:
        building.defaults["class"] = dict(_ABSENT)
    mend_period(building.resource, "period", visit.pv1, context)
    _status(visit.pv1, building, context)
    return building


def _identified(visit: Visit, group: PatientGroup, patient: Building | None, context: Context) -> Building | None:
    """By visit number, else by another number of the stay, else by patient and time of admission.

    Where there is none of these, it is known by what was said of it.
    """
    owner = patient.patient if patient else None
    pid = group.pid.segment if group.pid else None
    for segment, n in ((visit.pv1, 19), (visit.pv1, 50), (pid, 18)):
        repetitions = segment.repetitions(n) if segment else []
        found = number(repetitions[0]) if repetitions else None
        if segment is not None and found is not None:
            meant = meaning(found, context, f"{segment.name}-{n}")
            authority = meant.key if n != 18 else f"account|{meant.key}"
            return context.draft("Encounter", authority, found.value + _admission(visit, context), owner)
    admitted = moment(field(visit.pv1, 44))
    if admitted is not None and owner:
        return context.draft("Encounter", f"Patient/{owner}", admitted.date_time(context.zone), owner)
    return _unknown(visit, owner, context)


def _admission(visit: Visit, context: Context) -> str:
    """The day of admission, as part of the key where the sender gives its visit numbers again."""
    admitted = moment(field(visit.pv1, 44)) if context.habits.profile.visit_key == "number-and-admission" else None
    return f"|{admitted.date}" if admitted else ""


def _unknown(visit: Visit, owner: str | None, context: Context) -> Building | None:
    """A stay nobody numbered. An event that begins or changes it gives one that this message alone knows.

    Other messages tell of it by the way: the same words about a patient on one day are of one stay.
    """
    if field(visit.pv1, 2) in _NO_VISIT and not _said(visit.pv1, *range(3, visit.pv1.fields_count + 1)):
        for segment in filter(None, (visit.pv1, visit.pv2)):
            context.refuse(segment, "says that there is no visit")
        return None
    context.issue("visit-identity", "no visit number and no time of admission: known by what is said of it", "PV1-19")
    if owner and table("encounter-status-by-event").get(context.event) is None:
        words = "|".join(visit.pv1.fields()[2:])
        building = context.draft("Encounter", f"told|{owner}|{context.time[:8]}", words, owner)
        building.defaults["status"] = "unknown"
        return building
    return context.draft("Encounter", "message", f"{context.control}|{context.time}|{visit.pv1.ordinal}", owner)


def _status(pv1: Segment, building: Building, context: Context) -> None:
    """By event; an event that says nothing of it leaves the stored status as it is."""
    by_event = table("encounter-status-by-event").get(context.event)
    if by_event is not None:
        building.resource["status"] = by_event.code
    else:
        by_class = table("encounter-status-by-class").get(field(pv1, 2))
        ended = "end" in building.resource.get("period", {})
        told = "finished" if ended else by_class.code if by_class else "unknown"
        building.defaults.setdefault("status", told)
    if context.event in _REOPENING:
        building.resource.get("period", {}).pop("end", None)
        building.clears["period.end"] = None


def history(group: PatientGroup, patient: Building, visits: list[Building], context: Context, rules: Rules) -> None:
    """AL1 and DG1 of a patient."""
    for noted in group.others:
        if noted.segment.name == "AL1":
            _allergy(noted.segment, patient, context, rules)
        elif noted.segment.name == "DG1":
            _diagnosis(noted.segment, patient, visits[0] if visits else None, context, rules)


def _said(segment: Segment, *fields: int) -> str:
    return "|".join(segment.raw(n) for n in fields).strip('|^~&"')


def _allergy(segment: Segment, patient: Building, context: Context, rules: Rules) -> None:
    """Known by patient and allergen: its code, else its text."""
    if not _said(segment, *range(2, 7)):
        return
    key = field(segment, 3) or field(segment, 3, 2) or f"#{field(segment, 1) or segment.ordinal}"
    building = context.draft("AllergyIntolerance", patient.resource["id"], key, patient.patient)
    building.resource["patient"] = patient.reference
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    building.resource["clinicalStatus"] = {"coding": [{"system": system, "code": "active"}]}
    rules.run(segment, building, context)
    for reaction in building.resource.get("reaction", ()):
        reaction.setdefault("manifestation", [dict(_ABSENT)])


def _diagnosis(segment: Segment, patient: Building, visit: Building | None, context: Context, rules: Rules) -> None:
    """Known by the stay (else the patient), its number or code, and its type; the Encounter lists it."""
    if not _said(segment, *range(3, segment.fields_count + 1)):
        return
    owner = visit.resource["id"] if visit else patient.resource["id"]
    named = field(segment, 20) or field(segment, 3) or field(segment, 3, 2) or field(segment, 4)
    key = f"{named or '#' + str(segment.ordinal)}|{field(segment, 6)}"
    building = context.draft("Condition", owner, key, patient.patient)
    building.resource["subject"] = patient.reference
    if visit is not None:
        building.resource["encounter"] = visit.reference
        listed = {"condition": building.reference}
        _list_diagnosis(segment, visit, listed, context, rules)
    rules.run(segment, building, context)
    _verification(segment, building, context)


def _list_diagnosis(segment: Segment, visit: Building, listed: Json, context: Context, rules: Rules) -> None:
    before = len(visit.resource.get("diagnosis", ()))
    rules.run(segment, visit, context)
    diagnoses = visit.resource.setdefault("diagnosis", [])
    if len(diagnoses) == before:
        diagnoses.append({})
    diagnoses[-1].update(listed)


def _verification(segment: Segment, building: Building, context: Context) -> None:
    """DG1-21 D: the diagnosis was stated in error."""
    category = {"system": "http://terminology.hl7.org/CodeSystem/condition-category", "code": "encounter-diagnosis"}
    building.resource["category"] = [{"coding": [category]}]
    if field(segment, 21) == "D":
        system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
        building.resource["verificationStatus"] = {"coding": [{"system": system, "code": "entered-in-error"}]}
        context.took(segment, 21, mapped("Condition.verificationStatus"))
