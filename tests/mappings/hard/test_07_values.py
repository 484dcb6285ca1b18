"""7. OBX-5 is what OBX-2 says, if it is: a number is a number only where it is one, and nothing of a value is lost."""

from __future__ import annotations

from typing import Any

import pytest

from hub.fhir.json import dumps, loads
from mappings.hl7v2.convert import bundle
from tests.mappings.checker import invalid
from tests.mappings.engine import PID, resource, translate

OBR = "OBR|1||L1|X^项目|||||||||||||||||||||F"


def value(kind: str, text: str, unit: str = "") -> dict[str, Any]:
    found = translate(PID, OBR, f"OBX|1|{kind}|X^项目||{text}|{unit}|||||F", kind="ORU", event="R01")
    assert not invalid(bundle(found.drafts))
    observation = loads(dumps(resource(found, "Observation")))
    return {name: each for name, each in observation.items() if name.startswith("value")}


@pytest.mark.parametrize("text", ["<>5", "<阴性", "阴性", "5.1.2", "1,5", "5 mg", "1e400", "--", "见报告"])
def test_what_is_no_number_never_becomes_one_whatever_its_type_says(text: str) -> None:
    assert value("NM", text, "mmol/L") == {"valueString": text}


@pytest.mark.parametrize(("text", "number"), [("065.88", "65.88"), ("5.10", "5.10"), (".5", "0.5"), ("-0", "0")])
def test_a_number_keeps_its_digits_as_far_as_fhir_writes_them(text: str, number: str) -> None:
    found = value("NM", text, "mmol/L")["valueQuantity"]
    assert str(found["value"]).lstrip("-") == number
    assert found["unit"] == "mmol/L"


@pytest.mark.parametrize("kind", ["NM", "ST"])
@pytest.mark.parametrize(
    ("text", "comparator", "number"),
    [("<0.50", "<", "0.50"), (">100", ">", "100"), ("≥5", ">=", "5"), ("＜ 5", "<", "5"), ("<=.5", "<=", "0.5")],
)
def test_a_number_beyond_what_the_test_can_tell_is_a_quantity_beside_its_text(
    kind: str, text: str, comparator: str, number: str
) -> None:
    (name, found), *rest = value(kind, text, "mmol/L").items()
    assert (name, rest, found["comparator"], str(found["value"])) == ("valueQuantity", [], comparator, number)
    assert found["unit"] == "mmol/L"
    assert [each["valueString"] for each in found["extension"]] == [text]


def test_a_text_without_a_unit_stays_one_however_it_compares() -> None:
    assert value("ST", ">1:64") == {"valueString": ">1:64"}
    assert value("ST", "<5") == {"valueString": "<5"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (">^100", "valueQuantity"),
        ("=^440^.", "valueQuantity"),
        ("^1^-^5", "valueRange"),
        ("^1^:^128", "valueRatio"),
        ("^1^/^3", "valueRatio"),
    ],
)
def test_each_form_of_a_structured_number_has_its_type(text: str, name: str) -> None:
    assert list(value("SN", text)) == [name]


@pytest.mark.parametrize("text", ["x^1", "^5^-^1", "^a^:^b", "^1^.^3"])
def test_a_structured_number_that_means_nothing_stays_a_text(text: str) -> None:
    assert value("SN", text) == {"valueString": text}


@pytest.mark.parametrize(("text", "words"), [("^1^+", "1 +"), ("<>^5", "<> 5 mg")])
def test_a_structured_number_no_type_has_a_place_for_is_written_as_the_guide_writes_it(text: str, words: str) -> None:
    assert value("SN", text, "mg" if "mg" in words else "") == {"valueString": words}


@pytest.mark.parametrize(("text", "number"), [("440", "440"), ("<5.0", "5.0"), ("≥ 100", "100")])
def test_a_structured_number_that_is_not_parted_is_a_number_too(text: str, number: str) -> None:
    assert str(value("SN", text, "mg/L")["valueQuantity"]["value"]) == number
    assert value("SN", "1:128") == {"valueString": "1:128"}


def test_a_composite_quantity_has_its_own_unit_before_that_of_the_observation() -> None:
    assert value("CQ", "50^ml&毫升&UCUM", "L")["valueQuantity"] == {
        "value": 50,
        "unit": "毫升",
        "system": "http://unitsofmeasure.org",
        "code": "ml",
    }
    assert value("CQ", "50", "ml")["valueQuantity"] == {"value": 50, "unit": "ml"}
    assert value("CQ", "大量") == {"valueString": "大量"}


def test_a_code_of_a_known_system_is_one_though_nobody_says_what_type_it_is() -> None:
    assert value("", "10828004^阳性^SCT")["valueCodeableConcept"]["coding"][0]["system"] == "http://snomed.info/sct"
    assert value("", "1^阳性^LIS") == {"valueString": "1^阳性^LIS"}


def test_a_number_sent_as_text_with_its_unit_in_the_second_component_is_a_quantity() -> None:
    assert value("ST", "5.10", "^mmol/L")["valueQuantity"]["unit"] == "mmol/L"
    assert value("ST", "5.10") == {"valueString": "5.10"}


@pytest.mark.parametrize("kind", ["", "XX", "ZZ1"])
def test_a_type_nobody_knows_keeps_its_text(kind: str) -> None:
    assert value(kind, "阳性") == {"valueString": "阳性"}
