"""What belongs to which section of a patient summary, and how it is told.

International Patient Summary 2.0, Composition-uv-ips; R4 narrative.html: the content is XHTML, so texts are escaped.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.ips import belongs, summary
from hub.fhir.ips_sections import SECTIONS
from hub.fhir.tabular import concept_text, line, table
from hub.fhir.validate import validate
from hub.kernel.types import Json

BASE: Final = "http://hub.test/fhir"
IDS: Final = ("5f0d7a3e-7d0c-4b57-9f2c-0c6f6a3c9b11", "5f0d7a3e-7d0c-4b57-9f2c-0c6f6a3c9b12")
TAGS: Final = {"div", "table", "thead", "tbody", "tr", "th", "td", "p"}
NOW: Final = "2026-05-20T09:00:00+08:00"


def resource(rtype: str, rid: str = "x", **elements: Any) -> Json:
    return {"resourceType": rtype, "id": rid, **elements}


def concept(*codes: str) -> Json:
    return {"coding": [{"code": code} for code in codes]}


def made(*found: Json) -> Any:
    return summary("p", found, base_url=BASE, ids=IDS, now=NOW)


@pytest.mark.parametrize(
    ("one", "codes"),
    [
        (resource("Condition", clinicalStatus=concept("active")), ["11450-4"]),
        (resource("Condition", clinicalStatus=concept("relapse")), ["11450-4"]),
        (resource("Condition"), ["11450-4"]),
        (resource("Condition", clinicalStatus=concept("resolved")), ["11348-0"]),
        (resource("Condition", verificationStatus=concept("entered-in-error")), []),
        (resource("Condition", verificationStatus=concept("refuted")), []),
        (resource("AllergyIntolerance"), ["48765-2"]),
        (resource("MedicationStatement", status="active"), ["10160-0"]),
        (resource("MedicationRequest", status="completed"), ["10160-0"]),
        (resource("MedicationRequest", status="draft"), []),
        (resource("Immunization", status="completed"), ["11369-6"]),
        (resource("Procedure", status="entered-in-error"), []),
        (resource("DeviceUseStatement", status="active"), ["46264-8"]),
        (resource("Observation", category=[concept("laboratory")]), ["30954-2"]),
        (resource("Observation", category=[concept("imaging"), concept("vital-signs")]), ["30954-2", "8716-3"]),
        (resource("Observation"), ["30954-2"]),
        (resource("Observation", category=[concept("survey")]), []),
        (resource("Observation", category=[concept("social-history")]), ["29762-2"]),
        (resource("Encounter"), []),
    ],
)
def test_sections(one: Json, codes: list[str]) -> None:
    assert [section.code for section in SECTIONS if belongs(section, one)] == codes


def test_what_stands_in_two_sections_is_in_the_document_once() -> None:
    both = resource("Observation", category=[concept("laboratory"), concept("vital-signs")])
    assert made(resource("Patient", "p"), both).listed == [both]


def test_only_what_is_referred_to_comes_with_it() -> None:
    named = resource("Practitioner", "named")
    taken = resource(
        "Procedure",
        status="completed",
        subject={"reference": "Patient/p"},
        performer=[{"actor": {"reference": "Practitioner/named"}}],
    )
    told = made(resource("Patient", "p"), taken, named, resource("Practitioner", "other"))
    assert (told.patients, told.listed, told.others) == ([resource("Patient", "p")], [taken], [named])


def test_the_composition_and_its_author_are_valid() -> None:
    for section in SECTIONS:
        assert section.types
    told = made(resource("Condition", code={"text": "x"}))
    for one in (told.composition, told.author):
        assert [issue for issue in validate(one) if issue.severity in {"fatal", "error"}] == []
    assert told.composition["subject"] == {"reference": f"{BASE}/Patient/p"}


def test_labels_of_all_are_those_of_the_composition() -> None:
    labels = [{"system": "urn:a", "code": "R", "display": "x"}, {"system": "urn:a", "code": "HIV"}]
    found = [resource("Condition", str(n), meta={"security": [label]}) for n, label in enumerate(labels)]
    assert [one["code"] for one in made(*found).composition["meta"]["security"]] == ["HIV", "R"]


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_becomes_markup(text: str) -> None:
    for narrative in (table([resource("Condition", code={"text": text})]), line(text)):
        content = narrative["div"]
        assert content.count("<") == content.count(">")
        assert set(re.findall(r"<(\w+)", content)) <= TAGS


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"text": "a", "coding": [{"display": "b"}]}, "a"),
        ({"coding": [{"code": "c"}, {"display": "b"}]}, "b"),
        ({"coding": [{"code": "c"}]}, "c"),
        ({"reference": "Medication/x", "display": "d"}, "d"),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_concept_in_words(value: Any, told: str) -> None:
    assert concept_text(value) == told


def test_values_stand_with_their_units_and_components() -> None:
    pressure = resource(
        "Observation",
        code={"text": "血压"},
        effectivePeriod={"start": "2026-05-01"},
        component=[
            {"code": {"text": "收缩压"}, "valueQuantity": {"value": 132, "unit": "mmHg"}},
            {"code": {"text": "舒张压"}, "valueQuantity": {"value": 84, "comparator": "<", "code": "mm[Hg]"}},
        ],
    )
    content = table([pressure])["div"]
    assert "<td>血压</td><td></td><td>2026-05-01</td><td>收缩压 132 mmHg; 舒张压 &lt; 84 mm[Hg]</td>" in content
