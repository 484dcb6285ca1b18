"""Times of a schedule that are blocked or opened again (SIU S23, S24): a Slot for each resource.

The schedule is only named: it is what the resource's owner keeps, and no record of a patient's.
"""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Groups
from mappings.hl7v2.resources.booked import book

#: Events about slots, and what they make of them (R4 slotstatus).
SLOTS: Final = {"S23": "busy-unavailable", "S24": "free"}


def slots(groups: Groups, context: Context, rules: Rules) -> None:
    """The slots of the resources booked; a time without an end is no slot."""
    if groups.schedule is None:
        return
    sch = groups.schedule.segment
    context.stand_beside([sch])
    told = Building({"resourceType": "Appointment"}, "", "", None)
    rules.run(sch, told, context)
    for noted in groups.booked:
        book(noted, told, context, rules)
    found = [each for each in told.resource.get("participant", ()) if "actor" in each]
    stated = [slot for each in found if (slot := _slot(each, told.resource, context)) is not None]
    if not stated:
        context.issue("slot", "no resource with a start and an end: nothing is blocked or opened", "SCH-11")


def _slot(participant: Json, appointment: Json, context: Context) -> Building | None:
    period = participant.get("period", {})
    start, end = period.get("start", appointment.get("start")), period.get("end", appointment.get("end"))
    actor = participant["actor"]
    name = actor.get("reference") or actor.get("identifier", {}).get("value")
    if not start or not end or not name:
        return None
    building = context.draft("Slot", "resource", f"{name}|{start}|{end}", None, merge="replace")
    schedule = {"type": "Schedule", "display": actor.get("display", name)}
    if "identifier" in actor:
        schedule["identifier"] = actor["identifier"]
    building.resource |= {"schedule": schedule, "status": SLOTS[context.event], "start": start, "end": end}
    return building
