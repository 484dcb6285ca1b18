"""SCH, ARQ and what they book: the Appointment, and the orders it fulfils.

A message tells the appointment as it stands (SIU) or as somebody wishes it (SRM): a wish settles no status.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.identifiers import entity
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Groups
from mappings.hl7v2.leaves import field, leaf
from mappings.hl7v2.parser import Repetition, Segment
from mappings.hl7v2.resources.booked import LONGEST, book, complete_times, later, minutes
from mappings.hl7v2.resources.case import coded, numbered
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.provenance import event
from mappings.hl7v2.resources.slots import SLOTS, slots
from mappings.hl7v2.trace import mapped

#: Status of an appointment by event (v2.5.1 chapter 10: new, rescheduled, modified, cancelled, discontinued, no show).
_BY_EVENT: Final = {
    "S12": "booked",
    "S13": "booked",
    "S14": "booked",
    "S15": "cancelled",
    "S16": "cancelled",
    "S17": "entered-in-error",
    "S26": "noshow",
}
#: Events that settle the status whatever SCH-25 says.
_SETTLED: Final = frozenset({"S15", "S16", "S17", "S26"})
_SUBJECT: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.subject"


def appointment(groups: Groups, patients: list[Building], context: Context, rules: Rules) -> None:
    """The Appointment of a message, with its patients and resources as participants."""
    if groups.schedule is None:
        return
    if context.event in SLOTS:
        slots(groups, context, rules)
        return
    sch = groups.schedule.segment
    building = context.draft("Appointment", *_identity(sch, context), patients[0].patient if patients else None)
    resource = building.resource
    for patient in patients:
        resource.setdefault("participant", []).append({"actor": patient.reference, "status": "accepted"})
        resource.setdefault("extension", []).append({"url": _SUBJECT, "valueReference": patient.reference})
    timings = groups.schedule.parts
    context.stand_beside([sch, *timings], ("TQ1",))
    for segment in (sch, *timings[:1]):
        rules.run(segment, building, context)
    add_notes(groups.schedule.notes, building, context)
    for noted in groups.booked:
        book(noted, building, context, rules)
        add_notes(noted.notes, building, context)
    _orders(sch, groups, building, patients, context, rules)
    _complete(sch, groups, building, context)
    if field(sch, 20):
        event(sch, f"{resource['id']}|{context.event}|{context.time}", building, context, rules)


def _identity(sch: Segment, context: Context) -> tuple[str, str]:
    """By the filler's number, which stays, else the placer's; else by the message."""
    for n, role in ((2, "filler"), (1, "placer")):
        if field(sch, n):
            return numbered(sch, n, role)
    context.issue("appointment-identity", "no appointment number: known by this message only", f"{sch.name}-2")
    return "message", f"{context.control}|{context.time}"


def _orders(
    sch: Segment, groups: Groups, building: Building, patients: list[Building], context: Context, rules: Rules
) -> None:
    """The orders of SCH-26 and SCH-27 (ARQ-24 and ARQ-25), a service booked (AIS) for each or one for all."""
    at = 26 if sch.name == "SCH" else 24
    placers, fillers = sch.repetitions(at), sch.repetitions(at + 1)
    services = [noted.segment for noted in groups.booked if noted.segment.name == "AIS"]
    count = max(len(placers), len(fillers))
    for i in range(count):
        service = services[i] if len(services) == count else services[0] if services else None
        halves = [(reps[i], kind) for reps, kind in ((placers, "PLAC"), (fillers, "FILL")) if i < len(reps)]
        made = _order(sch, at, halves, service, patients, context)
        if made is None:
            continue
        if service is not None:
            rules.run(service, made, context)
            complete_times(service, made.resource, "occurrencePeriod", building.resource.get("start"), context)
        building.resource.setdefault("basedOn", []).append(made.reference)


def _order(
    sch: Segment,
    at: int,
    halves: list[tuple[Repetition, str]],
    service: Segment | None,
    patients: list[Building],
    context: Context,
) -> Building | None:
    """The ServiceRequest of a number; the appointment says nothing of it that would replace what the order said."""
    stated = [(rep, kind) for rep, kind in halves if leaf(rep, 1)]
    if not stated:
        return None
    first, kind = stated[0]
    role = "placer" if kind == "PLAC" else "filler"
    authority = f"{role}|{leaf(first, 3) or leaf(first, 2)}"
    owner = patients[0] if patients else None
    key = f"{leaf(first, 1)}|{coded(service, 3)}"
    building = context.draft("ServiceRequest", authority, key, owner.patient if owner else None)
    context.segment = sch
    identifiers = []
    for rep, each in stated:
        context.field = at if each == "PLAC" else at + 1
        identifiers.append(entity(rep, context, each))
        context.took(sch, context.field, mapped("Appointment.basedOn[]", _NUMBER))
    building.resource["subject"] = owner.reference if owner else unknown()
    building.defaults |= {"identifier": identifiers, "status": "active", "intent": "order"}
    return building


_NUMBER: Final = frozenset({("1.*", ""), ("2", ""), ("3", ""), ("4", "")})


def _complete(sch: Segment, groups: Groups, building: Building, context: Context) -> None:
    """Required elements; FHIR wants start and end: one that nobody stated is absent with a reason."""
    resource = building.resource
    by_event = _BY_EVENT.get(context.event)
    if context.event in _SETTLED:
        resource["status"] = by_event
    elif "status" not in resource:
        building.defaults["status"] = by_event or ("proposed" if sch.name == "ARQ" else "pending")
    for participant in resource.setdefault("participant", []):
        participant.setdefault("status", "accepted")
        if "actor" not in participant:
            participant.setdefault("type", [{"text": "unknown"}])
    if not resource["participant"]:
        resource["participant"].append({"type": [{"text": "unknown"}], "status": "needs-action"})
    _length(sch, resource, context)
    _begin(resource)
    _end(sch, groups, resource)
    _bounds(building)


def _bounds(building: Building) -> None:
    """A message that states one of the times settles both; one that states neither leaves what is stored."""
    resource = building.resource
    if resource.get("status", building.defaults.get("status")) == "proposed" and "start" not in resource:
        return
    missing = [name for name in ("start", "end") if name not in resource and f"_{name}" not in resource]
    where = building.defaults if len(missing) > 1 else resource
    where.update({f"_{name}": unknown() for name in missing})


def _length(sch: Segment, resource: Json, context: Context) -> None:
    """SCH-9 in another unit than minutes, if it is whole minutes."""
    if "minutesDuration" not in resource and sch.raw(10) and (length := minutes(sch, 9, 10)) > 0:
        resource["minutesDuration"] = length
        for n in (9, 10):
            context.took(sch, n, mapped("Appointment.minutesDuration"))


def _begin(resource: Json) -> None:
    """Where only the resources booked tell a time, the appointment is from the first to the last of theirs."""
    if "start" in resource or "_start" in resource:
        return
    periods = [each["period"] for each in resource["participant"] if "T" in each.get("period", {}).get("start", "")]
    if periods:
        resource["start"] = min((each["start"] for each in periods), key=datetime.fromisoformat)
        ends = [each["end"] for each in periods if "T" in each.get("end", "")]
        if ends and "end" not in resource:
            resource["end"] = max(ends, key=datetime.fromisoformat)


def _end(sch: Segment, groups: Groups, resource: Json) -> None:
    length = resource.get("minutesDuration") or _duration(sch, groups)
    if "start" in resource and "end" not in resource and 0 < length <= LONGEST:
        end = later(resource["start"], length)
        if end:
            resource["end"] = end


def _duration(sch: Segment, groups: Groups) -> int:
    """Minutes of SCH-9, else of the first booked service (AIS-7)."""
    places = [(sch, 9, 10)] + [(noted.segment, 7, 8) for noted in groups.booked if noted.segment.name == "AIS"]
    return next((found for place in places if (found := minutes(*place)) > 0), 0)
