"""The System types that Python has no type for: dates and times of any precision, and quantities.

FHIRPath sections 4.1.4 to 4.1.7 (literals), 6.1 and 6.2 (equality and comparison), 6.6.1 (arithmetic with time).
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import floor
from typing import Final

from hub.fhir.temporal import CHINA

_TEXT: Final = re.compile(
    r"(?:(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?)?"
    r"(?P<t>T(?:(?P<hour>[0-9]{2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}(?:\.[0-9]{1,20})?))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?)?"
)
#: Minutes east of Greenwich of a time that states none.
_HERE: Final = (CHINA.utcoffset(None) or timedelta(0)) // timedelta(minutes=1)
_MOST: Final = {"month": 12, "day": 31, "hour": 23, "minute": 59}

#: Calendar durations and the definite UCUM units, in the place of a moment they change: part, how many of it.
_STEPS: Final = {
    "year": (0, 1),
    "month": (1, 1),
    "week": (2, 7),
    "day": (2, 1),
    "hour": (3, 1),
    "minute": (4, 1),
    "second": (5, 1),
    "millisecond": (5, 1),
}
_UCUM: Final = {"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}
_SECONDS: Final = {2: 86400, 3: 3600, 4: 60, 5: 1}


@dataclass(frozen=True, slots=True)
class Moment:
    """A Date, DateTime or Time (`kind`) as far as it is stated: year, month, day, hour, minute, second.

    A Time has hour, minute and second alone. `zone` is minutes east of Greenwich, None where not stated.
    """

    kind: str
    parts: tuple[int | Decimal, ...]
    zone: int | None
    text: str

    def order(self, other: Moment) -> int | None:
        """-1, 0 or 1; None where the precision does not tell (section 6.2)."""
        mine, others = self.parts, other.parts
        if self.kind == other.kind == "DateTime" and min(len(mine), len(others)) > 3:
            mine, others = self.canonical(), other.canonical()
        for left, right in zip(mine, others, strict=False):
            if left != right:
                return -1 if left < right else 1
        return 0 if len(mine) == len(others) else None

    def canonical(self) -> tuple[int | Decimal, ...]:
        """The parts in UTC where a time of day is stated; without a zone it is China's."""
        parts = self.parts
        if self.kind != "DateTime" or len(parts) < 4:
            return parts
        try:
            whole = datetime(*map(int, parts[:5]))  # type: ignore[arg-type]  # noqa: DTZ001
            moved = whole - timedelta(minutes=_HERE if self.zone is None else self.zone)
        except (ValueError, OverflowError):
            return parts
        return (moved.year, moved.month, moved.day, moved.hour, moved.minute)[: len(parts)] + parts[5:]

    def plus(self, amount: Quantity, sign: int) -> Moment | None:
        """Moved by a duration, at the precision it has; None where that leaves the calendar, or is no duration."""
        unit = _UCUM.get(amount.unit, amount.unit.removesuffix("s"))
        part, factor = _STEPS.get(unit, (None, 1))
        if part is None or abs(amount.value) > 10**12:
            return None
        count = sign * int(amount.value) * factor
        try:
            if self.kind == "Time":
                return self._later_in_day(part, amount.value * sign, unit)
            return self._by_months(part, count) if part < 2 else self._by_seconds(part, amount.value * sign, unit)
        except (ValueError, OverflowError, ArithmeticError):
            return None

    def _by_months(self, part: int, count: int) -> Moment:
        months = count * 12 if part == 0 else count
        if len(self.parts) == 1:
            return self._with((int(self.parts[0]) + int(months / 12),))
        year, month = divmod(int(self.parts[0]) * 12 + int(self.parts[1]) - 1 + months, 12)
        day = tuple(min(int(d), monthrange(year, month + 1)[1]) for d in self.parts[2:3])
        return self._with((year, month + 1, *day, *self.parts[3:]))

    def _by_seconds(self, part: int, amount: Decimal, unit: str) -> Moment:
        size = len(self.parts)
        if size < 3:
            # A coarser moment moves by whole units of its own precision (section 6.6.1).
            days = int(amount * _SECONDS[part] * (7 if unit == "week" else 1) / 86400)
            return self._by_months(size - 1, int(days / 365 if size == 1 else days / 30))
        seconds = _seconds(part, amount, unit)
        step = {3: 86400, 4: 3600, 5: 60}.get(size)
        if step is not None:
            seconds = Decimal(int(seconds / step) * step)
        second = seconds + (self.parts[5] if size == 6 else 0)
        minutes = floor(second / 60)
        year, month, day, hour, minute = [*map(int, self.parts[:5]), 0, 0][:5]
        moved = datetime(year, month, day, hour, minute) + timedelta(minutes=minutes)  # noqa: DTZ001
        parts = (moved.year, moved.month, moved.day, moved.hour, moved.minute, second - 60 * minutes)
        return self._with(parts[:size])

    def _later_in_day(self, part: int, amount: Decimal, unit: str) -> Moment | None:
        if part < 3:
            return None
        padded = [Decimal(p) for p in self.parts] + [Decimal(0)] * (3 - len(self.parts))
        total = (padded[0] * 3600 + padded[1] * 60 + padded[2] + _seconds(part, amount, unit)) % 86400
        parts = (int(total // 3600), int(total % 3600 // 60), total % 60)
        return self._with(parts[: len(self.parts)])

    def _with(self, parts: tuple[int | Decimal, ...]) -> Moment:
        if self.kind != "Time" and not 1 <= parts[0] <= 9999:
            raise ValueError
        return Moment(self.kind, parts, self.zone, _written(self.kind, parts, self.zone))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit: UCUM, or the name of a calendar duration."""

    value: Decimal
    unit: str

    def same_unit(self, other: Quantity) -> bool:
        """Whether the two can be compared as they are; units are not converted."""
        return _definite(self.unit) == _definite(other.unit)


#: A value of a System type: Boolean, Integer, Decimal, String, Date, DateTime, Time, Quantity.
Value = bool | int | Decimal | str | Moment | Quantity


def system_type(value: Value) -> str:
    """Name of a value's System type."""
    if isinstance(value, Moment):
        return value.kind
    return _NAMES[value.__class__]


_NAMES: Final = {bool: "Boolean", int: "Integer", Decimal: "Decimal", str: "String", Quantity: "Quantity"}


@lru_cache(maxsize=4096)
def moment(text: str, *, time: bool = False) -> Moment | None:
    """A date, dateTime or instant, or a time of day (`12:30`); None for any other text."""
    match = _TEXT.fullmatch("T" + text if time else text)
    if match is None or not text or (match["year"] is None) != time or (time and match["hour"] is None):
        return None
    if match["t"] and not time and match["day"] is None and match["hour"] is not None:
        return None
    fields = ("hour", "minute") if time else ("year", "month", "day", "hour", "minute")
    parts: list[int | Decimal] = [int(match[name]) for name in fields if match[name] is not None]
    if any(int(match[name]) > most for name, most in _MOST.items() if match[name] is not None):
        return None
    if not time and 0 in parts[1:3]:
        return None
    if match["second"] is not None:
        parts.append(Decimal(match["second"]))
    kind = "Time" if time else "DateTime" if match["t"] else "Date"
    return Moment(kind, tuple(parts), _offset(match["zone"]), text)


def _offset(text: str | None) -> int | None:
    if text is None or text == "Z":
        return None if text is None else 0
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return -minutes if text[0] == "-" else minutes


def _seconds(part: int, amount: Decimal, unit: str) -> Decimal:
    whole = amount if part == 5 else Decimal(int(amount))
    if unit == "week":
        return whole * 7 * 86400
    return whole / 1000 if unit == "millisecond" else whole * _SECONDS[part]


def _definite(unit: str) -> str:
    return _UCUM.get(unit, unit.removesuffix("s") if unit.removesuffix("s") in _STEPS else unit)


def _written(kind: str, parts: tuple[int | Decimal, ...], zone: int | None) -> str:
    texts = [f"{part:02}" if index or kind == "Time" else f"{part:04}" for index, part in enumerate(parts)]
    if parts and isinstance(parts[-1], Decimal):
        whole, dot, fraction = str(parts[-1]).partition(".")
        texts[-1] = whole.zfill(2) + dot + fraction
    if kind == "Time":
        return ":".join(texts)
    clock = ":".join(texts[3:])
    told = "-".join(texts[:3]) + (f"T{clock}" if kind == "DateTime" else "")
    if zone is None or not clock:
        return told
    sign = "-" if zone < 0 else "+"
    return told + ("Z" if zone == 0 else f"{sign}{abs(zone) // 60:02}:{abs(zone) % 60:02}")
