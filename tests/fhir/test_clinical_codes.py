"""The codes by which a consent may name a resource."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.clinical_codes import CODES, clinical_codes
from hub.fhir.structure import TypeRef, structure

LOINC = {"system": "http://loinc.org", "code": "85354-9"}
SYSTOLIC = {"system": "http://loinc.org", "code": "8480-6"}


def concept(*codings: Any) -> dict[str, Any]:
    return {"coding": list(codings)}


def test_an_observation_has_its_own_codes_and_those_of_its_components() -> None:
    resource = {
        "resourceType": "Observation",
        "code": concept(LOINC, {"system": "urn:local", "code": "BP"}),
        "component": [{"code": concept(SYSTOLIC)}, {"code": {"text": "diastolic"}}],
        "category": [concept({"system": "urn:c", "code": "vital-signs"})],
        "valueCodeableConcept": concept({"system": "urn:v", "code": "high"}),
    }
    codes = {("http://loinc.org", "85354-9"), ("urn:local", "BP"), ("http://loinc.org", "8480-6")}
    assert clinical_codes(resource) == codes


def test_a_coding_without_system_or_code_is_none() -> None:
    half = [{"code": "x"}, {"system": "urn:a"}, {"system": "", "code": "x"}, {"system": "urn:a", "code": ""}]
    assert clinical_codes({"resourceType": "Condition", "code": concept(*half)}) == frozenset()


@pytest.mark.parametrize("rtype", ["Patient", "Provenance", "Unheard", None])
def test_a_type_without_codes_has_none(rtype: str | None) -> None:
    assert clinical_codes({"resourceType": rtype, "code": concept(LOINC)}) == frozenset()


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["coding", "code", "x"]), inner),
    max_leaves=8,
)


@given(json, st.sampled_from(["Observation", "CarePlan"]))
def test_odd_values_are_passed_over(value: Any, rtype: str) -> None:
    resource = {"resourceType": rtype, "code": value, "component": value, "category": value, "activity": value}
    assert isinstance(clinical_codes(resource), frozenset)


@pytest.mark.parametrize(("rtype", "path"), [(rtype, path) for rtype, paths in CODES.items() for path in paths])
def test_every_element_of_the_table_is_an_r4_element_that_holds_a_concept(rtype: str, path: str) -> None:
    at = TypeRef(rtype)
    for name in path.split("."):
        shape = structure(at.name)
        assert shape is not None
        at = dict(pair for element in shape.elements.values() for pair in element.properties())[name]
    assert at.name == "CodeableConcept"
