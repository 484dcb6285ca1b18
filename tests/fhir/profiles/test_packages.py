"""Packages of profiles as they lie in a folder, and what is said of those that cannot be used.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.fhir.json import dumps
from hub.fhir.profiles.registry import NO_PROFILES, load_profiles, loaded
from hub.fhir.validator import Validator
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.fhir.cases import BROKEN, VALID, patient
from tests.fhir.profiles.package import BASE, element, guide, packed, profile


def test_packed_and_unpacked_packages_and_loose_files_are_read(tmp_path: Path) -> None:
    packed(tmp_path, profile("a", "Patient"))
    inner = tmp_path / "other" / "package"
    inner.mkdir(parents=True)
    (inner / "p.json").write_bytes(dumps(profile("b", "Patient", base=BASE + "a")))
    (inner / "package.json").write_bytes(dumps({"name": "other", "fhirVersions": ["4.0.1"]}))
    (tmp_path / "loose.json").write_bytes(dumps(profile("c", "Patient", base=BASE + "b")))
    (tmp_path / "Patient-example.json").write_bytes(dumps(patient()))
    (tmp_path / "README.md").write_text("not read")
    profiles, complaints = load_profiles(tmp_path)
    assert complaints == []
    assert all(profiles.find(BASE + name) for name in "abc")
    assert len(profiles) == 3


def test_nothing_is_loaded_where_no_folder_is_named() -> None:
    assert load_profiles(None) == (NO_PROFILES, [])


def test_definitions_of_r4_itself_and_logical_models_are_passed_over(tmp_path: Path) -> None:
    own = profile("x", "Patient") | {"url": "http://hl7.org/fhir/StructureDefinition/Patient"}
    own |= {"derivation": "specialization"}
    model = profile("m", "Patient") | {"kind": "logical", "type": "urn:model"}
    assert len(guide(tmp_path, own, model)) == 0


BAD: list[tuple[str, Json, str]] = [
    ("no url", {"resourceType": "ValueSet"}, "has no url"),
    ("no type of R4", profile("p", "Letter"), "constrains a type R4 has not"),
    ("no element of R4", profile("p", "Patient", element("Patient.nickname")), "nickname"),
    ("an element of another type", profile("p", "Patient", element("Person.name")), "not of its type Patient"),
    ("no base at hand", profile("p", "Patient", base="urn:elsewhere"), "its base is neither of R4"),
    ("a base that leads back", profile("p", "Patient", base=BASE + "p"), "leads back"),
    ("slices and no slicing", profile("p", "Patient", element("Patient.name:x")), "no slicing"),
    ("a cardinality that is none", profile("p", "Patient", element("Patient.name", min="one")), "Patient.name"),
    (
        "a discriminator of no kind",
        profile("p", "Patient", element("Patient.name", slicing={"discriminator": [{"type": "x", "path": "y"}]})),
        "discriminator",
    ),
    (
        "an expression nobody can read",
        profile("p", "Patient", element("Patient", constraint=[{"key": "g-1", "human": "x", "expression": "name.("}])),
        "the expression of g-1 cannot be read",
    ),
]


@pytest.mark.parametrize(("resource", "reason"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_definition_that_cannot_be_used_is_complained_of_with_file_and_reason(
    tmp_path: Path, resource: Json, reason: str
) -> None:
    profiles, (complaint,) = load_profiles(packed(tmp_path, resource))
    assert len(profiles) == 0
    assert complaint.category is Category.INVALID
    assert "guide.tgz: package/" in complaint.where
    assert reason in complaint.what


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.tgz", b"no archive", "no readable package"),
        ("x.json", b"{", "is not JSON"),
        ("x.json", b"[]", "no JSON object"),
        ("package.json", b'{"fhirVersions": ["5.0.0"]}', "another version"),
    ],
)
def test_a_file_that_cannot_be_read_is_complained_of(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    _, (complaint,) = load_profiles(tmp_path)
    assert name in complaint.where
    assert reason in complaint.what


def test_a_folder_that_is_none_is_complained_of(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="is no folder"):
        loaded(tmp_path / "none")


def validator(folder: Path) -> Validator:
    return Validator(guide(folder, profile("named", "Patient", element("Patient.name", min=1))))


def test_a_resource_that_claims_a_loaded_profile_is_held_to_it(tmp_path: Path) -> None:
    judge = validator(tmp_path)
    claimed = patient(meta={"profile": [BASE + "named"]})
    (issue,) = judge(claimed)
    assert (issue.where, issue.code, issue.severity) == ("Patient.name", "required", "error")
    assert judge(claimed | {"name": [{"text": "x"}]}) == []
    assert judge(patient()) == []
    assert judge(patient(meta={"profile": ["urn:unknown", BASE + "named|2.0"]})) == []


def test_contained_and_enclosed_resources_are_held_to_what_they_claim(tmp_path: Path) -> None:
    judge = validator(tmp_path)
    claimed = patient(meta={"profile": [BASE + "named"]})
    bundle: Json = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": claimed}]}
    assert [issue.where for issue in judge(bundle)] == ["Bundle.entry[0].resource.name"]
    outer = {"resourceType": "Group", "type": "person", "actual": True, "contained": [claimed]}
    outer["member"] = [{"entity": {"reference": "#p1"}}]
    assert [issue.where for issue in judge(outer)] == ["Group.contained[0].name"]


def test_profiles_change_nothing_for_resources_that_claim_none(tmp_path: Path) -> None:
    judge, plain = validator(tmp_path), Validator()
    for resource in [*VALID.values(), *(row[1] for row in BROKEN)]:
        assert judge(resource) == plain(resource)


@pytest.mark.parametrize("meta", [5, [], {"profile": "x"}, {"profile": [5]}, {"profile": None}])
def test_odd_claims_are_left_to_the_check_of_the_structure(tmp_path: Path, meta: Any) -> None:
    assert validator(tmp_path)(patient(meta=meta))
