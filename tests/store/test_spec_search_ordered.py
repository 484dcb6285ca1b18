"""Prefixes, numbers, dates and quantities, statement by statement.

R4 search.html 3.1.1.4.5 (Prefixes), 3.1.1.4.6 (number), 3.1.1.4.7 (date), 3.1.1.4.11 (quantity).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.store.conftest import Bench
from tests.store.spec import concept, found, matches, observation

UCUM = "http://unitsofmeasure.org"


def risk(rid: str, probability: str) -> Json:
    return {
        "resourceType": "RiskAssessment",
        "id": rid,
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "prediction": [{"probabilityDecimal": Decimal(probability)}],
    }


def sample(rid: str, value: str, **elements: Any) -> Json:
    unit = {"unit": "mg", "system": UCUM, "code": "mg"}
    return observation(rid, valueQuantity={"value": Decimal(value), **unit, **elements})


def at(rid: str, when: str) -> Json:
    return observation(rid, effectiveDateTime=when)


def during(rid: str, start: str | None, end: str | None) -> Json:
    period = {"start": start, "end": end}
    return observation(rid, effectivePeriod={name: value for name, value in period.items() if value})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("100", "a b c"),
        ("eq100", "a b c"),
        ("ne100", "d e"),
        ("gt100", "c d"),
        ("lt100", "b e"),
        ("ge100", "a c d"),
        ("le100", "a b e"),
        ("sa100", "c d"),
        ("eb100", "b e"),
        ("ap100", "a b c d e"),
    ],
)
def test_a_prefix_compares_and_without_one_the_value_equals(bench: Bench, query: str, expected: str) -> None:
    records = [risk("a", "100"), risk("b", "99.6"), risk("c", "100.4"), risk("d", "109"), risk("e", "91")]
    assert matches(bench, records, f"RiskAssessment?probability={query}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [("100", "a b c"), ("100.00", "a b"), ("1e2", "a b c d"), ("1.00e2", "a b c"), ("lt100", "c"), ("1000", "")],
)
def test_significant_digits_say_how_wide_a_number_is(bench: Bench, query: str, expected: str) -> None:
    """100 covers [99.5, 100.5), 100.00 [99.995, 100.005), 1e2 [95, 105)."""
    records = [risk("a", "100"), risk("b", "100.004"), risk("c", "99.5"), risk("d", "104.9"), risk("e", "105")]
    assert matches(bench, records, f"RiskAssessment?probability={query}") == expected


def test_whole_numbers_are_compared_as_they_are(bench: Bench) -> None:
    def encounter(rid: str, days: str) -> Json:
        length = {"value": Decimal(days), "unit": "d", "system": UCUM, "code": "d"}
        return {"resourceType": "Encounter", "id": rid, "status": "finished", "length": length}

    records = [encounter("a", "4"), encounter("b", "5"), encounter("c", "6")]
    assert matches(bench, records, "Encounter?length=gt5") == "c"
    assert matches(bench, records, "Encounter?length=ge5") == "b c"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("5.4", "a b"),
        ("5.40", "a"),
        (f"5.4|{UCUM}|mg", "a b"),
        ("5.4||mg", "a b"),
        (f"5.4|{UCUM}|g", ""),
        (f"0.0054|{UCUM}|g", "a b"),
        ("0.0054||g", ""),
        (f"gt0.006|{UCUM}|g", "c"),
        (f"5.4|{UCUM}|mL", ""),
        ("le5.4", "a d"),
        ("ap5.4", "a b d"),
    ],
)
def test_a_quantity_may_name_its_unit_and_one_of_ucum_finds_others_of_its_kind(
    bench: Bench, query: str, expected: str
) -> None:
    """Converting units is left to servers; the hub does it for UCUM (docs/reference/search.md)."""
    records = [sample("a", "5.40"), sample("b", "5.44"), sample("c", "7"), sample("d", "5", comparator="<")]
    assert matches(bench, records, f"Observation?value-quantity={query}") == expected


def glucose(rid: str, value: str, unit: str, code: str = "http://loinc.org|2345-7") -> Json:
    quantity = {"value": Decimal(value), "unit": unit, "system": UCUM, "code": unit}
    return observation(rid, code=concept(code), valueQuantity=quantity)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"value-quantity=7|{UCUM}|mmol/L", "mg mmol"),
        (f"value-quantity=7.0|{UCUM}|mmol/L", "mmol mg"),
        (f"value-quantity=126|{UCUM}|mg/dL", "local mg mmol"),
        (f"value-quantity=ge9|{UCUM}|mmol/L", "high"),
        (f"value-quantity=gt1.5|{UCUM}|g/L", "high"),
        ("value-quantity=7", "mmol"),
        ("value-quantity=126", "local mg"),
        (f"code-value-quantity=2345-7$7|{UCUM}|mmol/L", "mg mmol"),
        (f"code-value-quantity=http://loinc.org|2345-7$lt8|{UCUM}|mmol/L", "mg mmol"),
        (f"code-value-quantity=local$126|{UCUM}|mg/dL", "local"),
        (f"code-value-quantity=local$7|{UCUM}|mmol/L", ""),
    ],
)
def test_a_substance_is_found_whether_it_was_weighed_or_counted(bench: Bench, query: str, expected: str) -> None:
    """Glucose of 180.156 g/mol: 126 mg/dL are 6.994 mmol/L. A code nobody knows tells no substance."""
    records = [
        glucose("mg", "126", "mg/dL"),
        glucose("mmol", "7.0", "mmol/L"),
        glucose("high", "180", "mg/dL"),
        glucose("local", "126", "mg/dL", "urn:lab|local"),
    ]
    assert matches(bench, records, f"Observation?{query}") == " ".join(sorted(expected.split()))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"48|{UCUM}|mmol/mol", "ifcc"),
        (f"ge48|{UCUM}|mmol/mol", "ifcc"),
        (f"4.8|{UCUM}|%", ""),
        (f"ge6.5|{UCUM}|%", "ngsp"),
        (f"lt5|{UCUM}|%", ""),
        (f"5.0|{UCUM}|meq/L", "charge"),
        (f"5.0|{UCUM}|mmol/L", ""),
        (f"2.5|{UCUM}|mmol/L", ""),
    ],
)
def test_hba1c_of_ifcc_and_milliequivalents_are_found_by_their_own_unit_alone(
    bench: Bench, query: str, expected: str
) -> None:
    """48 mmol/mol are 6.5 %, not 4.8 %; 5 meq/L of calcium are 2.5 mmol/L, of sodium 5."""
    records = [
        glucose("ifcc", "48", "mmol/mol", "http://loinc.org|59261-8"),
        glucose("ngsp", "6.5", "%", "http://loinc.org|4548-4"),
        glucose("charge", "5.0", "meq/L", "http://loinc.org|17861-6"),
    ]
    assert matches(bench, records, f"Observation?value-quantity={query}") == expected


def test_temperatures_have_other_zeros(bench: Bench) -> None:
    warm = observation("warm", valueQuantity={"value": Decimal("38.0"), "system": UCUM, "code": "Cel"})
    assert matches(bench, [warm], f"Observation?value-quantity=100.4|{UCUM}|[degF]") == "warm"
    assert matches(bench, [warm], f"Observation?value-quantity=gt101|{UCUM}|[degF]") == ""


def test_a_comparator_of_the_stored_value_opens_its_range(bench: Bench) -> None:
    records = [sample("a", "10", comparator=">="), sample("b", "10", comparator="<")]
    assert matches(bench, records, "Observation?value-quantity=gt1000") == "a"
    assert matches(bench, records, "Observation?value-quantity=lt1") == "b"
    assert matches(bench, records, "Observation?value-quantity=10") == ""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("2013-01-14", "b c"),
        ("2013-01", "b c d"),
        ("2013", "a b c d"),
        ("eq2013-01-14T10:00:00+08:00", "c"),
        ("ne2013-01-14", "a d e"),
        ("lt2013-01-14T10:00:00+08:00", "a b"),
        ("gt2013-01-14T10:00:00+08:00", "a b d e"),
        ("ge2013-01-15", "a d e"),
        ("le2013-01-14", "a b c"),
        ("sa2013-01-14", "d e"),
        ("eb2013-01-15", "b c"),
    ],
)
def test_a_date_covers_all_its_precision_leaves_open(bench: Bench, query: str, expected: str) -> None:
    records = [
        at("a", "2013"),
        at("b", "2013-01-14"),
        at("c", "2013-01-14T10:00:00+08:00"),
        at("d", "2013-01-15T00:00:00+08:00"),
        at("e", "2014-01-01T00:00:00Z"),
    ]
    assert matches(bench, records, f"Observation?date={query.replace('+', '%2B')}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("2013-03", "a"),
        ("gt2013-03", "b d"),
        ("lt2013-03", "c d"),
        ("ge2013-03-15", "a b d"),
        ("le2013-03-15", "a c d"),
        ("sa2013-02", "a b"),
        ("eb2013-04", "a c"),
        ("sa2013-03-20", "b"),
        ("eb2013-03-10", "c"),
        ("ap2013-03", "a b c d"),
    ],
)
def test_a_period_without_an_end_reaches_on_for_ever(bench: Bench, query: str, expected: str) -> None:
    records = [
        during("a", "2013-03-10", "2013-03-20"),
        during("b", "2013-04-01", None),
        during("c", None, "2013-02-28"),
        during("d", "2013-01-01", "2014-12-31"),
    ]
    assert matches(bench, records, f"Observation?date={query}") == expected


def test_of_a_timing_the_outer_limits_count(bench: Bench) -> None:
    timing = {"event": ["2013-01-01", "2013-06-01"]}
    records = [
        observation("a", effectiveTiming=timing),
        observation("b", effectiveTiming={"repeat": {"boundsPeriod": {"start": "2013-02-01", "end": "2013-03-01"}}}),
    ]
    assert matches(bench, records, "Observation?date=2013") == "a b"
    assert matches(bench, records, "Observation?date=2013-01") == ""
    assert matches(bench, records, "Observation?date=gt2013-05") == "a"
    assert matches(bench, records, "Observation?date=eb2013-04") == "b"


def test_an_instant_is_a_point_in_time(bench: Bench) -> None:
    records = [observation("a", effectiveInstant="2015-02-07T13:28:17.239+02:00")]
    for query in ("2015-02-07T11:28:17.239Z", "ge2015-02-07T11:28:17.239Z", "2015-02-07T11:28:17Z", "2015-02-07"):
        assert matches(bench, records, f"Observation?date={query}") == "a"
    assert matches(bench, records, "Observation?date=sa2015-02-07T11:28:17.238Z") == "a"
    assert matches(bench, records, "Observation?date=gt2015-02-07T11:28:17.239Z") == ""


def test_where_no_zone_is_stated_it_is_the_servers_and_both_sides_share_it(bench: Bench) -> None:
    """A date is a day in China: 2020-03-01 begins at 16:00 UTC the day before."""
    records = [at("a", "2020-02-29T15:59:59Z"), at("b", "2020-02-29T16:00:00Z"), at("c", "2020-03-01")]
    assert matches(bench, records, "Observation?date=2020-03-01") == "b c"
    assert matches(bench, records, "Observation?date=2020-03-01T00:00") == "b"
    assert matches(bench, records, "Observation?date=2020-03-01T00:00Z") == ""


@pytest.mark.parametrize(
    ("query", "expected"),
    [("ge2013-01-01&date=le2013-01-31", "b"), ("2013-01-14,2014", "b c"), ("gt2013-12&date=lt2012", "")],
)
def test_repeated_parameters_are_and_and_commas_are_or(bench: Bench, query: str, expected: str) -> None:
    records = [at("a", "2012-06"), at("b", "2013-01-14"), at("c", "2014-01-01T00:00:00+08:00")]
    assert matches(bench, records, f"Observation?date={query}") == expected


def test_approximately_is_a_tenth_of_the_gap_to_now(bench: Bench) -> None:
    """Now is 2026-05-20 here: a date ten years away reaches a year farther."""
    records = [at("a", "2016-05-20"), at("b", "2015-09-01"), at("c", "2014-05-01")]
    assert matches(bench, records, "Observation?date=ap2016-05-20") == "a b"


def test_an_unknown_prefix_is_refused(bench: Bench) -> None:
    with pytest.raises(HubError) as caught:
        found(bench, [], "Observation?date=xx2013")
    assert caught.value.category is Category.INVALID


def test_a_range_is_compared_by_both_its_ends(bench: Bench) -> None:
    def condition(rid: str, low: int, high: int) -> Json:
        ends = {"low": {"value": low, "code": "a", "system": UCUM}, "high": {"value": high, "code": "a"}}
        subject = {"reference": "Patient/p"}
        return {"resourceType": "Condition", "id": rid, "subject": subject, "onsetRange": ends, "code": concept("x")}

    records = [condition("a", 40, 50), condition("b", 60, 70)]
    assert matches(bench, records, "Condition?onset-age=gt55") == "b"
    assert matches(bench, records, "Condition?onset-age=lt45") == "a"
    assert matches(bench, records, "Condition?onset-age=sa50") == "b"
