"""Operators, dates and conversions: https://hl7.org/fhirpath/N1 sections 4.4, 4.5, 5.5 to 5.7, 6."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.fhir.fhirpath.context import Environment
from hub.kernel.errors import Category, HubError
from tests.fhir.fhirpath.ask import OBSERVATION, ask


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        # 6.5 three-valued logic
        ("true and {}", []),
        ("false and {}", [False]),
        ("{} or true", [True]),
        ("{} or false", []),
        ("true xor false", [True]),
        ("{} implies true", [True]),
        ("false implies {}", [True]),
        ("true implies false", [False]),
        ("name.family and true", [True]),
        # 6.1 equality
        ("1 = 1.0", [True]),
        ("1 != 2", [True]),
        ("true = 1", [False]),
        ("{} = {}", []),
        ("(1 | 2) = (2 | 1)", [False]),
        ("name = name", [True]),
        ("name[0] = name[1]", [False]),
        ("'ABC' ~ 'abc  '", [True]),
        ("{} ~ {}", [True]),
        ("1.01 ~ 1.0", [True]),
        ("(1 | 2) ~ (2 | 1)", [True]),
        ("1 !~ 2", [True]),
        # 6.1, 6.2 dates of unlike precision
        ("@2020 = @2020-01", []),
        ("@2020 ~ @2020-01", [False]),
        ("@2020 < @2021-01", [True]),
        ("@2020 < @2020-01", []),
        ("@2020-01-01T08:00:00+08:00 = @2020-01-01T00:00:00Z", [True]),
        ("@2020-01-01T10:30 > @2020-01-01T10:29:59", [True]),
        ("@T10:30 < @T10:31", [True]),
        ("birthDate < @1975-01-01", [True]),
        ("birthDate = @1974-12-25", [True]),
        ("'a' < 'b'", [True]),
        ("1 <= 1.0", [True]),
        # 6.4 collections
        ("'Min' in name.given", [True]),
        ("name.given contains 'Mi'", [False]),
        ("{} in name.given", []),
        # 6.6 arithmetic
        ("1 + 2 * 3", [7]),
        ("7 div 2", [3]),
        ("-7 div 2", [-3]),
        ("7 mod 2", [1]),
        ("1 / 0", []),
        ("3 / 2", [Decimal("1.5")]),
        ("0.1 + 0.2 = 0.3", [True]),
        ("'a' + 'b'", ["ab"]),
        ("'a' & {} & 'b'", ["ab"]),
        ("'a' + {}", []),
        ("2147483647 + 1", []),
        ("-(1)", [-1]),
        # 6.6.1 time
        ("(@2020-01-31 + 1 month).toString()", ["2020-02-29"]),
        ("(@2020 + 18 months).toString()", ["2021"]),
        ("(@2020-03-01 - 1 day).toString()", ["2020-02-29"]),
        ("(@2020-01-01T23:59:59Z + 1 second).toString()", ["2020-01-02T00:00:00Z"]),
        ("(@T23:00 + 2 hours).toString()", ["01:00"]),
        ("(@9999-12-31 + 1 day)", []),
        # 5.5 conversions
        ("'1'.toInteger()", [1]),
        ("'x'.toInteger()", []),
        ("'1.50'.toDecimal().toString()", ["1.50"]),
        ("'yes'.toBoolean()", [True]),
        ("'2020-02'.toDate() = @2020-02", [True]),
        ("'2020-13'.convertsToDate()", [False]),
        ("@2020-02-03T10:00.toDate().toString()", ["2020-02-03"]),
        ("'4 days'.toQuantity() = 4 days", [True]),
        ("true.toString()", ["true"]),
        ("'x'.convertsToDecimal()", [False]),
        # 5.6 texts
        ("'abcdef'.substring(1, 3)", ["bcd"]),
        ("'abc'.substring(9)", []),
        ("'abc'.indexOf('c')", [2]),
        ("'abc'.startsWith('ab') and 'abc'.endsWith('bc') and 'abc'.contains('b')", [True]),
        ("'abc'.upper()", ["ABC"]),
        ("'abc'.replace('b', 'd')", ["adc"]),
        ("'ab'.toChars()", ["a", "b"]),
        ("'2020-01'.matches('^[0-9]{4}-[0-9]{2}$')", [True]),
        (r"'a1b2'.replaceMatches('\\d', '#')", ["a#b#"]),
        ("'abc'.length()", [3]),
        (r"'it\'s \u0041'", ["it's A"]),
        # 5.7 numbers
        ("(-5).abs()", [5]),
        ("1.1.ceiling()", [2]),
        ("(-1.1).floor()", [-2]),
        ("(-1.9).truncate()", [-1]),
        ("3.14159.round(2).toString()", ["3.14"]),
        ("81.sqrt() = 9", [True]),
        ("2.power(3)", [8]),
        ("(-1).sqrt()", []),
        ("16.log(2).round(6) = 4", [True]),
        # 6.9 precedence
        ("1 + 1 = 2 and 2 > 1", [True]),
        ("1 | 2 = 1", [False]),
    ],
)
def test_an_operator_answers_as_the_specification_says(expression: str, answer: list[Any]) -> None:
    assert ask(expression) == answer


def test_decimals_keep_their_digits() -> None:
    assert str(ask("value.value", OBSERVATION)[0]) == "72.50"
    assert str(ask("1.10")[0]) == "1.10"


def test_quantities_compare_by_unit_and_do_not_guess_conversions() -> None:
    assert ask("value > 70 'kg'", OBSERVATION) == [True]
    assert ask("value = 72.5 'kg'", OBSERVATION) == [True]
    assert ask("value > 70 'g'", OBSERVATION) == []
    assert ask("1 'd' = 1 day") == [True]


def test_the_time_of_an_evaluation_is_given_to_it() -> None:
    noon = Environment(now=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert ask("today() = @2026-03-01 and now() > @2026-03-01T11:59:59Z", environment=noon) == [True]
    assert ask("timeOfDay() = @T12:00:00.000", environment=noon) == [True]


@pytest.mark.parametrize(
    "expression",
    ["(1 | 2) + 1", "name.given.single()", "1 < 'a'", "(1 | 2) in 1", "(1 | 2) and true", "'a'.sqrt()", "%unheard"],
)
def test_several_items_or_another_type_where_one_is_needed_are_refused(expression: str) -> None:
    with pytest.raises(HubError) as refusal:
        ask(expression)
    assert refusal.value.category is Category.INVALID
