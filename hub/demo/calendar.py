"""When the story happens: its days are counted from the day it ends, which is the last one that is over by 9 o'clock.

Relationships, periods of consent and break-glass are judged by the present, so the story ends now, whenever it is
played. Times in the data files read `-9 08:30`: nine days before the end, local time. A calendar is made once per run;
two messages made with one calendar are therefore the same to the byte.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import Final

#: Local time of the county.
ZONE: Final = timezone(timedelta(hours=8), "+08:00")
#: No row of day 0 is later.
END: Final = time(9, 0)

_PLACE: Final = re.compile(r"\{(day|hour|ms):([+-]?\d+)\}")


class Calendar:
    """The days of one run, from the aware instant at which it is played."""

    def __init__(self, now: datetime) -> None:
        self.now: Final = now.astimezone(ZONE)
        over = self.now.time() >= END
        self._end: Final = self.now.date() if over else self.now.date() - timedelta(days=1)

    def day(self, number: int) -> date:
        """The date of a day of the story; 0 is its last."""
        return self._end + timedelta(days=number)

    def local(self, text: str) -> datetime:
        """The local time of `-9 08:30` (seconds may follow), without a zone, as the systems of the county keep it."""
        number, _, clock = text.partition(" ")
        return datetime.combine(self.day(int(number)), time.fromisoformat(clock or "00:00"))

    def hl7(self, text: str) -> str:
        """The same as an HL7 v2 TS, to the second."""
        return self.local(text).strftime("%Y%m%d%H%M%S")

    def fill(self, text: str) -> str:
        """Replace `{day:-9}` by that date, `{hour:+24}` by the instant so many hours from now, with its zone, and
        `{ms:-20}` by the instant so many minutes from now as epoch milliseconds."""

        def value(place: re.Match[str]) -> str:
            number = int(place[2])
            if place[1] == "day":
                return self.day(number).isoformat()
            if place[1] == "ms":
                return str(int((self.now + timedelta(minutes=number)).timestamp() * 1000))
            return (self.now + timedelta(hours=number)).isoformat(timespec="seconds")

        return _PLACE.sub(value, text)
