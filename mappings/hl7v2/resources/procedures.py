"""PR1: procedures done or planned."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hub.fhir.temporal import interval
from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Noted
from mappings.hl7v2.leaves import field, says_something
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.coding_methods import name_system
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.taking_part import performers
from mappings.hl7v2.trace import mapped

#: Minutes of the longest procedure whose end is worked out: a month.
_LONGEST: Final = 31 * 1440


def procedure(noted: Noted, patient: Building, visit: Building | None, context: Context, rules: Rules) -> None:
    """One PR1: known by its identifier, else by the stay (else the patient), its code and its time."""
    segment = noted.segment
    if not says_something(segment, 3):
        return
    owner = visit.resource["id"] if visit else patient.resource["id"]
    what = field(segment, 3) or field(segment, 3, 2) or field(segment, 4)
    key = field(segment, 19) or f"{what or '#' + str(segment.ordinal)}|{field(segment, 5)}"
    building = context.draft("Procedure", owner, key, patient.patient)
    resource = building.resource
    resource["subject"] = patient.reference
    if visit is not None:
        resource["encounter"] = visit.reference
    context.stand_beside([segment])
    rules.run(segment, building, context)
    name_system(segment, building, context)
    if not resource.get("code"):
        resource["code"] = unknown()
    _modifiers(segment, resource, context)
    _end(segment, resource, context)
    resource["status"] = _status(segment, resource, context)
    performers(noted.parts, building, context, rules)
    add_notes(noted.notes, building, context)


def _modifiers(segment: Segment, resource: Json, context: Context) -> None:
    """PR1-16: the code with its modifiers behind colons, as a coding beside the plain one (HL7/v2-to-fhir, PR1)."""
    modifiers = [text for rep in segment.repetitions(16) if (text := rep.get(1).strip())]
    codings = resource["code"].get("coding", [])
    if modifiers and codings and "code" in codings[0]:
        whole = {name: value for name, value in codings[0].items() if name != "display"}
        codings.append(whole | {"code": ":".join([codings[0]["code"], *modifiers])})
        context.took(segment, 16, mapped("Procedure.code.coding[].code"))


def _end(segment: Segment, resource: Json, context: Context) -> None:
    """PR1-7: the minutes it took, if the begin is known to the minute."""
    start = resource.get("performedDateTime", "")
    minutes = decimal(field(segment, 7))
    if "T" not in start or not minutes or not 0 < minutes[0] <= _LONGEST:
        return
    begun = datetime.fromisoformat(start)
    if begun.year < 9999:
        end = (begun + timedelta(minutes=float(minutes[0]))).isoformat()
        resource["performedPeriod"] = {"start": resource.pop("performedDateTime"), "end": end}
        context.took(segment, 7, mapped("Procedure.performedPeriod.end"))


def _status(segment: Segment, resource: Json, context: Context) -> str:
    """PR1-20 D: stated in error. Else what the time of it says, held against the time of the message."""
    if field(segment, 20) == "D":
        context.took(segment, 20, mapped("Procedure.status"))
        return "entered-in-error"
    start = resource.get("performedDateTime") or resource.get("performedPeriod", {}).get("start")
    if not start or not context.sent:
        return "unknown"
    begun, sent = interval(start)[0], interval(context.sent)[0]
    return "completed" if begun is not None and sent is not None and begun <= sent else "preparation"
