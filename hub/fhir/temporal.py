"""Dates and times of any precision as ranges (R4 datatypes.html date, dateTime, instant; search.html date)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final

from hub.fhir.prefixes import Comparison, Condition, Prefix
from hub.kernel.errors import Category, HubError

#: China Standard Time: the zone of a date, and of a time that states none, unless a caller knows better.
CHINA: Final = timezone(timedelta(hours=8))

#: The smallest step of time the index knows. An instant is as wide.
TICK: Final = timedelta(microseconds=1)

#: A range of time: the first moment of it and the first one after it, aware; None is an open end.
Interval = tuple[datetime | None, datetime | None]

_TEXT: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<zone>Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?)?)?)?"
)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)


@lru_cache(maxsize=4096)  # the values of one visit share their times
def interval(text: str, zone: tzinfo = CHINA) -> tuple[datetime, datetime | None]:
    """The range [low, high) a date, dateTime or instant covers by its precision.

    `zone` is used where the text states none. high is None past the year 9999; what lies before the year 1 in UTC, as
    0001-01-01 does east of it, begins with that year. A leap second counts as the second after it. Raises HubError
    INVALID.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise _invalid()
    try:
        low, width = _start(match, _zone(match["zone"], zone))
    except (ValueError, OverflowError):
        raise _invalid() from None
    try:
        high = _known(_next(low, match) if width is None else low + width)
    except (ValueError, OverflowError):
        high = None
    first = _known(low)
    if first is None:
        raise _invalid()
    return first, max(high, first + TICK) if high is not None else None


def _known(moment: datetime) -> datetime | None:
    """The moment, the first one there is where it lies before that in UTC, or None where it lies after the last."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year == _FIRST.year else None
    return moment


def period(start: str | None, end: str | None, zone: tzinfo = CHINA) -> Interval:
    """The range of a Period: from the first moment of `start` through the last of `end`. Raises HubError INVALID."""
    return interval(start, zone)[0] if start else None, interval(end, zone)[1] if end else None


def compare(prefix: Prefix, text: str, now: datetime, zone: tzinfo = CHINA) -> Condition:
    """What a row's [low, high) must fulfil for `prefix` and a date text (search.html 3.1.1.4.5 and 3.1.1.4.7).

    `now` (aware) is for `ap`, which widens by a tenth of the gap between it and the date. Raises HubError INVALID.
    """
    low, end = interval(text, zone)
    high = end or datetime.max.replace(tzinfo=UTC)
    within = (Comparison("low", ">=", low), Comparison("high", "<=", high))
    if prefix is Prefix.AP:
        return (_around(low, high, now),)
    conditions: Mapping[Prefix, Condition] = {
        Prefix.EQ: (within,),
        Prefix.NE: ((Comparison("low", "<", low),), (Comparison("high", ">", high),)),
        Prefix.GT: ((Comparison("high", ">", high),),),
        Prefix.LT: ((Comparison("low", "<", low),),),
        Prefix.GE: ((Comparison("high", ">", high),), within),
        Prefix.LE: ((Comparison("low", "<", low),), within),
        Prefix.SA: ((Comparison("low", ">=", high),),),
        Prefix.EB: ((Comparison("high", "<=", low),),),
    }
    return conditions[prefix]


def _around(low: datetime, high: datetime, now: datetime) -> tuple[Comparison, ...]:
    margin = max(now - high, low - now, timedelta(0)) / 10
    try:
        return Comparison("low", "<", high + margin), Comparison("high", ">", low - margin)
    except OverflowError:
        return Comparison("low", "<", high), Comparison("high", ">", low)


def _start(match: re.Match[str], zone: tzinfo) -> tuple[datetime, timedelta | None]:
    """First moment, and width (None: a month or a year)."""
    part: Mapping[str, Any] = match.groupdict()
    day = datetime(int(part["year"]), int(part["month"] or 1), int(part["day"] or 1), tzinfo=zone)
    if part["hour"] is None:
        return day, _DAY if part["day"] else None
    second = int(part["second"] or 0)
    if second > 60:
        raise ValueError
    low = day.replace(hour=int(part["hour"]), minute=int(part["minute"])) + timedelta(seconds=second)
    if part["second"] is None:
        return low, _MINUTE
    digits = part["fraction"]
    if digits is None:
        return low, _SECOND
    width = timedelta(microseconds=10 ** max(6 - len(digits), 0))
    return low + timedelta(microseconds=int(digits[:6].ljust(6, "0"))), width


def _next(low: datetime, match: re.Match[str]) -> datetime:
    if match["month"] is None or low.month == 12:
        return low.replace(year=low.year + 1, month=1)
    return low.replace(month=low.month + 1)


@lru_cache(maxsize=256)
def _zone(text: str | None, default: tzinfo) -> tzinfo:
    if text is None:
        return default
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)


def _invalid() -> HubError:
    return HubError(Category.INVALID, "is not a date or time", todo="write YYYY, YYYY-MM, YYYY-MM-DD or a full time")
