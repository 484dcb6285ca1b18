"""A payload to its readings: which device, when by our clock, what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json
from mappings.devices.clock import corrected, instant
from mappings.devices.vendormap import Measure, Vendor, at
from mappings.forms.numbers import number
from mappings.forms.quantities import measured
from mappings.forms.wording import wording

_MOST: Final = 10_000
_WRONG: Final = {
    "device": "names no device",
    "time": "names no time of measurement that can be read",
    "future": "was measured in the future by our clock; set the clock of the device",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading. `values` are the measures it holds, in their units; `sent_time` is the time as it came."""

    device: str
    when: datetime
    values: tuple[tuple[Measure, Decimal], ...]
    issues: tuple[Issue, ...] = ()

    @property
    def identity(self) -> str:
        """The same device, instant and measures: a reading that is sent again."""
        return "|".join([self.device, self.when.isoformat(), *sorted(measure.mdc for measure, _ in self.values)])


def readings(raw: bytes, vendor: Vendor, received: datetime) -> Iterator[Reading | HubError]:
    """The readings of a payload, each by itself, or why one cannot be taken. Raises HubError UNREADABLE, TOO_LARGE."""
    data = loads(raw)
    listed = at(data, vendor.readings) if vendor.readings else [data]
    if not isinstance(listed, list):
        raise HubError(Category.UNREADABLE, "holds no list of readings", where=vendor.readings, code="readings")
    if len(listed) > _MOST:
        raise HubError(Category.TOO_LARGE, "too many readings", where=vendor.readings, todo="send fewer at once")
    sent = instant(at(data, vendor.sent), vendor.form, vendor.zone) if vendor.sent else None
    for place, each in enumerate(listed):
        try:
            yield _reading(each, vendor, sent.at if sent else None, received, f"{vendor.readings}[{place}]")
        except HubError as error:
            yield error


def _reading(data: Any, vendor: Vendor, sent: datetime | None, received: datetime, where: str) -> Reading:
    device = at(data, vendor.device)
    if not isinstance(device, (str, int)) or not str(device).strip():
        raise HubError(Category.INVALID, _WRONG["device"], where=f"{where}.{vendor.device}", code="device")
    stated = instant(at(data, vendor.time), vendor.form, vendor.zone)
    if stated is None:
        raise HubError(Category.INVALID, _WRONG["time"], where=f"{where}.{vendor.time}", code="time")
    when = corrected(stated.at, sent, received)
    if when is None:
        raise HubError(Category.INVALID, _WRONG["future"], where=f"{where}.{vendor.time}", code="future")
    told = [code for code in (stated.told, when.told) if code]
    issues = [_issue(code, f"{where}.{vendor.time}", "warning") for code in told]
    values = []
    for measure in vendor.measures:
        value = _value(data, measure, f"{where}.{measure.path}", issues)
        if value is not None:
            values.append((measure, value))
    return Reading(device=str(device).strip(), when=when.at, values=tuple(values), issues=tuple(issues))


def _value(data: Any, measure: Measure, where: str, issues: list[Issue]) -> Decimal | None:
    """The value of a measure in its unit; None if there is none, or it is not believed."""
    if any(str(at(data, name)) != value for name, value in measure.when.items()):
        return None
    stated = at(data, measure.path)
    if stated is None or stated == "":
        return None
    found = number(str(stated))
    if found is None or found.comparator:
        issues.append(_issue("number", where, "error"))
        return None
    unit = str(at(data, measure.unit_path) or "") if measure.unit_path else ""
    made = measured(measure.question, found._replace(unit=found.unit or unit), "")
    issues += [_issue(code, where, severity, fact) for code, severity, fact in made.complaints]
    return made.value if made.believed else None


_OWN: Final[Json] = {
    "clock-fast": "the clock of the device or phone is eight hours fast; corrected",
    "time-unit": "the time is in seconds or milliseconds, not as the vendor map says; read by its size",
}


def _issue(code: str, where: str, severity: Any, fact: str = "") -> Issue:
    text = _OWN.get(code) or wording()[code].english.format(fact)
    return Issue(severity=severity, where=where, code=code, text=text)
