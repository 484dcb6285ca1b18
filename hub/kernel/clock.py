"""Time as a parameter: whoever needs the instant takes a `Clock`, tests give a fixed one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

#: Returns the present instant, always aware and in UTC.
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's clock in UTC."""
    return datetime.now(UTC)


def fixed_clock(instant: datetime) -> Clock:
    """A clock that stands still at `instant` (aware)."""
    if instant.tzinfo is None:
        raise ValueError("a clock needs an aware instant")
    return lambda: instant
