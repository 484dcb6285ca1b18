"""Parts of resources (R4 search.html#summary, #elements; ElementDefinition.isSummary): what stays, what marks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from hub.fhir.json import loads
from hub.fhir.structure import RESOURCE_TYPES, structure
from hub.fhir.subset import SUBSETTED, data, narrative, only, summary
from hub.fhir.table import read_table
from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.fhir.any_resource import any_resource
from tests.fhir.cases import NARRATIVE, observation

DAR = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
META = {"meta": {"tag": [SUBSETTED]}}

PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"versionId": "3", "tag": [{"code": "mine"}]},
    "implicitRules": "urn:rules",
    "language": "zh",
    "text": NARRATIVE,
    "modifierExtension": [{"url": "urn:x:mod", "valueBoolean": True}],
    "extension": [{"url": "urn:x:ext", "valueBoolean": True}],
    "name": [{"family": "沈", "extension": [{"url": "urn:x", "valueCode": "c"}]}, {"extension": [{"url": "urn:x"}]}],
    "birthDate": "1958-04-12",
    "_birthDate": {"id": "b"},
    "deceasedBoolean": False,
    "maritalStatus": {"text": "widowed"},
    "contact": [{"gender": "male"}],
    "link": [{"other": {"reference": "Patient/p2"}, "type": "seealso"}],
}


def names(resource: Json) -> set[str]:
    return set(resource) - {"resourceType", "id", "meta"}


def test_a_summary_has_the_marked_elements_and_no_others() -> None:
    part = summary(PATIENT)
    assert names(part) == {
        *("implicitRules", "modifierExtension", "name", "birthDate", "_birthDate", "deceasedBoolean", "link")
    }
    assert part["name"] == [{"family": "沈"}]
    assert part["link"] == PATIENT["link"]


def test_a_summary_leaves_out_large_data_inside_data_types() -> None:
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "text/plain", "title": "t", "data": "aGFsbG8="}}],
    }
    assert summary(document)["content"] == [{"attachment": {"contentType": "text/plain", "title": "t"}}]


def test_a_summary_of_a_bundle_summarises_what_it_holds() -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}]}
    (entry,) = summary(bundle)["entry"]
    assert "maritalStatus" not in entry["resource"]
    assert entry["resource"]["id"] == "p1"


def test_text_is_the_narrative_with_what_is_mandatory() -> None:
    part = narrative(observation(text=NARRATIVE, note=[{"text": "n"}]))
    assert names(part) == {"text", "status", "code"}


def test_data_is_all_but_the_narrative() -> None:
    contained = [{"resourceType": "Organization", "id": "o"}]
    whole = observation(text=NARRATIVE, note=[{"text": "n"}], contained=contained)
    part = data(whole)
    assert {**part, "text": NARRATIVE} == {**whole, **META}


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ((), {"status", "code"}),
        (("subject",), {"status", "code", "subject"}),
        (("value",), {"status", "code", "valueQuantity"}),
        (("effective", "text"), {"status", "code", "effectiveDateTime", "text"}),
        (("birthDate",), {"status", "code"}),
    ],
)
def test_elements_are_the_named_ones_and_what_is_mandatory(asked: tuple[str, ...], kept: set[str]) -> None:
    assert names(only(observation(text=NARRATIVE), asked)) == kept


def test_what_changes_the_meaning_of_the_rest_always_stays() -> None:
    assert names(only(PATIENT, ("birthDate",))) == {"implicitRules", "modifierExtension", "birthDate", "_birthDate"}


def test_a_mandatory_element_that_is_absent_for_a_reason_stays() -> None:
    resource = {"resourceType": "Observation", "_status": DAR, "code": {"extension": DAR["extension"]}}
    for part in (summary(resource), only(resource, ()), narrative(resource)):
        assert part == {**resource, **META}


def test_every_part_says_that_it_is_one_and_keeps_the_tags_it_had() -> None:
    for part in (summary(PATIENT), data(PATIENT), narrative(PATIENT), only(PATIENT, ("name",))):
        assert part["meta"] == {"versionId": "3", "tag": [{"code": "mine"}, SUBSETTED]}
        assert (part["resourceType"], part["id"]) == ("Patient", "p1")
    assert PATIENT["meta"]["tag"] == [{"code": "mine"}]


def test_contained_resources_stay_where_what_is_left_refers_to_them() -> None:
    contained = [
        {"resourceType": "Medication", "id": "m", "manufacturer": {"reference": "#o"}},
        {"resourceType": "Organization", "id": "o"},
        {"resourceType": "Practitioner", "id": "d"},
    ]
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "#m"},
        "recorder": {"reference": "#d"},
        "contained": contained,
    }
    assert only(order, ())["contained"] == contained[:2]
    assert only(order, ("recorder",))["contained"] == contained
    assert only(order, ("contained",))["contained"] == contained
    assert "contained" not in only({**order, "medicationReference": {"reference": "Medication/m"}}, ())


def test_a_part_of_a_sound_resource_is_sound(shared: Path) -> None:
    for path in sorted((shared / "synthea-r4" / "bundles").glob("*.json"))[:3]:
        for entry in loads(path.read_bytes())["entry"]:
            resource = entry["resource"]
            assert validate(summary(resource)) == validate(data(resource)) == []
            for part in (narrative(resource), only(resource, ())):
                # An Organization without identifier and name: invariants speak of what nobody asked for.
                assert {issue.code for issue in validate(part)} <= {"invariant"}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(resource=any_resource())
def test_a_part_has_nothing_the_whole_has_not(resource: Json) -> None:
    for part in (summary(resource), narrative(resource), data(resource), only(resource, ("text", "identifier"))):
        assert names(part) <= set(resource)
        assert part["meta"]["tag"][-1] == SUBSETTED


def test_the_table_knows_every_type_and_only_elements_that_are_there() -> None:
    rows = read_table("summary")
    assert set(rows) >= RESOURCE_TYPES - {"Binary"}
    for name, leaves in rows.items():
        found = structure(name)
        assert found is not None
        assert {leaf.removesuffix("[x]") for leaf in leaves} <= set(found.elements)
