"""The second reading of reports tells true from untrue."""

from __future__ import annotations

import pytest

from tests.mappings.accounting import Bundle, Statement, is_told


@pytest.mark.parametrize(
    ("text", "told", "true"),
    [
        ("沈桂兰", "沈桂兰", True),
        ("沈桂兰", "沈桂", False),
        ("20260301", "2026-03-01", True),
        ("M", "male", True),
        ("M", "female", False),
        ("HL70005", "http://terminology.hl7.org/CodeSystem/v2-0005", True),
        ("ISO", "urn:oid:2.999", True),
        ("ISO", "https://example.org/sid/X", False),
    ],
)
def test_the_second_reading_knows_true_from_untrue(text: str, told: str, true: bool) -> None:
    assert is_told(text, [told]) is true


def test_the_second_reading_finds_a_value_said_to_stand_where_it_does_not() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "1",
        "name": [{"family": "沈"}],
        "managingOrganization": {"reference": "O/2"},
    }
    named = {"resourceType": "O", "id": "2", "name": "云泽县人民医院"}
    entries = [
        {"request": {"url": f"{each['resourceType']}/{each['id']}"}, "resource": each} for each in (patient, named)
    ]
    bundle = Bundle({"entry": entries})
    assert bundle.holds(Statement("", "沈", "Patient.name[].family"))
    assert bundle.holds(Statement("", "云泽县人民医院", "Patient.managingOrganization.name"))
    assert not bundle.holds(Statement("", "沈", "Patient.name[].given"))
    assert not bundle.holds(Statement("", "方", "Patient.name[].family"))
