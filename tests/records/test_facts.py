"""Release facts of a resource."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hub.fhir.structure import RESOURCE_TYPES
from hub.fhir.temporal import TICK
from hub.kernel.types import Json
from hub.records.facts import AUTHOR_ORGANIZATION, CLINICAL_TIME, Flag, facts_of

FACILITIES = frozenset({"F01", "F02"})


def org(code: str) -> Json:
    return {"reference": f"Organization/{code}"}


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Encounter", "serviceProvider": org("F02")},
        {"resourceType": "Observation", "performer": [{"reference": "Practitioner/x"}, org("F02")]},
        {"resourceType": "DocumentReference", "author": [org("F01")], "custodian": org("F02")},
        {"resourceType": "Procedure", "performer": [{"actor": org("F01"), "onBehalfOf": org("F02")}]},
        {"resourceType": "Provenance", "agent": [{"who": org("F02")}]},
    ],
)
def test_the_author_organisation_is_the_facility_the_resource_names(resource: Json) -> None:
    assert facts_of(resource, "F01", FACILITIES).author_org == "F02"


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Encounter"},
        {"resourceType": "Encounter", "serviceProvider": org("a-department")},
        {"resourceType": "Encounter", "serviceProvider": {"display": "F02"}},
        {"resourceType": "ServiceRequest", "performer": [org("F02")]},
    ],
)
def test_the_writer_answers_for_what_names_no_facility_as_its_author(resource: Json) -> None:
    assert facts_of(resource, "F01", FACILITIES).author_org == "F01"


def test_authors_are_the_practitioners_in_any_of_the_authoring_elements() -> None:
    resource = {
        "resourceType": "Encounter",
        "participant": [
            {"individual": {"reference": "Practitioner/a"}},
            {"individual": {"reference": "PractitionerRole/b"}},
        ],
        "subject": {"reference": "Patient/p"},
        "recorder": {"reference": "Practitioner/a"},
        "hospitalization": {"origin": {"reference": "Practitioner/not-an-author"}},
    }
    assert facts_of(resource, "F01").authors == ("Practitioner/a", "PractitionerRole/b")


def test_labels_keep_system_and_code() -> None:
    labels = [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}, {"code": "x"}]
    facts = facts_of({"resourceType": "Basic", "meta": {"security": labels}}, "F01")
    assert facts.labels == ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R", "|x")


DAY = datetime(2026, 2, 28, 16, tzinfo=UTC), datetime(2026, 3, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rtype", "elements", "expected"),
    [
        ("Observation", {"effectiveDateTime": "2026-03-01", "issued": "2025-01-01T00:00:00Z"}, DAY),
        ("Observation", {"effectivePeriod": {"start": "2026-03-01"}}, (DAY[0], None)),
        ("Observation", {"effectivePeriod": {"end": "2026-03-01"}}, (None, DAY[1])),
        ("Observation", {"effectiveTiming": {"event": ["2026-03-01", "2026-03-01T10:00:00+08:00"]}}, DAY),
        ("ServiceRequest", {"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-03-01"}}}}, (DAY[0], None)),
        ("Condition", {"onsetAge": {"value": 40}, "recordedDate": "2026-03-01"}, DAY),
        ("Appointment", {"start": "2026-03-01T00:00:00+08:00"}, (DAY[0], None)),
        ("DocumentReference", {"context": {"period": {"start": "2026-03-01", "end": "2026-03-01"}}}, DAY),
        ("Observation", {"effectiveDateTime": "2026-03-01T00:00:00+08:00"}, (DAY[0], DAY[0] + TICK)),
        ("Encounter", {"period": {"start": "2026-03-01", "end": "2026-03-02T00:00:00+08:00"}}, (DAY[0], DAY[1] + TICK)),
        ("Encounter", {"period": {"start": "2026-03-02", "end": "2026-03-01"}}, (None, None)),
        ("Observation", {"effectiveDateTime": "not a time"}, (None, None)),
        ("Observation", {"effectiveDateTime": "not a time", "issued": "2026-03-01"}, DAY),
        ("Observation", {}, (None, None)),
        ("Organization", {"date": "2026-03-01"}, (None, None)),
    ],
)
def test_the_clinical_time_is_the_first_that_exists(rtype: str, elements: Any, expected: Any) -> None:
    facts = facts_of({"resourceType": rtype, **elements}, "F01")
    assert (facts.clinical_start, facts.clinical_end) == expected


def test_a_container_bears_the_labels_of_what_it_contains() -> None:
    def labelled(code: str, **more: Any) -> Json:
        return {"resourceType": "Basic", "meta": {"security": [{"code": code}]}, **more}

    assert facts_of(labelled("N", contained=[labelled("HIV"), labelled("N")]), "F01").labels == ("|N", "|HIV")


@pytest.mark.parametrize("said", [{"display": "somebody"}, {"identifier": {"value": "x"}}])
def test_bodies_that_may_need_surgery_are_flagged(said: Json) -> None:
    plain: Json = {"resourceType": "Observation", "code": {"coding": [{"code": "a", "display": "A"}]}}
    named = {**plain, "hasMember": [{"reference": "Observation/x", **said}]}
    staff = {**plain, "performer": [{"reference": "Practitioner/x", **said}]}
    assert facts_of(plain, "F01").flags == facts_of(staff, "F01").flags == 0
    assert facts_of(named, "F01").flags == Flag.DISPLAY
    assert facts_of({**named, "text": {"div": "<div/>"}}, "F01").flags == Flag.DISPLAY | Flag.NARRATIVE


def test_the_tables_name_resource_types() -> None:
    assert AUTHOR_ORGANIZATION.keys() | CLINICAL_TIME.keys() <= set(RESOURCE_TYPES)
