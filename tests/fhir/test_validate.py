"""Validation against R4: what is wrong gives exactly one issue, at its place, and what is right none."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.extract import extract
from hub.fhir.json import loads
from hub.fhir.structure import RESOURCE_TYPES
from hub.fhir.validate import LIMIT, validate
from hub.kernel.types import Json
from scripts.fhir_tables import Definitions
from tests.fhir.cases import BROKEN, VALID, patient


@pytest.mark.parametrize("name", VALID)
def test_a_right_resource_has_no_issue(name: str) -> None:
    assert validate(VALID[name]) == []


@pytest.mark.parametrize(("name", "resource", "where", "code"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_wrong_resource_has_one_issue_at_its_place(name: str, resource: Json, where: str, code: str) -> None:
    (issue,) = validate(resource)
    assert issue.where == where
    if issue.code == "invariant":
        assert issue.text.endswith(f"({code})")
    else:
        assert issue.code == code


@pytest.mark.parametrize(
    "resource", [{}, {"resourceType": "Letter"}, {"resourceType": 5}, {"resourceType": ["Patient"]}]
)
def test_a_resource_without_a_type_of_r4_is_told_so(resource: Json) -> None:
    (issue,) = validate(resource)
    assert (issue.where, issue.code) == ("Resource.resourceType", "structure")


def test_an_issue_never_repeats_a_value_or_an_odd_name() -> None:
    secret = "990122198001011234"
    wrong = patient(birthDate=secret, gender=secret, **{f"王 {secret}": 1}, name=[{"family": 5, "given": secret}])
    issues = validate(wrong)
    assert len(issues) == 5
    assert secret not in str(issues)
    assert "王" not in str(issues)


def test_very_many_faults_are_cut_short() -> None:
    assert len(validate(patient(name=[{"family": 5}] * 1000))) == LIMIT


def test_a_resource_nested_beyond_all_measure_is_told_so() -> None:
    extension: Json = {"url": "u", "valueCode": "x"}
    for _ in range(5000):
        extension = {"url": "u", "extension": [extension]}
    (issue,) = validate(patient(extension=[extension]))
    assert issue.code == "too-long"


def test_every_type_of_r4_can_be_checked() -> None:
    for rtype in RESOURCE_TYPES:
        assert {issue.code for issue in validate({"resourceType": rtype, "id": "x"})} <= {"required", "invariant"}


def paths(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(found for key, item in inner for found in paths(item, (*at, key)))]


@given(st.data())
def test_no_change_whatever_makes_validation_raise(data: st.DataObject) -> None:
    resource = copy.deepcopy(data.draw(st.sampled_from([row[1] for row in BROKEN] + list(VALID.values()))))
    *parents, last = data.draw(st.sampled_from(paths(resource)[1:]))
    owner: Any = resource
    for step in parents:
        owner = owner[step]
    junk: st.SearchStrategy[Any] = (
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({}) | st.just([{}])
    )
    owner[last] = data.draw(junk | st.just([None]) | st.just([5]) | st.just({"id": []}) | st.decimals())
    for issue in validate(resource):
        assert issue.where


def test_every_resource_of_the_synthea_patients_is_valid(shared: Path) -> None:
    for path in sorted((shared / "synthea-r4" / "bundles").glob("*.json")):
        assert validate(loads(path.read_bytes())) == [], path.name


@pytest.mark.parametrize("name", ["search-parameters.json", "profiles-types.json", "conceptmaps.json"])
def test_the_definitions_of_the_specification_are_valid_and_understood(definitions: Definitions, name: str) -> None:
    checked = 0
    for rtype in ("SearchParameter", "StructureDefinition", "ConceptMap"):
        for definition in definitions.resources(name, rtype):
            assert validate(definition) == [], definition["id"]
            assert extract(definition).skipped == 0, definition["id"]
            checked += 1
    assert checked > 10


def test_a_bound_code_in_the_place_of_a_concept_is_refused() -> None:
    allergy = {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/a"}, "clinicalStatus": "active"}
    assert [(issue.where, issue.code) for issue in validate(allergy)] == [
        ("AllergyIntolerance.clinicalStatus", "structure")
    ]
