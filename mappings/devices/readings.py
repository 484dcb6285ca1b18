"""A payload to its readings as messages, and a message to what was measured: which device, when by our clock.

A message is `{"reading": ..., "clock": "fast"}`: the reading as it came, and what the moment of its receipt told of the
sender's clock, so that it means the same whenever it is read again, and a reading that is sent twice is the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json
from mappings.devices.clock import SLIP, Clocked, corrected, instant
from mappings.devices.vendormap import Event, Measure, Vendor, at, holds
from mappings.forms.numbers import number
from mappings.forms.quantities import measured
from mappings.forms.wording import wording

READING: Final = "reading"
_CLOCK: Final = "clock"
_PROBLEM: Final = "problem"
_MOST: Final = 10_000
_WRONG: Final = {
    "device": "names no device",
    "time": "names no time of measurement that can be read",
    "future": "was measured in the future by our clock; set the clock of the device",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading. `values` are the measures it holds, in their units, `events` alarms; `data` is what was sent."""

    device: str
    when: datetime
    values: tuple[tuple[Measure, Decimal], ...]
    data: Json
    events: tuple[Event, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def identity(self) -> str:
        """The same device, instant and measures: a reading that is sent again."""
        names = (*(measure.name for measure, _ in self.values), *(event.name for event in self.events))
        return "|".join([self.device, self.when.isoformat(), *sorted(names)])


def messages(raw: bytes, vendor: Vendor, received: datetime) -> Iterator[Json]:
    """The readings of a payload as messages; one that cannot be taken says why.

    Raises HubError UNREADABLE or TOO_LARGE for a payload that holds no list of them.
    """
    data = loads(raw)
    listed = at(data, vendor.readings) if vendor.readings else [data]
    if listed is None and at(data, vendor.device) is not None:
        listed = [data]  # one reading by itself
    if not isinstance(listed, list):
        raise HubError(Category.UNREADABLE, "holds no list of readings", where=vendor.readings, code="readings")
    if len(listed) > _MOST:
        raise HubError(Category.TOO_LARGE, "too many readings", where=vendor.readings, todo="send fewer at once")
    sent = instant(at(data, vendor.sent), vendor.form, vendor.zone) if vendor.sent else None
    for each in listed:
        yield _message(each, vendor, sent, received)


def _message(data: Any, vendor: Vendor, sent: Clocked | None, received: datetime) -> Json:
    message: Json = {READING: data}
    stated = instant(at(data, vendor.time), vendor.form, vendor.zone)
    if stated is not None:
        when = corrected(stated.at, sent.at if sent else None, received)
        if when is None:
            message[_PROBLEM] = "future"
        elif when.told:
            message[_CLOCK] = "fast"
    return message


def reading(message: Any, vendor: Vendor) -> Reading:
    """The reading of a message. Raises HubError UNREADABLE for what is none, INVALID for one without device or time."""
    if not isinstance(message, dict) or not isinstance(message.get(READING), dict):
        raise HubError(Category.UNREADABLE, "holds no reading", where=READING, todo="send an object", code="json")
    data = message[READING]
    device = at(data, vendor.device)
    if not isinstance(device, (str, int)) or isinstance(device, bool) or not str(device).strip():
        raise _wrong("device", vendor.device)
    stated = instant(at(data, vendor.time), vendor.form, vendor.zone)
    if stated is None:
        raise _wrong("time", vendor.time)
    if message.get(_PROBLEM):
        raise _wrong("future", vendor.time)
    fast = message.get(_CLOCK) == "fast"
    told = [code for code, is_told in ((stated.told, stated.told), ("clock-fast", fast)) if is_told]
    issues = [_issue(code, vendor.time, "warning") for code in told]
    events = tuple(event for event in vendor.events if holds(event.when, data))
    shown = {path for event in events for path in event.when}
    values = []
    for measure in vendor.measures:
        value = _value(data, measure, issues) if measure.path not in shown else None
        if value is not None:
            values.append((measure, value))
    values = _ordered(values, issues)
    return Reading(
        device=str(device).strip(),
        when=stated.at - SLIP if fast else stated.at,
        values=tuple(values),
        events=events,
        data=data,
        issues=tuple(issues),
    )


def _ordered(values: list[tuple[Measure, Decimal]], issues: list[Issue]) -> list[tuple[Measure, Decimal]]:
    """Without a blood pressure whose diastolic value is not below the systolic one: neither is believed."""
    found = {measure.name: (measure, value) for measure, value in values if measure.panel == "blood-pressure"}
    if not {"systolic", "diastolic"} <= found.keys() or found["diastolic"][1] < found["systolic"][1]:
        return values
    issues.append(_issue("pressure-order", found["diastolic"][0].path, "error"))
    return [(measure, value) for measure, value in values if measure.panel != "blood-pressure"]


def _wrong(code: str, where: str) -> HubError:
    return HubError(Category.INVALID, _WRONG[code], where=where, code=code)


def _value(data: Any, measure: Measure, issues: list[Issue]) -> Decimal | None:
    """The value of a measure in its unit; None if there is none, or it is not believed."""
    if not holds(measure.when, data):
        return None
    stated = at(data, measure.path)
    if stated is None or stated == "":
        return None
    found = number(str(stated))
    if found is None or found.comparator:
        issues.append(_issue("number", measure.path, "error"))
        return None
    unit = str(at(data, measure.unit_path) or "") if measure.unit_path else ""
    made = measured(measure.question, found._replace(unit=found.unit or unit), "")
    issues += [_issue(code, measure.path, severity, fact) for code, severity, fact in made.complaints]
    return made.value if made.believed else None


_OWN: Final[Json] = {
    "clock-fast": "the clock of the device or phone is eight hours fast; corrected",
    "time-unit": "the time is written otherwise than the vendor map says; read as what it looks like",
}


def _issue(code: str, where: str, severity: Any, fact: str = "") -> Issue:
    text = _OWN.get(code) or wording()[code].english.format(fact)
    return Issue(severity=severity, where=where, code=code, text=text)
