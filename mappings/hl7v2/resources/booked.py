"""AIS, AIG, AIL and AIP: what is booked for an appointment, from when to when.

A start may be told as an offset from the appointment's, an end as a duration (v2.5.1 chapter 10, section 10.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta
from decimal import Decimal
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Noted
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.trace import mapped

#: Minutes of the longest appointment whose end is worked out: a year.
LONGEST: Final = 366 * 1440
_MINUTES: Final = {
    **dict.fromkeys(("", "MIN", "M", "MINS", "MINUTE", "MINUTES", "分钟", "分"), Decimal(1)),
    **dict.fromkeys(("HR", "H", "HOUR", "HOURS", "小时"), Decimal(60)),
    **dict.fromkeys(("D", "DAY", "DAYS", "天"), Decimal(1440)),
}
_SECONDS: Final = frozenset({"S", "SEC", "SECOND", "SECONDS", "秒"})


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where a segment tells the offset and the duration, each with its unit in the next field."""

    offset: int
    duration: int


_FIELDS: Final = {"AIS": _Fields(5, 7), "AIG": _Fields(9, 11), "AIL": _Fields(7, 9), "AIP": _Fields(7, 9)}


def minutes(segment: Segment, n: int, unit: int) -> int:
    """A length of time in whole minutes; 0 where none is told or it is beyond all reason."""
    found = decimal(field(segment, n))
    if found is None or not 0 < abs(found[0]) <= LONGEST * 60:
        return 0
    named = field(segment, unit).upper()
    length = found[0] / 60 if named in _SECONDS else found[0] * _MINUTES.get(named, Decimal(0))
    return int(length) if abs(length) <= LONGEST else 0


def later(start: str, by: int) -> str | None:
    """A time some minutes later; None for a day, or where the calendar ends."""
    if "T" not in start:
        return None
    at = datetime.fromisoformat(start)
    return (at + timedelta(minutes=by)).isoformat() if abs(by) <= LONGEST and 1 < at.year < MAXYEAR else None


def book(noted: Noted, building: Building, context: Context, rules: Rules) -> None:
    """Add what a segment books to the Appointment."""
    resource = building.resource
    before = len(resource.get("participant", ()))
    rules.run(noted.segment, building, context)
    for participant in resource.get("participant", [])[before:]:
        complete_times(noted.segment, participant, "period", resource.get("start"), context)


def complete_times(segment: Segment, holder: Json, name: str, base: str | None, context: Context) -> None:
    """Work out the ends of the period `name` that the segment tells as offset and duration."""
    fields = _FIELDS[segment.name]
    period: Json = holder.get(name, {})
    offset, duration = (minutes(segment, n, n + 1) for n in (fields.offset, fields.duration))
    if "start" not in period and base and field(segment, fields.offset):
        start = later(base, offset)
        if start:
            period["start"] = start
            _told(segment, fields.offset, context)
    if "start" in period and "end" not in period and duration > 0:
        end = later(period["start"], duration)
        if end:
            period["end"] = end
            _told(segment, fields.duration, context)
    if period:
        holder[name] = period


def _told(segment: Segment, n: int, context: Context) -> None:
    way = mapped("Appointment.participant[].period")
    context.took(segment, n, way)
    context.took(segment, n + 1, way)
