"""SCH, AIS, AIG, AIL and AIP: the Appointment and what is booked for it."""

from __future__ import annotations

from datetime import MAXYEAR, datetime, timedelta
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.context import DATA_ABSENT, Building, Context
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.grouping import Groups
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.notes import add_notes

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
_ABSENT: Final = {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}
#: Minutes of the longest appointment whose end is worked out: a year.
_LONGEST: Final = 366 * 1440
_SUBJECT: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.subject"
_MINUTES: Final = {"": 1, "MIN": 1, "M": 1, "分钟": 1, "HR": 60, "H": 60, "S": 0, "D": 1440}


def appointment(groups: Groups, patients: list[Building], context: Context, rules: Rules) -> None:
    """The Appointment of a message, with its patients and resources as participants."""
    if groups.schedule is None:
        return
    sch = groups.schedule.segment
    building = context.draft("Appointment", *_identity(sch, context), patients[0].patient if patients else None)
    resource = building.resource
    for patient in patients:
        resource.setdefault("participant", []).append({"actor": patient.reference, "status": "accepted"})
        resource.setdefault("extension", []).append({"url": _SUBJECT, "valueReference": patient.reference})
    context.stand_beside([sch])
    rules.run(sch, building, context)
    add_notes(groups.schedule.notes, building, context)
    for noted in groups.booked:
        rules.run(noted.segment, building, context)
        add_notes(noted.notes, building, context)
    _complete(sch, groups, building, context)


def _identity(sch: Segment, context: Context) -> tuple[str, str]:
    """By the filler's number, which stays, else the placer's; else by the message."""
    for n, role in ((2, "filler"), (1, "placer")):
        value = field(sch, n)
        if value:
            return f"{role}|{field(sch, n, 3) or field(sch, n, 2)}", value
    context.issue("appointment-identity", "no appointment number: known by this message only", "SCH-2")
    return "message", f"{context.control}|{context.time}"


def _complete(sch: Segment, groups: Groups, building: Building, context: Context) -> None:
    """Required elements; FHIR wants start and end: one that nobody stated is absent with a reason."""
    resource = building.resource
    by_event = _BY_EVENT.get(context.event)
    if context.event in _SETTLED:
        resource["status"] = by_event
    elif "status" not in resource:
        building.defaults["status"] = by_event or "pending"
    for participant in resource.setdefault("participant", []):
        participant.setdefault("status", "accepted")
    if not resource["participant"]:
        resource["participant"].append({"type": [{"text": "unknown"}], "status": "needs-action"})
    _end(sch, groups, resource)
    _bounds(building)


def _bounds(building: Building) -> None:
    """A message that states one of the times settles both; one that states neither leaves what is stored."""
    resource = building.resource
    missing = [name for name in ("start", "end") if name not in resource and f"_{name}" not in resource]
    where = building.defaults if len(missing) > 1 else resource
    where.update({f"_{name}": dict(_ABSENT) for name in missing})


def _end(sch: Segment, groups: Groups, resource: Json) -> None:
    minutes = resource.get("minutesDuration") or _duration(sch, groups)
    if "start" in resource and "end" not in resource and minutes:
        start = datetime.fromisoformat(resource["start"])
        if minutes <= _LONGEST and start.year < MAXYEAR:
            resource["end"] = (start + timedelta(minutes=minutes)).isoformat()


def _duration(sch: Segment, groups: Groups) -> int:
    """Minutes of SCH-9, else of the first booked service (AIS-7), else of the quantity's duration (SCH-11.3)."""
    places = [(sch, 9, 10)] + [(noted.segment, 7, 8) for noted in groups.booked if noted.segment.name == "AIS"]
    for segment, n, unit in places:
        found = decimal(field(segment, n))
        scale = _MINUTES.get(field(segment, unit).upper(), 0)
        if found and scale and 0 < found[0] <= _LONGEST:
            return int(found[0] * scale)
    return 0
