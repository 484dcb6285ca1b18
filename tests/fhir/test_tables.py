"""The committed tables are what the script makes of HL7's definition files."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.fhir.json import loads
from hub.fhir.structure import PRIMITIVES, RESOURCE_TYPES, structure
from scripts.fhir_tables import COMPARTMENTS, SOURCE, TABLES, Definitions, tables


def test_the_committed_tables_are_those_the_definitions_give(definitions: Definitions) -> None:
    for name, content in tables(definitions).items():
        assert (TABLES / name).read_bytes() == content, name


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_table_names_its_source_and_version(path: Path) -> None:
    assert loads(path.read_bytes())["source"] == (COMPARTMENTS if path.stem == "compartments" else SOURCE)


def test_the_search_parameters_are_those_of_r4() -> None:
    rows = loads((TABLES / "search_parameters.json").read_bytes())["parameters"]
    assert len(rows) == 1377
    assert {row["type"] for row in rows} == {
        "token",
        "reference",
        "string",
        "date",
        "number",
        "quantity",
        "uri",
        "composite",
        "special",
    }


def test_r4_has_146_resource_types_and_20_primitives() -> None:
    assert len(RESOURCE_TYPES) == 146
    assert len(PRIMITIVES) == 20


@pytest.mark.parametrize(
    ("rtype", "foreign"),
    [("Meta", "accounts"), ("ResearchStudy", "label"), ("Binary", "url"), ("DeviceDefinition", "bodySite")],
)
def test_an_element_the_packager_added_is_left_out(rtype: str, foreign: str) -> None:
    found = structure(rtype)
    assert found is not None
    assert foreign not in found.elements


def test_an_element_of_a_very_long_path_is_kept() -> None:
    found = structure("MedicinalProductPharmaceutical.routeOfAdministration.targetSpecies.withdrawalPeriod")
    assert found is not None
    assert {"tissue", "value", "supportingInformation"} <= set(found.elements)


def test_a_specialisation_has_the_elements_of_its_base() -> None:
    age, patient = structure("Age"), structure("Patient")
    assert age is not None
    assert patient is not None
    assert "comparator" in age.elements
    assert {"id", "meta", "contained", "birthDate"} <= set(patient.elements)
