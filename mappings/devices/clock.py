"""When something was measured: epochs, texts with and without a zone, and clocks that go eight hours fast.

A phone that writes its local time as if it were UTC is eight hours ahead. Its own clock at the moment of sending, if it
says it, tells by how much it is wrong, and then every reading of the payload is; without that only a reading from the
future betrays it. A future that is no eight hours is nobody's to guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from mappings.devices.vendormap import TimeForm
from mappings.forms.dates import Moment, moment

#: How far the time of China is ahead of UTC, and how much a right clock may differ from ours.
SLIP: Final = timedelta(hours=8)
SLACK: Final = timedelta(minutes=15)

_PER_SECOND: Final[Mapping[str, int]] = {"epoch-seconds": 1, "epoch-milliseconds": 1000}
#: 2000-01-01 to 2100-01-01, in seconds: what is outside is in another unit.
_EPOCH: Final = range(946_684_800, 4_102_444_800)
#: Powers of ten of a number that may be an epoch in either unit: others are not reckoned with.
_POWERS: Final = range(20)
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?", re.ASCII)


class Clocked(NamedTuple):
    """An instant, and what was told about it: "" or a code (`clock-fast`, `time-unit`)."""

    at: datetime
    told: str = ""


def instant(value: Any, form: TimeForm, zone: str) -> Clocked | None:
    """The instant a value names; None if it names none. One in another form than is stated is seen by what it is."""
    if form == "text":
        return _of_text(str(value), zone) or _otherwise(_of_number(value, 1))
    return _of_number(value, _PER_SECOND[form]) or _otherwise(_of_text(str(value), zone))


def _otherwise(found: Clocked | None) -> Clocked | None:
    return found and found._replace(told="time-unit")


def _of_number(value: Any, per_second: int) -> Clocked | None:
    try:
        number = Decimal(str(value))
    except (ArithmeticError, ValueError):
        return None
    if not number.is_finite() or number.adjusted() not in _POWERS:
        return None
    for scale, told in ((per_second, ""), (1001 - per_second, "time-unit")):
        if int(number / scale) in _EPOCH:
            microseconds = int(number * 1_000_000 / scale)
            return Clocked(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds), told)
    return None


def _of_text(text: str, zone: str) -> Clocked | None:
    compact = _COMPACT.fullmatch(text.strip())
    if compact is not None:
        text = "{}-{}-{}T{}:{}:{}".format(*(part or "00" for part in compact.groups()))
    try:
        found = datetime.fromisoformat(_iso(text.strip()))
    except ValueError:
        return None
    if found.tzinfo is None:
        found = datetime.fromisoformat(f"{found.isoformat()}{zone}")
    # At the ends of the calendar no hours can be added or taken away; nothing was measured then.
    return Clocked(found) if MINYEAR < found.year < MAXYEAR else None


def _iso(text: str) -> str:
    """A time as people write it (2026年3月5日 8:30, 2026/3/5 8:30) in ISO 8601; what is none as it stands."""
    found = moment(text)
    return found.date_time("") if isinstance(found, Moment) and found.is_day and found.time else text


def corrected(measured: datetime, sent: datetime | None, received: datetime) -> Clocked | None:
    """The instant by our clock; None if it lies in a future nothing explains.

    `sent` is the sender's own clock when it sent, `received` ours when it came.
    """
    if sent is not None and abs(sent - received - SLIP) <= SLACK:
        return Clocked(measured - SLIP, "clock-fast")
    if measured <= received + SLACK:
        return Clocked(measured)
    if sent is None and abs(measured - received - SLIP) <= SLACK:
        return Clocked(measured - SLIP, "clock-fast")
    return None
