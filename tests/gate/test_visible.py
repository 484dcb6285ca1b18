"""Admission and the predicate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.tables import NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.roles import IDENTIFIED, ROLES, VOCABULARY
from hub.gate.visible import EVERY_FORM, admit, of_patients
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from tests.gate.house import CLINICIAN
from tests.gate.test_release import looked_up

READING = {"clinician", "family-doctor", "patient", "proxy"}


@pytest.mark.parametrize("role", sorted(READING))
def test_roles_that_read_records_are_admitted(role: str) -> None:
    admit(replace(CLINICIAN, role=role), "Observation", "r")


@pytest.mark.parametrize("role", sorted(ROLES.keys() - READING))
def test_every_other_role_is_forbidden_and_sees_nothing_about_patients(role: str) -> None:
    actor = replace(CLINICIAN, role=role)
    with pytest.raises(HubError) as refusal:
        admit(actor, "Organization", "r")
    code = "form-not-available" if ROLES[role].in_consent_rules else "role-not-allowed"
    assert (refusal.value.category, refusal.value.code) == (Category.FORBIDDEN, code)
    assert of_patients(looked_up(actor, ())).organizations == ()


@pytest.mark.parametrize("name", sorted(VOCABULARY))
def test_what_codes_mean_is_read_by_every_role_where_its_form_leaves(name: str) -> None:
    for role in ROLES.values():
        actor = replace(CLINICIAN, role=role.name, form=role.forms[0])
        admit(actor, name, "r", EVERY_FORM)
        if IDENTIFIED in role.forms:
            admit(actor, name, "r")
            continue
        with pytest.raises(HubError) as refusal:
            admit(actor, name, "r")
        assert refusal.value.code == "form-not-available"


def test_the_scopes_of_a_token_are_a_ceiling() -> None:
    actor = replace(CLINICIAN, scopes=("user/Observation.rs",))
    admit(actor, "Observation", "s")
    for resource_type in ("Patient", "*"):
        with pytest.raises(HubError) as refusal:
            admit(actor, resource_type, "s")
        assert refusal.value.code == "scope-not-allowed"


def test_a_clinician_sees_what_the_legal_entity_authored_and_what_is_about_nobody() -> None:
    visible = of_patients(looked_up(replace(CLINICIAN, organization="F01-ICU"), ()))
    assert visible.organizations == ("F01", "F01-ICU")
    assert visible.types == NON_PATIENT_TYPES
    assert visible.withheld == RECORD_TYPES
    assert not visible.everything
    assert (visible.groups, visible.panel) == ((), None)


def test_an_organisation_that_is_nobody_sees_no_patient_data_by_author() -> None:
    assert of_patients(looked_up(replace(CLINICIAN, organization="F99"), ())).organizations == ()


@pytest.mark.parametrize("purpose", [("PATRQT",), ("BTG",), ()])
def test_a_purpose_the_role_does_not_have_opens_nothing_not_even_the_own_organisation(purpose: tuple[str, ...]) -> None:
    assert of_patients(looked_up(replace(CLINICIAN, purpose=purpose), ())).organizations == ()


def test_persons_of_whom_the_same_may_be_seen_are_one_group() -> None:
    visible = of_patients(looked_up(CLINICIAN, ("a", "b", "c"), ["F01"]))
    assert [group.pkeys for group in visible.groups] == [tuple(reference_key("Patient", p) for p in "abc")]


def test_a_family_doctor_does_not_see_what_the_organisation_authored_of_strangers() -> None:
    assert of_patients(looked_up(replace(CLINICIAN, role="family-doctor"), ())).organizations == ()
