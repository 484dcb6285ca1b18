"""Admission and the predicate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.tables import NON_PATIENT_TYPES
from hub.auth.roles import ROLES
from hub.gate.visible import NOTHING, admit, visible_to
from hub.kernel.errors import Category, HubError
from tests.gate.house import CLINICIAN, DIRECTORY


@pytest.mark.parametrize("role", ["clinician", "family-doctor"])
def test_clinical_roles_are_admitted(role: str) -> None:
    admit(replace(CLINICIAN, role=role), "Observation", "r")


@pytest.mark.parametrize("role", sorted(ROLES.keys() - {"clinician", "family-doctor"}))
def test_every_other_role_is_forbidden_and_sees_nothing(role: str) -> None:
    actor = replace(CLINICIAN, role=role)
    with pytest.raises(HubError) as refusal:
        admit(actor, "Organization", "r")
    assert (refusal.value.category, refusal.value.code) == (Category.FORBIDDEN, "role-not-allowed")
    assert visible_to(actor, DIRECTORY) == NOTHING


def test_the_scopes_of_a_token_are_a_ceiling() -> None:
    actor = replace(CLINICIAN, scopes=("user/Observation.rs",))
    admit(actor, "Observation", "s")
    for resource_type in ("Patient", "*"):
        with pytest.raises(HubError) as refusal:
            admit(actor, resource_type, "s")
        assert refusal.value.code == "scope-not-allowed"


def test_a_clinician_sees_what_the_legal_entity_authored_and_what_is_about_nobody() -> None:
    visible = visible_to(replace(CLINICIAN, organization="F01-ICU"), DIRECTORY)
    assert visible.organizations == ("F01", "F01-ICU")
    assert visible.types == NON_PATIENT_TYPES
    assert not visible.everything


def test_an_organisation_that_is_nobody_sees_no_patient_data() -> None:
    assert visible_to(replace(CLINICIAN, organization="F99"), DIRECTORY).organizations == ()


@pytest.mark.parametrize("resource_type", ["Consent", "AuditEvent"])
def test_consents_and_audit_events_are_hidden_from_clinicians(resource_type: str) -> None:
    assert visible_to(CLINICIAN, DIRECTORY, resource_type) == NOTHING
