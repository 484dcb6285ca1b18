"""The decision at release."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.tables import NON_PATIENT_TYPES
from hub.auth.roles import ROLES
from hub.gate.release import Decision, decide, decide_version
from tests.gate.house import CLINICIAN, DIRECTORY, stored


@pytest.mark.parametrize("organization", ["F01", "F01-ICU"])
@pytest.mark.parametrize("author", ["F01", "F01-ICU", "Organization/F01"])
def test_what_the_legal_entity_authored_is_permitted(organization: str, author: str) -> None:
    actor = replace(CLINICIAN, organization=organization)
    assert decide(actor, DIRECTORY, stored("Observation", author=author)) == Decision(True, "author-organisation")


@pytest.mark.parametrize("author", ["F03", "ALLIANCE", "F99", ""])
@pytest.mark.parametrize(
    ("role", "reason"), [("clinician", "no-care-relationship"), ("family-doctor", "not-managed-patient")]
)
def test_what_others_authored_is_denied(author: str, role: str, reason: str) -> None:
    actor = replace(CLINICIAN, role=role)
    assert decide(actor, DIRECTORY, stored("Observation", author=author)) == Decision(False, reason)


def test_two_strangers_are_not_the_same_organisation() -> None:
    for code in ("F99", ""):
        actor = replace(CLINICIAN, organization=code)
        assert not decide(actor, DIRECTORY, stored("Observation", author=code)).permit


@pytest.mark.parametrize("resource_type", sorted(NON_PATIENT_TYPES))
def test_what_is_about_no_patient_is_permitted_whoever_wrote_it(resource_type: str) -> None:
    resource = stored(resource_type, author="F03", patient=None)
    assert decide(CLINICIAN, DIRECTORY, resource) == Decision(True, "not-patient-data")


def test_a_non_patient_type_about_a_patient_is_patient_data() -> None:
    assert not decide(CLINICIAN, DIRECTORY, stored("Medication", author="F03", patient="a")).permit


@pytest.mark.parametrize("resource_type", ["Consent", "AuditEvent"])
def test_consents_and_audit_events_are_denied_even_to_their_author(resource_type: str) -> None:
    assert decide(CLINICIAN, DIRECTORY, stored(resource_type)) == Decision(False, "record-restricted")


@pytest.mark.parametrize("role", sorted(ROLES.keys() - {"clinician", "family-doctor"}))
def test_other_roles_are_denied_everything(role: str) -> None:
    actor = replace(CLINICIAN, role=role)
    assert decide(actor, DIRECTORY, stored("Organization", patient=None)) == Decision(False, "role-not-allowed")


def test_a_version_needs_a_permit_for_then_and_for_now() -> None:
    ours, theirs = stored("Observation", author="F01"), stored("Observation", author="F03")
    assert decide_version(CLINICIAN, DIRECTORY, ours, ours).permit
    assert not decide_version(CLINICIAN, DIRECTORY, theirs, ours).permit
    assert not decide_version(CLINICIAN, DIRECTORY, ours, theirs).permit
