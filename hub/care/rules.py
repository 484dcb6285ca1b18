"""The rules of alerts as data, and their judgement of one Observation. Pure.

A rule looks at the value of an Observation and of its components. A bound (`at_least`, `at_most`) tells by itself; a
condition without one is met by the code alone (a fall); `drift` compares with the mean of the days before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from hub.fhir.temporal import interval
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from hub.kernel.yamlfile import check, read, refuse

#: The rules that come with the hub.
SHIPPED: Final = Path(__file__).parent / "data" / "alerts.yaml"

Level = Literal["red", "yellow", "blue"]

#: Statuses of an Observation that others may rely on.
_STANDS: Final = frozenset({"final", "amended", "corrected"})
_NUMBER: Final[Json] = {"type": "number"}
_CODES: Final[Json] = {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": r"^[^|]+\|.+$"}}
_CONDITION: Final[Json] = {
    "type": "object",
    "required": ["codes"],
    "additionalProperties": False,
    "properties": {"codes": _CODES, "unit": {"type": "string"}, "at_least": _NUMBER, "at_most": _NUMBER},
    "dependentRequired": {"at_least": ["unit"], "at_most": ["unit"]},
}
SCHEMA: Final[Json] = {
    "type": "object",
    "required": ["rules"],
    "additionalProperties": False,
    "properties": {
        "rules": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "level", "text", "minutes", "fresh_hours"],
                "additionalProperties": False,
                "oneOf": [{"required": ["any"]}, {"required": ["drift"]}],
                "properties": {
                    "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"},
                    "level": {"enum": ["red", "yellow", "blue"]},
                    "text": {"type": "string", "minLength": 1},
                    "minutes": {"type": "integer", "minimum": 1},
                    "fresh_hours": {"type": "integer", "minimum": 1},
                    "any": {"type": "array", "minItems": 1, "items": _CONDITION},
                    "drift": {
                        "type": "object",
                        "required": ["codes", "unit", "share", "days", "readings"],
                        "additionalProperties": False,
                        "properties": {
                            "codes": _CODES,
                            "unit": {"type": "string"},
                            "share": {"type": "number", "exclusiveMinimum": 0},
                            "days": {"type": "integer", "minimum": 1, "maximum": 366},
                            "readings": {"type": "integer", "minimum": 1},
                        },
                    },
                },
            },
        }
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A value of one of `codes` in `unit` within bounds; without bounds, the code alone."""

    codes: frozenset[str]
    unit: str = ""
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    def holds(self, value: Value) -> bool:
        """Whether a value meets it."""
        if self.codes.isdisjoint(value.codes):
            return False
        if self.at_least is None and self.at_most is None:
            return True
        if value.number is None or value.unit != self.unit:
            return False
        low, high = self.at_least, self.at_most
        return (low is None or value.number >= low) and (high is None or value.number <= high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A value that differs from the mean of the `days` before it, of at least so many `readings`, by more than `share`
    of that mean."""

    codes: frozenset[str]
    unit: str
    share: Decimal
    days: int
    readings: int

    def holds(self, value: Decimal, before: Sequence[Decimal]) -> bool:
        """Whether `value` has left the mean of those before it."""
        if len(before) < self.readings:
            return False
        mean = sum(before, Decimal(0)) / len(before)
        return mean > 0 and abs(value - mean) > self.share * mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its name, how urgent it is, `within` what time somebody is to act, how `fresh` a reading must be."""

    name: str
    level: Level
    text: str
    within: timedelta
    fresh: timedelta
    conditions: tuple[Condition, ...] = ()
    drift: Drift | None = None

    @property
    def codes(self) -> frozenset[str]:
        """Codes (`system|code`) it looks at."""
        found = [condition.codes for condition in self.conditions] + ([self.drift.codes] if self.drift else [])
        return frozenset().union(*found)


class Value(NamedTuple):
    """A value of an Observation or of a component: its codes, and its number with its UCUM unit, if it is one."""

    codes: frozenset[str]
    number: Decimal | None
    unit: str


def load(path: Path) -> tuple[Rule, ...]:
    """The rules of a file. Raises HubError with the lines that are wrong."""
    file = read(path)
    refuse(file, check(file, SCHEMA))
    return tuple(map(_rule, file.data["rules"]))


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        name=row["name"],
        level=row["level"],
        text=row["text"],
        within=timedelta(minutes=row["minutes"]),
        fresh=timedelta(hours=row["fresh_hours"]),
        conditions=tuple(_condition(each) for each in row.get("any", ())),
        drift=_drift(row["drift"]) if "drift" in row else None,
    )


def _condition(row: Mapping[str, Any]) -> Condition:
    bounds = {name: Decimal(str(row[name])) for name in ("at_least", "at_most") if name in row}
    return Condition(codes=frozenset(row["codes"]), unit=row.get("unit", ""), **bounds)


def _drift(row: Mapping[str, Any]) -> Drift:
    share = Decimal(str(row["share"]))
    return Drift(
        codes=frozenset(row["codes"]), unit=row["unit"], share=share, days=row["days"], readings=row["readings"]
    )


def values(observation: Json) -> Iterator[Value]:
    """The value of an Observation, and those of its components; that of an alarm is its code."""
    for part in (observation, *observation.get("component", ())):
        quantity = part.get("valueQuantity", {})
        number = quantity.get("value")
        unit = str(quantity.get("code") or quantity.get("unit") or "")
        exact = number is not None and not quantity.get("comparator")
        codes = frozenset(coded(part.get("code", {})))
        yield Value(codes, Decimal(str(number)) if exact else None, unit)


def coded(concept: Json) -> Iterator[str]:
    """`system|code` of every coding."""
    for coding in concept.get("coding", ()):
        if coding.get("system") and coding.get("code"):
            yield f"{coding['system']}|{coding['code']}"


def asking(rules: Sequence[Rule], observation: Json) -> list[Rule]:
    """The rules that an Observation meets by itself, or that need to know what came before it."""
    if observation.get("status") not in _STANDS:
        return []
    found = list(values(observation))
    return [rule for rule in rules if _asks(rule, found)]


def withdrawn(rules: Sequence[Rule], observation: Json) -> list[Rule]:
    """The rules by which an Observation that was entered in error may have alerted somebody."""
    if observation.get("status") != "entered-in-error":
        return []
    codes = frozenset().union(*(value.codes for value in values(observation)))
    return [rule for rule in rules if not codes.isdisjoint(rule.codes)]


def _asks(rule: Rule, found: Sequence[Value]) -> bool:
    if rule.drift is not None:
        return drifting(rule.drift, found) is not None
    return any(condition.holds(value) for condition in rule.conditions for value in found)


def drifting(drift: Drift, found: Sequence[Value]) -> Decimal | None:
    """The number a drift is about, if there is one."""
    for value in found:
        if not drift.codes.isdisjoint(value.codes) and value.unit == drift.unit and value.number is not None:
            return value.number
    return None


def is_fresh(rule: Rule, observation: Json, now: datetime) -> bool:
    """Whether what was measured is news: what comes late, from a chart of last year, alerts nobody."""
    when = measured(observation)
    return when is not None and when >= now - rule.fresh


def measured(observation: Json) -> datetime | None:
    """When it was measured; None for a time that is missing or cannot be read."""
    stated = observation.get("effectiveDateTime") or observation.get("effectivePeriod", {}).get("start")
    try:
        return interval(stated)[0] if stated else None
    except HubError:
        return None
