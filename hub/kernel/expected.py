"""What is expected of a feed, as its engineer writes it: how long it may be silent, when, and how much comes a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "minProperties": 1,
    "dependentRequired": {"hours": ["silent_minutes"]},
    "description": "What is expected of the feed; its health is judged by it (GET /api/feeds, yilian feeds).",
    "properties": {
        "silent_minutes": {
            "type": "integer",
            "minimum": 1,
            "maximum": 44640,
            "description": "How long no message may come: yellow after that, red after three times as long.",
        },
        "hours": {
            "type": "string",
            "pattern": f"^{_CLOCK}-{_CLOCK}$",
            "description": "When silence counts, such as 08:00-17:30, in Beijing time; absent: day and night.",
        },
        "a_day": {
            "type": "integer",
            "minimum": 1,
            "description": "Messages of an ordinary day: yellow below half of it, red below a tenth.",
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """`hours`: from and to by the clock, over midnight where the second is the earlier; None: day and night."""

    silent: timedelta | None = None
    hours: tuple[time, time] | None = None
    a_day: int | None = None

    def silence(self, last: datetime, now: datetime) -> timedelta:
        """How long, of the time that counts, nothing has come since `last`. `now` has the zone of the hours."""
        opened = self.opened(now)
        return timedelta(0) if opened is None else now - max(last, opened)

    def opened(self, now: datetime) -> datetime | None:
        """Since when it is within the hours; None out of them."""
        if self.hours is None:
            return datetime.min.replace(tzinfo=now.tzinfo)
        begin, end = self.hours
        clock = now.timetz().replace(tzinfo=None)
        if (begin <= end and not begin <= clock < end) or (begin > end and end <= clock < begin):
            return None
        today = datetime.combine(now.date(), begin, now.tzinfo)
        return today if begin <= clock else today - timedelta(days=1)


#: Of a feed nothing is expected of.
NOTHING: Final = Expected()


def expected(row: Mapping[str, Any]) -> Expected:
    """As the schema above has it."""
    silent, hours = row.get("silent_minutes"), row.get("hours")
    begin, _, end = (hours or "").partition("-")
    return Expected(
        silent=None if silent is None else timedelta(minutes=silent),
        hours=None if hours is None else (time.fromisoformat(begin), time.fromisoformat(end)),
        a_day=row.get("a_day"),
    )
