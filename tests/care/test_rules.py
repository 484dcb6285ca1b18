"""The rules of alerts: what asks for a look, what is fresh, what has left its mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from hub.care.rules import SHIPPED, asking, is_fresh, load
from hub.kernel.errors import HubError
from hub.kernel.types import Json

RULES: Final = load(SHIPPED)
NOW: Final = datetime(2026, 5, 20, 1, 0, tzinfo=UTC)


def number(value: str, unit: str) -> Json:
    return {"value": Decimal(value), "code": unit}


def coded(code: str, system: str = "http://loinc.org") -> Json:
    return {"coding": [{"system": system, "code": code}]}


def pressure(high: str, low: str, unit: str = "mm[Hg]", **elements: Any) -> Json:
    parts = [
        {"code": coded(code), "valueQuantity": number(value, unit)}
        for code, value in (("8480-6", high), ("8462-4", low))
    ]
    return {"status": "final", "code": coded("85354-9"), "component": parts, **elements}


def glucose(value: str, unit: str = "mmol/L", **elements: Any) -> Json:
    return {"status": "final", "code": coded("15074-8"), "valueQuantity": {**number(value, unit), **elements}}


def names(observation: Json) -> list[str]:
    return [rule.name for rule in asking(RULES, observation)]


@pytest.mark.parametrize(
    ("observation", "asked"),
    [
        (pressure("188", "96"), ["blood-pressure-red"]),
        (pressure("150", "110"), ["blood-pressure-red"]),
        (pressure("179.9", "109"), []),
        (pressure("180", "90"), ["blood-pressure-red"]),
        (pressure("24", "14", "kPa"), []),
        (pressure("188", "116", status="entered-in-error"), []),
        (pressure("188", "116", status="preliminary"), []),
        (glucose("16.7"), ["glucose-red", "glucose-swing"]),
        (glucose("3.9"), ["glucose-red", "glucose-swing"]),
        (glucose("12.1"), ["glucose-swing"]),
        (glucose("300", "mg/dL"), []),
        (glucose("16.7", comparator=">"), []),
        ({"status": "final", "code": coded("fall", "urn:hub:device-event")}, ["fall"]),
        ({"status": "final", "code": coded("glucose-too-low", "urn:hub:device-event")}, ["glucose-red"]),
        ({"status": "final", "code": coded("8867-4"), "valueQuantity": number("190", "/min")}, []),
    ],
)
def test_a_reading_asks_by_its_codes_units_and_bounds(observation: Json, asked: list[str]) -> None:
    assert names(observation) == asked


@pytest.mark.parametrize(
    ("value", "before", "left"),
    [
        ("12.1", ["7.2", "7.4", "7.6"], True),
        ("9.62", ["7.2", "7.4", "7.6"], False),
        ("9.63", ["7.2", "7.4", "7.6"], True),
        ("4.0", ["7.2", "7.4", "7.6"], True),
        ("12.1", ["7.2", "7.4"], False),
        ("12.1", [], False),
    ],
)
def test_a_reading_leaves_the_mean_of_the_days_before_it(value: str, before: list[str], left: bool) -> None:
    (drift,) = (rule.drift for rule in RULES if rule.drift is not None)
    assert drift.holds(Decimal(value), list(map(Decimal, before))) is left


def test_what_was_measured_long_ago_or_nobody_knows_when_is_no_news() -> None:
    (rule,) = (rule for rule in RULES if rule.name == "blood-pressure-red")
    for ago, fresh in ((timedelta(hours=23), True), (timedelta(hours=25), False)):
        assert is_fresh(rule, {"effectiveDateTime": (NOW - ago).isoformat()}, NOW) is fresh
    assert not is_fresh(rule, {}, NOW)
    assert not is_fresh(rule, {"effectiveDateTime": "yesterday"}, NOW)


def test_a_wrong_rule_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(
        "rules:\n  - {name: x, level: red, text: t, minutes: 1, fresh_hours: 1, any: [{codes: [a], at_least: 1}]}\n",
        encoding="utf-8",
    )
    with pytest.raises(HubError, match=r":2: rules.0.any.0"):
        load(file)
