"""Dates, periods, ages and references (sections 1 and 9a). A microsecond is the smallest step a test needs."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

from hub.kernel.types import Json

CHINA: Final = timezone(timedelta(hours=8))
TICK: Final = timedelta(microseconds=1)

_DAY: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::(\d\d)(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")

Ends = tuple[datetime | None, datetime | None]


class UnreadableError(Exception):
    """A time or period that is none, or a consent that cannot be processed."""


def empty(value: Any) -> bool:
    """9a: an array or object that is itself empty counts as absent."""
    return value is None or value in ([], {})


def without_nulls(value: Any) -> Any:
    """JSON null is no value: a member that holds it is not there."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


def span(value: Any) -> tuple[datetime, datetime]:
    """1: first and last instant of a value. Raises UnreadableError."""
    text = value if isinstance(value, str) else ""
    try:
        if day := _DAY.fullmatch(text):
            return _whole(*(int(one) for one in day.groups() if one))
        if at := _INSTANT.fullmatch(text):
            zone = "+00:00" if at[4] == "Z" else at[4]
            instant = datetime.fromisoformat(f"{at[1]}:{at[2] or '00'}{at[3] or ''}{zone}")
            return instant, instant
    except ValueError:
        raise UnreadableError from None
    raise UnreadableError


def _whole(year: int, month: int | None = None, day: int | None = None) -> tuple[datetime, datetime]:
    first = datetime(year, month or 1, day or 1, tzinfo=CHINA)
    if day:
        after = first + timedelta(days=1)
    elif month:
        after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=CHINA)
    else:
        after = datetime(year + 1, 1, 1, tzinfo=CHINA)
    return first, after - TICK


def ends(period: Any) -> Ends:
    """1: both ends of a period, None where open. Raises UnreadableError where an end is none, or before the start."""
    if not isinstance(period, dict):
        raise UnreadableError
    low = None if empty(period.get("start")) else span(period["start"])[0]
    high = None if empty(period.get("end")) else span(period["end"])[1]
    if low and high and low > high:
        raise UnreadableError
    return low, high


def inside(period: Any, at: datetime) -> bool:
    """1: inclusive at both ends. Raises UnreadableError."""
    low, high = ends(period)
    return (low is None or low <= at) and (high is None or at <= high)


def covers(entry: Json, at: datetime, *, if_missing: bool, if_invalid: bool = False) -> bool:
    """9a, 6: an entry without a period holds only where the rules say so, one with an invalid period never."""
    if empty(entry.get("period")):
        return if_missing
    try:
        return inside(entry["period"], at)
    except UnreadableError:
        return if_invalid


def age(born: Any, at: datetime) -> int | None:
    """1, 9a: completed years in +08:00; a partial birthDate is its last day; None where unknown."""
    try:
        last = span(born)[1].astimezone(CHINA).date()
    except UnreadableError:
        return None
    today = at.astimezone(CHINA).date()
    return today.year - last.year - ((today.month, today.day) < _birthday(last, today.year))


def _birthday(born: date, year: int) -> tuple[int, int]:
    leap_day = (born.month, born.day) == (2, 29)
    return (3, 1) if leap_day and not calendar.isleap(year) else (born.month, born.day)


def reference(value: Any) -> str | None:
    """9a: compared without `/_history/...`; a Reference is what its `reference` says."""
    text = value.get("reference") if isinstance(value, dict) else value
    return text.split("/_history/")[0] or None if isinstance(text, str) else None


def references(values: Any) -> set[str]:
    return {found for one in values or [] if (found := reference(one))}
