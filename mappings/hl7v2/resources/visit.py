"""PV1 and PV2: the Encounter, the episode it belongs to, where the patient was before."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.identifiers import meaning, number
from mappings.hl7v2.datatypes.places import location
from mappings.hl7v2.datatypes.times import moment
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import PatientGroup, Visit
from mappings.hl7v2.leaves import field, says_something
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.resources.restrictions import restrict
from mappings.hl7v2.resources.taking_part import visit_team

#: A cancelled discharge takes back the end of the stay.
_REOPENING: Final = frozenset({"A13"})
#: PV1-2 of a message whose structure wants a PV1 and which is about no visit (table 0004).
_NO_VISIT: Final = frozenset({"", "N"})
#: Where a patient is tracked on the way (v2.5.1, 3.3.9, 3.3.10), a stay may be under way: only one that nobody told of
#: before begins with it.
_AT_FIRST: Final = {"A10": "arrived"}
_HISTORY: Final = {"system": "http://hl7.org/fhir/fhir-types", "code": "EncounterHistory"}
_HISTORY_PLACE: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-EncounterHistory.location"
_HISTORY_ENCOUNTER: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-EncounterHistory.encounter"
_TEMPORARY: Final = {
    "url": "http://hl7.org/fhir/StructureDefinition/subject-locationClassification",
    "valueCodeableConcept": {
        "coding": [{"system": "http://hl7.org/fhir/ValueSet/subject-location", "code": "temporary"}]
    },
}


def encounter(
    visit: Visit, group: PatientGroup, patient: Building | None, context: Context, rules: Rules
) -> Building | None:
    """The Encounter of a PV1; None if it says nothing, or nothing by which the visit could be known again."""
    if not any(visit.pv1.fields()[2:]) and not (visit.pv2 and says_something(visit.pv2, 1)):
        return None
    building = _identified(visit, group, patient, context)
    if building is None:
        return None
    if patient is not None:
        building.resource["subject"] = patient.reference
    rules.run(visit.pv1, building, context)
    if visit.pv2 is not None:
        rules.run(visit.pv2, building, context)
    evn = context.message.first("EVN")
    if evn is not None and evn.raw(6):
        rules.run(evn, building, context)
    if "class" not in building.resource:
        building.defaults["class"] = unknown()
    mend_period(building.resource, "period", visit.pv1, context)
    _status(visit.pv1, building, context)
    _bed(visit.pv1, context, rules)
    if patient is not None:
        _episode(visit.pv1, building, patient, context, rules)
        _before(visit.pv1, building, patient, context, rules)
        restrict(visit.parts, building, patient, context, rules)
    visit_team(visit.parts, building, context, rules)
    add_notes(visit.notes, building, context)
    return building


def _bed(pv1: Segment, context: Context, rules: Rules) -> None:
    """PV1-40: the state of the bed or room of PV1-3."""
    if field(pv1, 40) and (field(pv1, 3, 2) or field(pv1, 3, 3)):
        context.segment, context.field, context.rep = pv1, 3, 1
        place = context.made(location(pv1.repetitions(3)[0], context))
        if place is not None:
            rules.run(pv1, place, context)


def _episode(pv1: Segment, visit: Building, patient: Building, context: Context, rules: Rules) -> None:
    """PV1-54 and PV1-53: the episode of care; without a number it is known by the visit."""
    repetitions = pv1.repetitions(54)
    found = number(repetitions[0]) if repetitions else None
    if found is None and not field(pv1, 53):
        return
    if found is not None:
        meant = meaning(found, context, "PV1-54")
        episode = context.draft("EpisodeOfCare", meant.key, found.value, patient.patient)
    else:
        episode = context.draft("EpisodeOfCare", visit.resource["id"], "episode", patient.patient)
    episode.resource["patient"] = patient.reference
    episode.defaults["status"] = "active"
    rules.run(pv1, episode, context)
    visit.resource["episodeOfCare"] = [episode.reference]


def _before(pv1: Segment, visit: Building, patient: Building, context: Context, rules: Rules) -> None:
    """PV1-43, the temporary location before: history of the stay, which R4 has no resource for."""
    if not pv1.raw(43).strip('"^~&'):
        return
    history = context.draft("Basic", visit.resource["id"], "history", patient.patient)
    resource = history.resource
    resource |= {"code": {"coding": [_HISTORY.copy()]}, "subject": patient.reference}
    rules.run(pv1, history, context)
    if "extension" in resource:
        resource["extension"] += [
            {"url": _HISTORY_ENCOUNTER, "valueReference": visit.reference},
            {"url": f"{_HISTORY_PLACE}.location.status", "valueCode": "completed"},
            {"url": _HISTORY_PLACE, "extension": [dict(_TEMPORARY)]},
        ]


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
    both = [segment for segment in (visit.pv1, visit.pv2) if segment is not None]
    if field(visit.pv1, 2) in _NO_VISIT and not any(says_something(*each) for each in zip(both, (3, 1), strict=False)):
        for segment in both:
            context.refuse(segment, "says that there is no visit")
        return None
    context.issue("visit-identity", "no visit number and no time of admission: known by what is said of it", "PV1-19")
    if owner and table("encounter-status-by-event").get(context.event) is None:
        words = "|".join(visit.pv1.fields()[2:] or both[-1].fields()[1:])
        building = context.draft("Encounter", f"told|{owner}|{context.time[:8]}", words, owner)
        building.defaults["status"] = "unknown"
        return building
    return context.draft("Encounter", "message", f"{context.control}|{context.time}|{visit.pv1.ordinal}", owner)


def _is_over(pv1: Segment, context: Context) -> bool:
    """Whether PV1-45 has passed by the latest time the message tells of itself (MSH-7, EVN-2, EVN-6)."""
    evn = context.message.first("EVN")
    told = [moment(text) for text in (context.time, field(evn, 2), field(evn, 6))]
    known = [at for each in told if each and (at := each.instant(context.zone))]
    end = moment(field(pv1, 45))
    ends = end.instant(context.zone) if end else None
    return ends is not None and bool(known) and ends <= max(known)


def _status(pv1: Segment, building: Building, context: Context) -> None:
    """By event; an event that says nothing of it leaves the stored status as it is.

    A stay that ended before the message was sent is not under way, whichever event tells of it (PV1-45 makes it
    `finished`, as the guide has it); a later end is one that is expected.
    """
    by_event = table("encounter-status-by-event").get(context.event)
    ended = "end" in building.resource.get("period", {})
    if by_event is not None:
        over = by_event.code == "in-progress" and ended and context.event not in _REOPENING and _is_over(pv1, context)
        building.resource["status"] = "finished" if over else by_event.code
    else:
        kinds = table("encounter-status-by-class")
        by_class = kinds.get(field(pv1, 2)) or kinds.get(building.resource.get("class", {}).get("code", ""))
        at_first = _AT_FIRST.get(context.event) or (by_class.code if by_class else "unknown")
        building.defaults.setdefault("status", "finished" if ended else at_first)
    if context.event in _REOPENING:
        period = building.resource.pop("period", {})
        period.pop("end", None)
        building.resource |= {"period": period} if period else {}
        building.clears["period.end"] = None
