"""When and how often (TQ1, RPT, TQ, RI) as parts of a FHIR Timing, and what must hold between its parts.

R4 datatypes, Timing.repeat: an offset needs an event (tim-9), times of day exclude events (tim-10), the most of a count
needs the count (tim-8).
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.coded import concept
from mappings.hl7v2.datatypes.coding_systems import system_uri
from mappings.hl7v2.datatypes.frequency_words import frequency_of
from mappings.hl7v2.datatypes.numbers import LARGEST, decimal
from mappings.hl7v2.datatypes.times import moment, time_of_day
from mappings.hl7v2.leaves import clean, leaf
from mappings.hl7v2.parser import Repetition

PATTERNS: Final = "http://terminology.hl7.org/CodeSystem/v2-0335"
UCUM: Final = "http://unitsofmeasure.org"
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: `Q6H`: every six hours; M is minutes, L months, J the days of a week (v2 table 0335).
_EVERY: Final = re.compile(r"Q(\d{1,3})(S|M|H|D|W|L)\Z")
_LETTERS: Final = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk", "L": "mo"}
_MINUTES: Final = {"s": Decimal(1) / 60, "min": Decimal(1), "h": Decimal(60), "d": Decimal(1440), "wk": Decimal(10080)}
#: `D5`, `W2`, as TQ.3 writes durations (v2.5.1, 4.3.3).
_DURATION: Final = re.compile(r"([SMHDWL])(\d{1,4})\Z")


def unit_of_time(text: str) -> str:
    """UCUM unit of time of a word for it; "" if it is none."""
    entry = table("time-units").get(text)
    return entry.code if entry else ""


def pattern(rep: Repetition, context: Context) -> Json | None:
    """RPT to Timing: the pattern as its code, and what it says of days, period and events."""
    code, text = leaf(rep, 1), leaf(rep, 1, 2)
    result: Json = _code(rep, code, text, context)
    repeat = _every(code or text)
    if leaf(rep, 2) == "DW":
        repeat["dayOfWeek"] = _days(leaf(rep, 3), leaf(rep, 4), context)
    quantity, unit = decimal(leaf(rep, 5)), unit_of_time(leaf(rep, 6))
    if quantity and unit:
        repeat |= {"period": quantity[0], "periodUnit": unit}
    event = table("timing-event").get(leaf(rep, 8))
    if event:
        repeat["when"] = [event.code]
    offset = _minutes(leaf(rep, 9), leaf(rep, 10))
    if offset is not None:
        repeat["offset"] = offset
    if repeat:
        result["repeat"] = {name: value for name, value in repeat.items() if value != []}
    return result or None


def _code(rep: Repetition, code: str, text: str, context: Context) -> Json:
    if not code and not text:
        return {}
    system = leaf(rep, 1, 3)
    if text or system:
        habits = context.habits
        known = table("repeat-pattern").get(code) or not system
        named = PATTERNS if known else system_uri(system, habits.canonical_base, habits.facility)
        coding = {"system": named, "code": code, "display": text}
        return {"code": {"coding": [{name: value for name, value in coding.items() if value}], "text": text or code}}
    stated = concept(Repetition(code, rep.separators), context) if code else None
    if stated and "coding" in stated:
        if code.isascii():  # words of another language are none of the table's codes
            stated["coding"][0].setdefault("system", PATTERNS)
        stated.setdefault("text", code)
    return {"code": stated} if stated else {}


def _every(code: str) -> Json:
    """Frequency and period of a pattern everybody knows (`BID`, `q6h`, `tid ac`), or of words for one."""
    said, _, _ = code.partition(" ")
    match = _EVERY.match(said.upper())
    if match and int(match[1]):
        return {"frequency": 1, "period": Decimal(match[1]), "periodUnit": _LETTERS[match[2]]}
    entry = table("timing-pattern").get(said)
    if entry is None:
        words = frequency_of(code)
        return {"frequency": words.times, "period": Decimal(words.period), "periodUnit": words.unit} if words else {}
    frequency, period, unit = entry.code.split("/")
    return {"frequency": int(frequency), "period": Decimal(period), "periodUnit": unit}


def _days(first: str, last: str, context: Context) -> list[str]:
    if not (first in "1234567" and last in "1234567" and (first or last)):
        context.note("refused", "not a day of the week", 3)
        return []
    start, end = int(first or last), int(last or first)
    count = (end - start) % 7 + 1
    return [_DAYS[(start - 1 + i) % 7] for i in range(count)]


def _minutes(number: str, unit: str) -> int | None:
    found, scale = decimal(number), _MINUTES.get(unit_of_time(unit) or "min")
    if found is None or scale is None:
        return None
    length = int(found[0] * scale)
    return length if 0 <= length <= LARGEST else None


def minutes(rep: Repetition, context: Context) -> int | None:
    """A CQ of time as whole minutes."""
    found = _minutes(leaf(rep, 1), leaf(rep, 2))
    if found is None:
        context.note("refused", "not a length of time")
    return found


def duration(rep: Repetition, context: Context) -> Json | None:
    """A CQ of time as Duration, with its UCUM code."""
    found, unit = decimal(leaf(rep, 1)), unit_of_time(leaf(rep, 2))
    if found is None or not unit:
        context.note("refused", "not a length of time")
        return None
    return {"value": found[0], "unit": unit, "system": UCUM, "code": unit}


def amount(rep: Repetition, context: Context) -> Decimal | None:
    """The number of a CQ of time (Timing.repeat.duration); without a unit it says nothing."""
    found = duration(rep, context)
    return found["value"] if found else None


def unit(rep: Repetition, context: Context) -> str | None:
    """The unit of a CQ of time (Timing.repeat.durationUnit)."""
    found = duration(rep, context)
    return str(found["code"]) if found else None


def shifted(text: str, by: Json, sign: int) -> str | None:
    """A dateTime moved by a Duration; None if the calendar ends before."""
    found = moment(re.sub(r"[-:T]", "", text[:19]) + text[19:])
    at = found.instant("+00:00") if found else None
    scale = _MINUTES.get(by["code"])
    if found is None or at is None or scale is None:
        return None
    try:
        moved = at + sign * timedelta(minutes=float(by["value"] * scale))
    except OverflowError:
        return None
    return moved.isoformat() if found.time else moved.date().isoformat()


def clock(rep: Repetition, context: Context) -> str | None:
    """FHIR time of an HL7 TM."""
    found = time_of_day(leaf(rep, 1))
    if found is None:
        context.note("refused", "not a time of day")
    return found


def interval(rep: Repetition, _: Context) -> Json | None:
    """TQ.2 (RI) to Timing: the pattern and the times of day `HHMM,HHMM`."""
    leaves = [clean(text) for text in rep.subcomponents(2)] + ["", ""]
    code, times = leaves[0], leaves[1]
    result: Json = {}
    if code:
        named = {"system": PATTERNS} if code.isascii() else {}
        result["code"] = {"coding": [{**named, "code": code}], "text": code}
    repeat = _every(code)
    found = [stated for each in times.split(",") if (stated := time_of_day(each.strip()))]
    if found:
        repeat["timeOfDay"] = found
    if repeat:
        result["repeat"] = repeat
    return result or None


def bounds(rep: Repetition, context: Context) -> Json | None:
    """TQ.3 (`D5`) to Duration."""
    match = _DURATION.match(leaf(rep, 3))
    if match is None:
        if leaf(rep, 3):
            context.note("refused", "not a length of time", 3)
        return None
    code = _LETTERS[match[1]]
    return {"value": Decimal(match[2]), "unit": code, "system": UCUM, "code": code}


def mend_timing(timing: Json, context: Context) -> None:
    """Make the parts of a Timing agree with each other; what cannot stand stands as text in the code."""
    repeat = timing.get("repeat", {})
    if "countMax" in repeat:
        repeat.setdefault("count", repeat["countMax"])
    if "offset" in repeat and "when" not in repeat:
        said = repeat.pop("offset")
        repeat.setdefault("extension", []).append(
            {"url": context.habits.extension("timing-offset"), "valueUnsignedInt": said}
        )
    if "timeOfDay" in repeat and "when" in repeat:
        for each in repeat.pop("timeOfDay"):
            extension = {"url": context.habits.extension("timing-time-of-day"), "valueTime": each}
            repeat.setdefault("extension", []).append(extension)
    _mend_bounds(repeat)


def _mend_bounds(repeat: Json) -> None:
    """A length beside one end gives the other end: only one kind of bounds may stand."""
    length, span = repeat.get("boundsDuration"), repeat.get("boundsPeriod")
    if length is None or span is None:
        return
    known = "start" if "start" in span else "end"
    other = "end" if known == "start" else "start"
    if other not in span and known in span:
        end = shifted(span[known], length, 1 if known == "start" else -1)
        if end:
            span[other] = end
    del repeat["boundsDuration"]


DATATYPES: Final[dict[str, Datatype]] = {
    "RPT": plain(
        pattern,
        {
            "1.*": "code",
            "2": "repeat.dayOfWeek",
            "3": "repeat.dayOfWeek",
            "4": "repeat.dayOfWeek",
            "5": "repeat.period",
            "6": "repeat.periodUnit",
            "8": "repeat.when",
            "9": "repeat.offset",
            "10": "repeat.offset",
        },
    ),
    "CQ-minutes": plain(minutes, {"1": "", "2": ""}),
    "CQ-duration": plain(duration, {"1": "value", "2": "code"}),
    "CQ-amount": plain(amount, {"1": ""}),
    "CQ-unit": plain(unit, {"2": ""}),
    "time": plain(clock, {"1": ""}),
    "TQ-interval": plain(interval, {"2.1": "code", "2.2": "repeat.timeOfDay"}),
    "TQ-bounds": plain(bounds, {"3": ""}),
}
