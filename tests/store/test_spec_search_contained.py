"""Contained resources, statement by statement: R4 search.html 3.1.1.5.5 (Contained Resources).

"A chained condition will be evaluated inside contained resources"; "by default, search results only return resources
that are not contained in other resources".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.store.conftest import Bench
from tests.store.spec import concept, found, matches, observation

MEDICATIONS = "http://example.com/medications"


def request(rid: str, leads_to: str, *contained: Json) -> Json:
    """A MedicationRequest whose medication is `leads_to`, with what it contains."""
    return {
        "resourceType": "MedicationRequest",
        "id": rid,
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medicationReference": {"reference": leads_to},
        "contained": list(contained),
    }


def medication(rid: str, ingredient: str = "abc", **elements: Any) -> Json:
    coded = {"itemCodeableConcept": concept(f"{MEDICATIONS}|{ingredient}")}
    return {"resourceType": "Medication", "id": rid, "ingredient": [coded], **elements}


MAKER = {"resourceType": "Organization", "id": "maker", "name": "North Works"}
RECORDS = [
    medication("stored", manufacturer={"reference": "Organization/maker"}),
    MAKER,
    request("refers", "Medication/stored"),
    request("contains", "#m", medication("m", form=concept("powder"), manufacturer={"reference": "#maker"}), MAKER),
    request("made", "#m", medication("m", manufacturer={"reference": "Organization/maker"})),
    request("other", "#m", medication("m", "xyz", status="active")),
    request("beside", "#m", medication("m", "xyz"), medication("n", "abc", form=concept("powder"))),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"medication.ingredient-code={MEDICATIONS}|abc", "contains made refers"),
        ("medication:Medication.ingredient-code=abc", "contains made refers"),
        ("medication.ingredient-code=xyz", "beside other"),
        ("medication.form=powder", "contains"),
        ("medication.ingredient-code:not=abc", "beside other"),
        ("medication.form:missing=false", "contains"),
        ("medication.form:missing=true", "beside made other refers"),
        ("medication.status=active", "other"),
        ("medication.manufacturer=Organization/maker", "made refers"),
        ("medication.manufacturer.name=north", "contains made refers"),
        ("medication.manufacturer:Organization.name:contains=works", "contains made refers"),
        ("medication.manufacturer.name=south", ""),
        ("medication._id=m", ""),
        ("medication._id=stored", "refers"),
        ("medication=Medication/m", ""),
        ("medication=Medication/stored", "refers"),
    ],
)
def test_a_chain_looks_into_what_is_contained(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, RECORDS, f"MedicationRequest?{query}") == expected


def test_what_is_contained_is_no_match_of_its_own(bench: Bench) -> None:
    assert matches(bench, RECORDS, f"Medication?ingredient-code={MEDICATIONS}|abc") == "stored"


def test_what_a_match_contains_may_lead_further(bench: Bench) -> None:
    assert matches(bench, RECORDS, "Organization?_has:Medication:manufacturer:ingredient-code=abc") == "maker"
    through = "Patient?_has:MedicationRequest:patient:medication.ingredient-code=xyz"
    assert matches(bench, [*RECORDS, {"resourceType": "Patient", "id": "p"}], through) == "p"


MEASURED = [
    observation("plain", hasMember=[{"reference": "Observation/bare"}], code=concept("panel")),
    observation("bare", code=concept("a"), valueQuantity={"value": Decimal("7"), "code": "mg"}),
    observation(
        "holds",
        code=concept("panel"),
        hasMember=[{"reference": "#one"}],
        contained=[
            observation(
                "one", code=concept("a"), effectiveDateTime="2026-05-19", valueQuantity={"value": 5, "code": "mg"}
            ),
            observation("two", code=concept("b"), effectiveDateTime="2024-01-01", valueQuantity={"value": 9}),
        ],
    ),
    observation("same", code=concept("a"), hasMember=[{"reference": "#in"}], contained=[observation("in")]),
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("has-member:Observation.value-quantity=gt4", "holds plain"),
        ("has-member:Observation.value-quantity=gt6", "plain"),
        ("has-member:Observation.date=2026-05", "holds"),
        ("has-member:Observation.date=2024", ""),
        ("has-member:Observation.code-value-quantity=a$gt4", "holds plain"),
        ("has-member:Observation.code-value-quantity=b$gt4", ""),
        ("has-member:Observation.code=a", "holds plain"),
    ],
)
def test_values_of_every_kind_are_found_in_what_is_contained(bench: Bench, query: str, expected: str) -> None:
    assert matches(bench, MEASURED, f"Observation?{query}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("performer:Organization.name:missing=true", ""),
        ("performer:Practitioner.name:missing=true", "a"),
        ("performer.name:missing=true", "a"),
        ("performer:Practitioner.identifier:not=x", "a"),
        ("performer:Organization.identifier:not=x", ""),
    ],
)
def test_a_chain_to_one_type_passes_by_what_is_contained_of_another(bench: Bench, query: str, expected: str) -> None:
    doctor = {"resourceType": "Practitioner", "id": "doctor"}
    seen = observation("a", performer=[{"reference": "#doctor"}], contained=[doctor])
    assert matches(bench, [seen, observation("b")], f"Observation?{query}") == expected


def test_a_container_lies_nowhere_by_what_it_contains(bench: Bench) -> None:
    inner = {"resourceType": "Location", "id": "in", "position": {"latitude": 30, "longitude": 120}}
    outer = {"resourceType": "Location", "id": "out", "partOf": {"reference": "#in"}, "contained": [inner]}
    assert matches(bench, [outer], "Location?near=30|120|1|km") == ""


@pytest.mark.parametrize("query", ["_contained=false", "_containedType=container"])
def test_contained_resources_are_not_searched_unless_asked_for(bench: Bench, query: str) -> None:
    assert matches(bench, RECORDS, f"Medication?{query}") == "stored"


@pytest.mark.parametrize("query", ["_contained=true", "_contained=both", "_containedType=contained"])
def test_a_search_for_contained_resources_themselves_is_refused_by_name(bench: Bench, query: str) -> None:
    with pytest.raises(HubError) as caught:
        found(bench, [], f"Medication?{query}")
    assert (caught.value.where, caught.value.category) == (query.partition("=")[0], Category.UNSUPPORTED)
    assert "chain" in (caught.value.todo or "")
