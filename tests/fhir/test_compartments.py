"""Whom a resource is about."""

from __future__ import annotations

import pytest

from hub.fhir.compartments import patient_ids, source_patient
from hub.fhir.search_parameters import RESOURCE_TYPES
from hub.kernel.types import Json


def about(reference: str) -> Json:
    return {"reference": reference}


P1, P2 = about("Patient/p1"), about("Patient/p2")


@pytest.mark.parametrize(
    ("resource", "patients"),
    [
        ({"resourceType": "Patient", "id": "p1"}, ("p1",)),
        ({"resourceType": "Patient", "id": "p1", "link": [{"other": P2}]}, ("p1", "p2")),
        ({"resourceType": "Observation", "subject": P1}, ("p1",)),
        ({"resourceType": "Observation", "subject": about("Patient/p1/_history/4")}, ("p1",)),
        ({"resourceType": "Observation", "subject": about("Device/d1")}, ()),
        ({"resourceType": "Observation", "performer": [P2], "subject": P1}, ("p1", "p2")),
        ({"resourceType": "Task", "focus": P2, "for": P1}, ("p1", "p2")),
        ({"resourceType": "Coverage", "subscriber": P2, "beneficiary": P1}, ("p1", "p2")),
        ({"resourceType": "Appointment", "participant": [{"actor": about("Location/l")}, {"actor": P1}]}, ("p1",)),
        ({"resourceType": "CarePlan", "subject": P1, "activity": [{"detail": {"performer": [P2]}}]}, ("p1", "p2")),
        ({"resourceType": "Organization", "id": "F01"}, ()),
        ({"resourceType": "Observation", "subject": about("https://other.example.org/Patient/p1")}, ()),
        ({"resourceType": "Observation", "subject": "Patient/p1"}, ()),
        ({"resourceType": "Observation", "subject": {"reference": 5}}, ()),
        ({"resourceType": "Letter", "subject": P1}, ()),
        ({}, ()),
    ],
)
def test_the_patients_of_a_resource_are_those_of_the_compartment_definition(
    resource: Json, patients: tuple[str, ...]
) -> None:
    assert patient_ids(resource) == patients
    assert source_patient(resource) == next(iter(patients), None)


def test_a_group_is_about_its_members_but_led_by_none() -> None:
    group = {"resourceType": "Group", "member": [{"entity": P1}, {"entity": P2}]}
    assert patient_ids(group) == ("p1", "p2")
    assert source_patient(group) is None


def test_every_type_can_be_asked() -> None:
    assert all(patient_ids({"resourceType": rtype}) == () for rtype in RESOURCE_TYPES)
