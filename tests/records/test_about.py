"""What names no patient is lost to everybody by the consent rules (section 3, step 4), so it is not taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.tables import NON_PATIENT_TYPES
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.about import refuse_about_nobody
from hub.records.operations import Create, Delete, Update
from tests.gate.house import CLINICIAN

DOCTOR = replace(CLINICIAN, role="family-doctor")


def create(rtype: str, **content: Json | list[Json]) -> Create:
    return Create(type=rtype, id="x", resource={"resourceType": rtype, **content})


@pytest.mark.parametrize(
    "operation",
    [
        create("Observation"),
        create("Observation", subject={"display": "somebody"}),
        create("Observation", subject={"reference": "Group/g1"}),
        create("Observation", subject={"reference": "https://elsewhere.example/fhir/Patient/p1"}),
        Update(type="Task", id="x", resource={"resourceType": "Task", "id": "x"}),
    ],
    ids=lambda operation: operation.type,
)
def test_what_nobody_could_read_is_refused_before_it_is_kept(operation: Create | Update) -> None:
    with pytest.raises(HubError) as refused:
        refuse_about_nobody(CLINICIAN, operation)
    assert (refused.value.category, refused.value.code) == (Category.INVALID, "no-subject")


@pytest.mark.parametrize("rtype", [*sorted(NON_PATIENT_TYPES), "Patient", "Binary", "Group", "Schedule", "Endpoint"])
def test_what_may_be_about_nobody_is_taken(rtype: str) -> None:
    refuse_about_nobody(CLINICIAN, create(rtype))


def test_what_names_its_patient_is_taken_by_whichever_reference_says_so() -> None:
    refuse_about_nobody(CLINICIAN, create("Observation", subject={"reference": "Patient/p1"}))
    refuse_about_nobody(CLINICIAN, create("Observation", performer=[{"reference": "Patient/p1"}]))


def test_what_was_kept_before_may_be_deleted() -> None:
    refuse_about_nobody(CLINICIAN, Delete(type="Observation", id="x"))


@pytest.mark.parametrize("rtype", ["Binary", "Group", "Schedule", "Endpoint"])
def test_what_is_in_nobodys_record_is_not_taken_of_a_family_doctor_who_could_not_read_it(rtype: str) -> None:
    with pytest.raises(HubError) as refused:
        refuse_about_nobody(DOCTOR, create(rtype))
    assert (refused.value.category, refused.value.code) == (Category.INVALID, "no-subject")


def test_a_family_doctor_writes_what_is_about_nobody_and_documents_that_say_what_they_belong_to() -> None:
    refuse_about_nobody(DOCTOR, create("Practitioner"))
    refuse_about_nobody(DOCTOR, create("Binary", securityContext={"reference": "Patient/p1"}))
