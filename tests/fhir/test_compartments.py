"""Whom a resource is about."""

from __future__ import annotations

import pytest

from hub.fhir.compartments import OWNERS, compartment_parameters, compartment_types, patient_ids, source_patient
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
        ({"resourceType": "Observation", "performer": [5, [[P2], None], P1]}, ("p2", "p1")),
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


def test_r4_has_five_compartments_each_with_its_owner_in_it() -> None:
    assert OWNERS == ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")
    assert all(compartment_parameters(owner, owner)[0] == "_id" for owner in OWNERS)
    assert [len(compartment_types(owner)) for owner in OWNERS] == [33, 25, 67, 59, 32]


@pytest.mark.parametrize(
    ("owner", "rtype", "codes"),
    [
        ("Encounter", "DocumentManifest", ("related-ref",)),
        ("Encounter", "MedicationDispense", ()),
        ("Practitioner", "Encounter", ("practitioner", "participant")),
        ("Practitioner", "Patient", ("general-practitioner",)),
        ("Device", "Observation", ("subject", "device")),
        ("RelatedPerson", "RelatedPerson", ("_id",)),
        ("Patient", "Patient", ("_id", "link")),
        ("Patient", "Task", ("patient", "focus")),
    ],
)
def test_a_type_is_in_a_compartment_by_the_parameters_of_its_definition(
    owner: str, rtype: str, codes: tuple[str, ...]
) -> None:
    assert compartment_parameters(owner, rtype) == codes
