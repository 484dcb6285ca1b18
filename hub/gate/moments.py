"""Instants of the store (microseconds, aware) and moments of the consent rules (nanoseconds), one into the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from consent.times import EARLIEST, LATEST, Period
from hub.store.values import Facts

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_ENDLESS: Final = datetime.max.replace(tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_LAST: Final = (_ENDLESS - _FIRST) // _TICK
_NANOSECONDS: Final = 1000
#: Microseconds: the rules give 1 January of the year 1 the number one.
_DAY: Final = 86_400_000_000
_SECOND: Final = 1_000_000


def moment_of(at: datetime) -> int:
    """The moment of an instant, the first of its microsecond; one without a zone is in UTC (infinity comes so)."""
    since = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - _FIRST
    return ((since.days + 1) * _DAY + since.seconds * _SECOND + since.microseconds) * _NANOSECONDS


def instant_of(moment: int, *, up: bool) -> datetime | None:
    """The instant of a moment, the next or (not `up`) the last whole microsecond; None for an open end.

    What lies beyond the calendar is its first or last instant.
    """
    if moment in {EARLIEST, LATEST}:
        return None
    whole = (-(-moment // _NANOSECONDS) if up else moment // _NANOSECONDS) - _DAY
    return _FIRST + timedelta(microseconds=min(max(whole, 0), _LAST))


def first_at(moment: int) -> datetime | None:
    """The first instant at or after a moment; None where all are."""
    return instant_of(moment, up=True)


def first_beyond(moment: int) -> datetime | None:
    """The first instant after a moment; None where none is."""
    last = instant_of(moment, up=False)
    return None if last is None or last == _ENDLESS else last + _TICK


def clinical_time(facts: Facts) -> Period | None:
    """Stored as [start, end); to the rules it ends with its last microsecond."""
    start, end = facts.clinical_start, facts.clinical_end
    if start is None and end is None:
        return None
    first = EARLIEST if start is None else moment_of(start)
    return first, LATEST if end is None else moment_of(end) - _NANOSECONDS
