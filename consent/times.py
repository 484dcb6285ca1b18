"""Moments and periods (section 1, Dates; section 9a).

A moment is a whole number of nanoseconds since the beginning of the year 1 in UTC: exact, and quick to compare. A
value without a time of day is in +08:00, and covers its whole day, month or year.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

from consent.shapes import present, record

#: First and last moment, both included.
Period = tuple[int, int]

_SECOND: Final = 10**9
_MINUTE: Final = 60 * _SECOND
HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * HOUR
_CHINA: Final = 8 * HOUR

#: Open ends: beyond every moment that can be written.
EARLIEST: Final = -(10**30)
LATEST: Final = 10**30

ALWAYS: Final[Period] = (EARLIEST, LATEST)

#: An invalid period: it holds nothing.
NEVER: Final[Period] = (LATEST, EARLIEST)

_TEXT: Final = re.compile(
    r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01])"
    r"(?:T([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]|60)(?:\.([0-9]+))?)?"
    r"(?:(Z)|([+-])(0[0-9]|1[0-3]|14(?=:00)):([0-5][0-9])))?)?)?"
)


def span(value: object) -> Period | None:
    """First and last moment of a date, dateTime or instant; None if it is none, or has a time but no zone."""
    return _span(value) if isinstance(value, str) else None


def moment(value: object) -> int | None:
    """The first moment of a date, dateTime or instant; None if it is none, or has a time but no zone."""
    found = span(value)
    return None if found is None else found[0]


def read_period(value: object) -> Period | None:
    """A Period: None if absent or without bounds; `NEVER` if a bound cannot be read or it starts after its end."""
    fields = record(value)
    start, end = fields.get("start"), fields.get("end")
    if not present(start) and not present(end):
        return NEVER if present(value) and not fields else None
    low, high = _bound(start, 0, EARLIEST), _bound(end, 1, LATEST)
    if low is None or high is None or low > high:
        return NEVER
    return low, high


def holds(period: Period | None, at: int) -> bool:
    """Is the moment inside? No period holds nothing."""
    return period is not None and period[0] <= at <= period[1]


def day_of(at: int) -> date:
    """The calendar day of a moment in +08:00."""
    return date.fromordinal(min(max((at + _CHINA) // _DAY, 1), date.max.toordinal()))


def _bound(value: object, side: int, if_open: int) -> int | None:
    if not present(value):
        return if_open
    found = span(value)
    return None if found is None else found[side]


@lru_cache(maxsize=4096)  # the consents and resources of one patient share their times
def _span(text: str) -> Period | None:
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour = match.group(1, 2, 3, 4)
    try:
        first = date(int(year), int(month or 1), int(day or 1)).toordinal()
    except ValueError:
        return None
    if hour is not None:
        at = first * _DAY + _time_of_day(match) - _offset(match)
        return at, at
    after = first + 1 if day else _first_after(int(year), int(month or 12))
    return first * _DAY - _CHINA, after * _DAY - _CHINA - 1


def _time_of_day(match: re.Match[str]) -> int:
    hour, minute, second, fraction = match.group(4, 5, 6, 7)
    nanoseconds = int((fraction or "")[:9].ljust(9, "0"))
    return int(hour) * HOUR + int(minute) * _MINUTE + int(second or 0) * _SECOND + nanoseconds


def _offset(match: re.Match[str]) -> int:
    """How far the zone is ahead of UTC."""
    zulu, sign, hours, minutes = match.group(8, 9, 10, 11)
    if zulu:
        return 0
    ahead = int(hours) * HOUR + int(minutes) * _MINUTE
    return -ahead if sign == "-" else ahead


def _first_after(year: int, month: int) -> int:
    """Ordinal of the first day after a month; after December without making the year 10000."""
    return date(year, 12, 31).toordinal() + 1 if month == 12 else date(year, month + 1, 1).toordinal()
