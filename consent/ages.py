"""Ages in completed years on the calendar day in +08:00 (sections 1 and 9a)."""

from __future__ import annotations

from datetime import date

from consent.times import day_of, span


def birth_day(value: object) -> date | None:
    """Day of a birthDate, the last one if it is partial; None if missing or malformed (a date has no time)."""
    if not isinstance(value, str) or "T" in value:
        return None
    found = span(value)
    return None if found is None else day_of(found[1])


def age_at(birth: date, at: int) -> int:
    """Completed years at a moment. Born on 29 February, a common year is completed on 1 March."""
    day = day_of(at)
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
