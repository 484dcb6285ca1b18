"""Roles, scopes and actors."""

from __future__ import annotations

import pytest

from hub.auth.actor import Actor
from hub.auth.roles import ROLES, allowed_form, allowed_purposes, role_named
from hub.auth.scopes import Letter, allows, check, confines
from hub.kernel.errors import Category, HubError
from tests.auth.consortium import NOW


def test_the_roles_of_the_consent_rules_have_their_purposes_and_forms() -> None:
    ruled = {name: (role.purposes, role.forms) for name, role in ROLES.items() if role.in_consent_rules}
    clinical = ("TREAT", "COC", "CAREMGT", "ETREAT", "BTG")
    assert ruled == {
        "patient": (("PATRQT",), ("identified",)),
        "proxy": (("PATRQT", "FAMRQT"), ("identified",)),
        "family-doctor": (clinical, ("identified",)),
        "clinician": (clinical, ("identified",)),
        "regional-centre": (("HOPERAT", "HQUALIMP", "PUBHLTH"), ("deidentified", "aggregate")),
        "researcher": (("HRESCH", "CLINTRCH", "BIORCH"), ("aggregate",)),
        "enterprise": (("PRODRD",), ("aggregate",)),
    }


def test_an_unknown_role_is_refused_with_the_roles_there_are() -> None:
    with pytest.raises(HubError) as refusal:
        role_named("superuser")
    assert refusal.value.category is Category.INVALID
    assert "clinician" in refusal.value.todo


def test_a_purpose_the_role_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(HubError) as refusal:
        allowed_purposes(ROLES["clinician"], ["TREAT", "HRESCH"])
    assert refusal.value.todo == "allowed: TREAT, COC, CAREMGT, ETREAT, BTG"


def test_no_purpose_means_the_first_of_the_role() -> None:
    assert allowed_purposes(ROLES["auditor"], []) == ("HCOMPL",)


def test_a_form_the_role_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(HubError) as refusal:
        allowed_form(ROLES["researcher"], "identified")
    assert refusal.value.todo == "allowed: aggregate"
    assert allowed_form(ROLES["regional-centre"], "") == "deidentified"


@pytest.mark.parametrize(
    ("scopes", "resource_type", "letter", "allowed"),
    [
        ([], "Observation", "d", True),
        (["user/Observation.rs"], "Observation", "r", True),
        (["user/Observation.rs"], "Observation", "u", False),
        (["user/Observation.rs"], "Patient", "r", False),
        (["user/*.rs"], "Patient", "s", True),
        (["user/Observation.rs"], "*", "s", False),
        (["system/*.read"], "*", "s", True),
        (["system/Patient.write"], "Patient", "d", True),
        (["system/Patient.write"], "Patient", "r", False),
        (["user/Patient.r", "user/Patient.s"], "Patient", "s", True),
        (["patient/Observation.rs"], "Observation", "s", True),
        (["patient/*.read"], "Patient", "u", False),
    ],
)
def test_scopes_are_a_ceiling(scopes: list[str], resource_type: str, letter: Letter, allowed: bool) -> None:
    assert allows(scopes, resource_type, letter) is allowed


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Observation.cruds",
        "patient/*.write",
        "patient/*.*",
        "user/Observation.rs?value-quantity=5",
        "user/Observation.sr",
        "user/Observation.",
        "user/observation.rs",
        "all",
        "user/*.rs\nuser/*.cruds",
    ],
)
def test_a_scope_that_cannot_be_enforced_is_refused(scope: str) -> None:
    with pytest.raises(HubError):
        check([scope])
    assert not allows([scope], "Observation", "r")


def test_the_scopes_of_a_patient_need_a_patient_and_confine_the_token() -> None:
    with pytest.raises(HubError):
        check(["user/*.rs", "patient/Observation.rs"])
    scopes = check(["user/*.rs", "patient/Observation.rs"], "w")
    assert confines(scopes)
    assert not confines(["user/*.rs"])


def _actor(role: str, practitioner: str | None, patient: str | None) -> Actor:
    return Actor(
        role=role,
        practitioner=practitioner,
        patient=patient,
        purpose=("TREAT",),
        client="test",
        token_id="t",
        expires=NOW,
    )


def test_an_actor_has_the_reference_the_consent_rules_compare() -> None:
    assert _actor("clinician", "lin", "w").reference == "Practitioner/lin"
    assert _actor("clinician", None, "w").reference is None
    assert _actor("patient", None, "w").reference == "Patient/w"
    assert _actor("proxy", "RelatedPerson/ma", "w").reference == "RelatedPerson/ma"
