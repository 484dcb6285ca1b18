"""HL7 v2 dates and times (DT, TM, TS, DTM) to FHIR date, dateTime, instant and time.

The stated precision is kept. FHIR wants minutes, seconds and an offset wherever there is an hour: they are added as
zero and as the sender's zone. Forms outside the standard that senders use are read: `1977-01-01`, `2002/6/25 8:05`,
`20020625 8:05`, milliseconds without a point, and offsets of two or three digits (`-05`, `-500`) after an hour; what
programs print for people goes through `printed_times` first. Midnight as 24:00 is that of the next day.
"""

from __future__ import annotations

import re
from datetime import date as calendar_date
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.printed_times import printed
from mappings.hl7v2.habits import DEFAULT_ZONE
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.paths import Primitive
from mappings.hl7v2.profile import Profile

#: Dates that senders write where they know none.
PLACEHOLDERS: Final = frozenset({"00010101", "19000101", "99991231"})

#: A short offset needs an hour before it: in `2012-09` the dash is none of a zone.
_ZONE: Final = r"(?P<zone>Z|[+-]\d{2}:?\d{2}|(?(H)[+-](?:\d?\d|\d(?:00|30|45))|(?!)))?"
_COMPACT: Final = re.compile(
    r"(?P<Y>\d{4})(?:(?P<m>\d\d)(?:(?P<d>\d\d)(?:[ T]?(?P<H>\d\d)"
    r"(?::?(?P<M>\d\d)(?::?(?P<S>\d\d)(?:\.?(?P<f>\d{1,9}))?)?)?)?)?)?\.?"
    rf"\s*{_ZONE}\Z",
    re.ASCII,
)
_SPACED: Final = re.compile(
    r"(?P<Y>\d{4})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?"
    rf"(?:[ T]+(?P<H>\d{{1,2}}):(?P<M>\d\d)(?::(?P<S>\d\d)(?:\.(?P<f>\d{{1,9}}))?)?)?\s*{_ZONE}\Z",
    re.ASCII,
)
_SPACED_CLOCK: Final = re.compile(
    r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)\s+(?P<H>\d):(?P<M>\d\d)(?::(?P<S>\d\d)(?:\.(?P<f>\d{1,9}))?)?\s*"
    rf"{_ZONE}\Z",
    re.ASCII,
)
_WRITTEN: Final = re.compile(
    r"(?P<Y>\d{4})年(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})日"
    r"(?:\s*(?P<H>\d{1,2})[时:](?P<M>\d\d)[分:]?(?:(?P<S>\d\d)(?P<f>)秒?)?)?)?(?P<zone>)\Z",
    re.ASCII,
)
_TIME: Final = re.compile(
    rf"(?P<H>\d\d|\d(?=:)):?(?:(?P<M>\d\d):?(?:(?P<S>\d\d)(?:\.(?P<f>\d{{1,9}}))?)?)?{_ZONE}\Z", re.ASCII
)


class Moment(Struct, frozen=True):
    """A date or time as stated: `date` is YYYY, YYYY-MM or YYYY-MM-DD; `time` "" or HH:MM:SS[.f]; `zone` "" or ±HH:MM.

    `filled` names what had to be added to make it a FHIR time.
    """

    date: str
    time: str = ""
    zone: str = ""
    filled: str = ""

    def date_time(self, zone: str) -> str:
        """FHIR dateTime, in the sender's zone unless it states one."""
        return f"{self.date}T{self.time}{self.zone or zone}" if self.time else self.date

    def instant(self, zone: str) -> datetime | None:
        """As an aware datetime; None if less than a day is known."""
        if len(self.date) < 10:
            return None
        return datetime.fromisoformat(f"{self.date}T{self.time[:8] or '00:00:00'}{self.zone or zone}")


@lru_cache(maxsize=8192)
def moment(text: str) -> Moment | None:
    """Read a date or time; None if it is none (a thirteenth month, an hour 25, words)."""
    match = _matched(text) or _matched(printed(text))
    if match is None:
        return None
    part = match.groupdict()
    date = "-".join(filter(None, (part["Y"], _two(part["m"]), _two(part["d"]))))
    if not _is_date(part["Y"], part["m"], part["d"]) or _of_two_digits(text):
        return None
    if not part["H"]:
        return Moment(date)
    if part["H"] == "24" and date < "9999-12-31" and _is_midnight(part):
        date, part["H"] = _next_day(date), "00"
    time = clock(part)
    zone = offset(part["zone"])
    return None if time is None or zone is None else Moment(date, time, zone, _filled(part))


def _matched(text: str) -> re.Match[str] | None:
    return _COMPACT.match(text) or _SPACED.match(text) or _SPACED_CLOCK.match(text) or _WRITTEN.match(text)


def _is_midnight(part: dict[str, str | None]) -> bool:
    return not any((part[name] or "").strip("0") for name in "MSf")


def _next_day(date: str) -> str:
    return (calendar_date.fromisoformat(date) + timedelta(days=1)).isoformat()


def _two(text: str | None) -> str:
    return text.zfill(2) if text else ""


def _is_date(year: str, month: str | None, day: str | None) -> bool:
    try:
        datetime(int(year), int(month or 1), int(day or 1))  # noqa: DTZ001 -- only whether there is such a day
    except ValueError:
        return False
    return True


def _of_two_digits(text: str) -> bool:
    """Whether six digits are no year and month but a day of v2.1 (YYMMDD), whose century nobody states."""
    return len(text) == 6 and text.isdecimal() and not "1800" <= text[:4] < "2200"


def clock(part: dict[str, str | None]) -> str | None:
    """HH:MM:SS[.f] of the matched parts, or None if the clock knows no such time."""
    hour, minute, second = _two(part["H"]), part["M"] or "00", part["S"] or "00"
    if hour > "23" or minute > "59" or second > "59":
        return None
    return f"{hour}:{minute}:{second}" + (f".{part['f']}" if part["f"] else "")


def offset(zone: str | None) -> str | None:
    """±HH:MM; "" if none was stated, None if it is beyond fourteen hours."""
    if not zone or zone == "Z":
        return "+00:00" if zone else ""
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits, "00") if len(digits) < 3 else (digits[:-2], digits[-2:])
    text = f"{zone[0]}{_two(hours)}:{minutes}"
    return text if text[1:] <= "14:00" and minutes <= "59" else None


def _filled(part: dict[str, str | None]) -> str:
    if part["S"]:
        return ""
    return "seconds" if part["M"] else "minutes and seconds"


def zone_of_sender(profile: Profile, sent: Moment | None) -> str:
    """The offset of times that state none: by the profile, else by MSH-7 (`sent`), else that of China."""
    return profile.zone or (sent.zone if sent is not None else "") or DEFAULT_ZONE


def zone_of(text: str) -> timezone:
    """`+08:00` as a timezone."""
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:6])))


def read(rep: Repetition, context: Context, comp: int = 1, sub: int = 1) -> Moment | Primitive | None:
    """The moment in a component; an absent element if it is none, or one of the sender's words for none."""
    text = leaf(rep, comp, sub)
    if not text:
        return None
    found = moment(text)
    if found is None:
        return context.absent(text, "not a date or time", comp)
    if found.date.replace("-", "") in PLACEHOLDERS:
        return context.absent(text, "a date that stands for none", comp, code="unknown")
    if found.filled:
        context.note("mapped", f"{found.filled} were not stated and are written as zero", comp)
    return found


def date_time(rep: Repetition, context: Context, comp: int = 1, sub: int = 1) -> Any:
    """FHIR dateTime of a component."""
    found = read(rep, context, comp, sub)
    return found.date_time(context.zone) if isinstance(found, Moment) else found


def date(rep: Repetition, context: Context) -> Any:
    """FHIR date; a time of day other than midnight goes into the extension patient-birthTime."""
    found = read(rep, context)
    if not isinstance(found, Moment) or not found.time or found.time.startswith("00:00:00"):
        return found.date if isinstance(found, Moment) else found
    url = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
    return Primitive(found.date, [{"url": url, "valueDateTime": found.date_time(context.zone)}])


def date_only(rep: Repetition, context: Context) -> Any:
    """FHIR date of what may tell a time of day too (a date of expiry)."""
    found = read(rep, context)
    return found.date if isinstance(found, Moment) else found


def instant(rep: Repetition, context: Context) -> Any:
    """FHIR instant; what is not known to the minute cannot be one."""
    found = read(rep, context)
    if not isinstance(found, Moment):
        return found
    if not found.time:
        return context.absent(leaf(rep, 1), "not precise enough for an instant", 1)
    return found.date_time(context.zone)


def time_of_day(text: str) -> str | None:
    """FHIR time of an HL7 TM, or None; FHIR's time has no offset."""
    match = _TIME.match(text)
    return clock(match.groupdict()) if match else None


def period(start: Any, end: Any) -> dict[str, Any]:
    """A Period of two results of `date_time`."""
    result: dict[str, Any] = {}
    for name, value in (("start", start), ("end", end)):
        if isinstance(value, Primitive):
            result[f"_{name}"] = {"extension": value.extension}
        elif value:
            result[name] = value
    return result


DATATYPES: Final[dict[str, Datatype]] = {
    "date": plain(date, {"1": ""}, repeated=True),
    "date-only": plain(date_only, {"1": ""}),
    "dateTime": plain(date_time, {"1": ""}),
    "instant": plain(instant, {"1": ""}),
    "DR": plain(
        lambda rep, context: period(date_time(rep, context, 1), date_time(rep, context, 2)) or None,
        {"1": "start", "2": "end"},
    ),
}
