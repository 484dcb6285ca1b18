"""Dates as clerks and Excel write them. A year of two digits is refused: 26.3.5 may be 2026 or the 26th."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final, NamedTuple

from mappings.forms.text import narrow

_SEPARATED: Final = re.compile(
    r"(\d{4})\s*[-/.年\\,]\s*(\d{1,2})\s*(?:[-/.月\\,]\s*(?:(\d{1,2})\s*[日号]?)?)?", re.ASCII
)
_COMPACT: Final = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)", re.ASCII)
_SHORT: Final = re.compile(r"\d{1,2}[-/.年]\d{1,2}[-/.月]\d{1,4}日?", re.ASCII)
_SERIAL: Final = re.compile(r"(\d{5})(?:\.0+)?", re.ASCII)
_TIME: Final = re.compile(
    r"[\sT]*(上午|下午)?\s*(\d{1,2})[::时](\d{1,2})(?:[::分](\d{1,2})(?:\.\d+)?秒?|分)?", re.ASCII
)
_ZONE: Final = re.compile(r"(?:Z|[+-]\d\d:?\d\d)\Z")
#: Day 0 of Excel's 1900 system, as every day after its 29 February 1900 counts.
_EPOCH: Final = date(1899, 12, 30)
_SERIALS: Final = range(7306, 73051)  # 1920-01-01 to 2100-01-01


class Moment(NamedTuple):
    """A FHIR date (of day or month precision) and a time of day (`HH:MM:SS`, "" if none) with its zone, if stated."""

    date: str
    time: str = ""
    zone: str = ""

    @property
    def is_day(self) -> bool:
        return len(self.date) == 10

    def date_time(self, zone: str) -> str:
        """A FHIR dateTime in the zone stated, else in `zone`."""
        return f"{self.date}T{self.time}{self.zone or zone}" if self.time else self.date


def moment(text: str) -> Moment | str:
    """A date, with time if there is one; else the code of the complaint: `date-ambiguous` or `date`."""
    plain = narrow(text)
    zone = _ZONE.search(plain) if ":" in plain else None
    stated = zone.group() if zone else ""
    rest = plain[: len(plain) - len(stated)]
    for pattern in (_COMPACT, _SEPARATED):
        match = pattern.match(rest)
        if match is not None:
            time = _time_of(rest[match.end() :])
            found = _date_of(match[1], match[2], match[3])
            return Moment(found, time, _zone(stated) if time else "") if found and time is not None else "date"
    serial = _SERIAL.fullmatch(rest)
    if serial is not None and int(serial[1]) in _SERIALS:
        return Moment((_EPOCH + timedelta(days=int(serial[1]))).isoformat())
    return "date-ambiguous" if _SHORT.match(rest) else "date"


def _date_of(year: str, month: str, day: str | None) -> str:
    try:
        found = date(int(year), int(month), int(day or 1))
    except ValueError:
        return ""
    return found.isoformat() if day else found.isoformat()[:7]


def _time_of(text: str) -> str | None:
    """`HH:MM:SS`; "" if nothing stands there, None if it is no time."""
    if not text.strip():
        return ""
    match = _TIME.fullmatch(text.rstrip())
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups()[1:])
    hour += 12 if match[1] == "下午" and hour < 12 else 0
    return f"{hour:02}:{minute:02}:{second:02}" if hour < 24 and minute < 60 and second < 60 else None


def _zone(text: str) -> str:
    if text in {"", "Z"}:
        return text
    return text if ":" in text else f"{text[:3]}:{text[3:]}"
