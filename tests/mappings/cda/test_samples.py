"""On the shared documents: every fact is told, nothing is invented, all is valid R4, and C-CDA converts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.fhir.json import dumps, loads
from hub.fhir.validate import validate
from hub.kernel.types import Json
from mappings.cda.convert import convert
from tests.mappings.cda.recall import count, invented, missing, resources

BASE = "https://yilian-hub.example/fhir"


def row(file: Path) -> Json:
    (only,) = convert(str(file), file.read_bytes(), BASE)
    assert only["bundle"] is not None, only["issues"]
    found: Json = loads(dumps(only))
    return found


def faults(bundle: Json) -> list[str]:
    return [
        f"{resource['resourceType']} {issue.where}: {issue.text}"
        for resource in resources(bundle)
        for issue in validate(resource)
        if issue.severity == "error"
    ]


def test_every_fact_of_the_national_documents_is_told_and_none_is_invented(shared: Path) -> None:
    folder = shared / "cda-samples"
    facts: Json = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    lost: list[str] = []
    extra: list[str] = []
    wrong: list[str] = []
    for name, expected in facts.items():
        bundle = row(folder / name)["bundle"]
        lost += [f"{name}: {fact}" for fact in missing(expected, bundle)]
        extra += [f"{name}: {told}" for told in invented(expected, bundle, (folder / name).read_text("utf-8"))]
        wrong += [f"{name}: {fault}" for fault in faults(bundle)]
    assert wrong == []
    assert extra == []
    total = sum(count(expected) for expected in facts.values())
    assert len(lost) <= total // 100, lost


def test_every_c_cda_document_becomes_valid_resources_with_its_sections_and_its_original(shared: Path) -> None:
    files = sorted((shared / "cda-samples" / "ccda").glob("*.[xX][mM][lL]"))
    assert len(files) == 15
    for file in files:
        found = row(file)
        assert faults(found["bundle"]) == [], file.name
        (composition,) = resources(found["bundle"], "Composition")
        assert ("section" in composition) != file.name.startswith("Unstructured"), file.name
        assert len(resources(found["bundle"], "DocumentReference")) == 1


@pytest.mark.parametrize(
    "kind", ["Condition", "AllergyIntolerance", "Immunization", "MedicationStatement", "Procedure"]
)
def test_a_c_cda_summary_gives_the_clinical_resources(shared: Path, kind: str) -> None:
    file = shared / "cda-samples" / "ccda" / "Documents__Transfer_Summary__Transfer_Summary.xml"
    assert resources(row(file)["bundle"], kind)


def test_every_reference_of_a_bundle_is_to_a_resource_of_it(shared: Path) -> None:
    for file in sorted((shared / "cda-samples").glob("*/*.[xX][mM][lL]")):
        bundle = row(file)["bundle"]
        there = {f"{each['resourceType']}/{each['id']}" for each in resources(bundle)}
        text = dumps(bundle).decode()
        named = {part.partition('"')[0] for part in text.split('"reference":"')[1:]}
        assert named <= there, file.name
