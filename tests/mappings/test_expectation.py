"""What was expected of a message is found, or the difference says where and what."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.kernel.errors import HubError
from hub.kernel.types import Json
from mappings.expectation import Difference, differences, untrue

PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p",
    "active": True,
    "gender": "female",
    "identifier": [{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "2"}],
    "name": [{"text": "沈桂兰"}],
}
GLUCOSE: Json = {
    "resourceType": "Observation",
    "id": "g",
    "valueQuantity": {"value": Decimal("5.10"), "unit": "mmol/L"},
}
POTASSIUM: Json = {"resourceType": "Observation", "id": "k", "valueQuantity": {"value": 4, "unit": "mmol/L"}}


def bundle(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}


WHOLE = bundle(PATIENT, GLUCOSE, POTASSIUM)


@pytest.mark.parametrize(
    "expected",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Patient", "identifier": [{"value": "2"}, {"value": "1"}]},
        {"resourceType": "Observation", "valueQuantity": {"value": Decimal("5.1")}},
        bundle({"resourceType": "Observation", "id": "k"}, {"resourceType": "Observation"}, PATIENT),
        bundle(),
    ],
)
def test_what_is_there_is_no_difference(expected: Json) -> None:
    assert differences(expected, WHOLE) == []


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({"resourceType": "Encounter", "id": "e"}, ("Encounter", '{"resourceType":"Encounter","id":"e"}', "(absent)")),
        ({"resourceType": "Patient", "gender": "male"}, ("Patient.gender", '"male"', '"female"')),
        ({"resourceType": "Patient", "active": 1}, ("Patient.active", "1", "true")),
        ({"resourceType": "Patient", "birthDate": "1958"}, ("Patient.birthDate", '"1958"', "(absent)")),
        (
            {"resourceType": "Patient", "identifier": [{"system": "urn:b", "value": "3"}]},
            ("Patient.identifier[0].value", '"3"', '"2"'),
        ),
        ({"resourceType": "Patient", "name": [{}, {}]}, ("Patient.name[1]", "{}", "(absent)")),
        ({"resourceType": "Patient", "name": "沈桂兰"}, ("Patient.name", '"沈桂兰"', '[{"text":"沈桂兰"}]')),
        (
            {"resourceType": "Observation", "id": "k", "valueQuantity": {"value": 5}},
            ("Observation.valueQuantity.value", "5", "4"),
        ),
    ],
)
def test_a_difference_says_where_and_what(expected: Json, told: tuple[str, str, str]) -> None:
    assert differences(expected, WHOLE) == [Difference(*told)]


def test_a_resource_answers_for_one_expected_only() -> None:
    twice = bundle({"resourceType": "Patient"}, {"resourceType": "Patient"})
    assert [each.found for each in differences(twice, WHOLE)] == ["(absent)"]


def test_long_values_are_cut() -> None:
    (told,) = differences({"resourceType": "Patient", "text": "x" * 500}, WHOLE)
    assert len(told.expected) == 203


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("Bundle.entry.resource.ofType(Patient).gender = 'female'", None),
        ("entry.resource.ofType(Observation).count() = 2", None),
        ("entry.resource.ofType(Patient).gender = 'male'", '"female"'),
        ("entry.resource.ofType(Patient).identifier.value = '1'", '"1", "2"'),
        ("entry.resource.ofType(Observation).count() = 3", "2"),
        ("entry.resource.ofType(Encounter).exists()", "False"),
        ("entry.resource.ofType(Encounter).status", "(nothing)"),
        ("(entry.resource.ofType(Patient).gender = 'male')", "False"),
    ],
)
def test_expressions_must_be_true(expression: str, found: str | None) -> None:
    told: Any = untrue([expression], WHOLE)
    assert [each.found for each in told] == ([] if found is None else [found])


def test_an_expression_that_cannot_be_answered_is_a_difference_and_one_that_is_none_is_refused() -> None:
    (told,) = untrue(["entry.resource.ofType(Patient).identifier.value + 'x' = 'y'"], WHOLE)
    assert told.found.startswith("(")
    with pytest.raises(HubError):
        untrue(["entry..x"], WHOLE)
