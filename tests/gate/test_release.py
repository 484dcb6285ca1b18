"""The decision at release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from consent.configuration import DEFAULT
from consent.decision import Decision
from consent.person import Person, Relation
from consent.tables import NON_PATIENT_TYPES
from consent.times import ALWAYS
from hub.auth.actor import Actor
from hub.auth.roles import ROLES
from hub.gate.alike import looks_of
from hub.gate.asking import request_of
from hub.gate.cases import Case, Cases, Rules
from hub.gate.dossiers import Dossier
from hub.gate.release import decide, decide_version, short_way
from hub.kernel.ids import reference_key
from hub.store.values import Stored
from tests.auth.consortium import NOW
from tests.gate.house import CLINICIAN, DIRECTORY, stored

RULES = Rules(DIRECTORY, DEFAULT)


def looked_up(actor: Actor, patients: Sequence[str] = ("a",), care: Sequence[str] = ()) -> Cases:
    """The cases of some patients in the care of some organisations, without consents."""
    request = request_of(actor, DIRECTORY, NOW)
    own = DIRECTORY.same_entity(actor.organization)
    cases = Cases(rules=RULES, actor=actor, at=NOW, own=own, nobody=RULES.nobody(actor))
    for patient in patients:
        relations = tuple(Relation(f"Organization/{code}", ALWAYS) for code in care)
        person = Person(frozenset({f"Patient/{patient}"}), None, (), relations, ())
        pkey = reference_key("Patient", patient)
        dossier = Dossier(pkeys=(pkey,), sources=(patient,), golden=None, person=person, consents=(), versions={})
        inquiry = RULES.inquiry(request, dossier.person, dossier.consents)
        cases.by_pkey[pkey] = Case(dossier=dossier, inquiry=inquiry, pointed={}, looks=looks_of(inquiry))
    return cases


def said(decision: Decision) -> tuple[bool, str]:
    return decision.permitted, decision.reason.value


@pytest.mark.parametrize("organization", ["F01", "F01-ICU"])
@pytest.mark.parametrize("author", ["F01", "F01-ICU", "Organization/F01"])
def test_what_the_legal_entity_authored_is_permitted_with_and_without_a_look_at_the_person(
    organization: str, author: str
) -> None:
    actor, row = replace(CLINICIAN, organization=organization), stored("Observation", author=author)
    short = short_way(actor, DIRECTORY, row)
    assert short is not None
    for decision in (short, decide(looked_up(actor), row), decide(looked_up(actor, ()), row)):
        assert said(decision) == (True, "author-organisation")


@pytest.mark.parametrize("author", ["F03", "ALLIANCE", "F99", ""])
@pytest.mark.parametrize(
    ("role", "reason"), [("clinician", "no-care-relationship"), ("family-doctor", "not-managed-patient")]
)
def test_what_others_authored_is_denied_to_strangers(author: str, role: str, reason: str) -> None:
    actor, row = replace(CLINICIAN, role=role), stored("Observation", author=author)
    assert said(decide(looked_up(actor), row)) == (False, reason)
    assert short_way(actor, DIRECTORY, row) is None


def test_a_patient_in_the_care_of_the_legal_entity_is_open_by_default() -> None:
    actor, row = replace(CLINICIAN, organization="F01-ICU"), stored("Observation", author="F03")
    assert said(decide(looked_up(actor, care=["F01"]), row)) == (True, "default-permit")


def test_two_strangers_are_not_the_same_organisation() -> None:
    for code in ("F99", ""):
        actor = replace(CLINICIAN, organization=code)
        assert not decide(looked_up(actor), stored("Observation", author=code)).permitted


def test_a_patient_who_was_not_looked_up_is_denied() -> None:
    decision = decide(looked_up(CLINICIAN, ("b",), ["F01"]), stored("Observation", author="F03"))
    assert said(decision) == (False, "patient-mismatch")


def test_a_confined_token_sees_its_own_person_and_what_is_about_nobody() -> None:
    actor = replace(CLINICIAN, patient="b", scopes=("patient/*.rs",))
    cases = looked_up(actor, ("a", "b"), ["F01"])
    cases.confined = (reference_key("Patient", "b"),)
    assert said(decide(cases, stored("Observation", author="F01"))) == (False, "patient-mismatch")
    assert said(decide(cases, stored("Observation", author="F01", patient="b"))) == (True, "author-organisation")
    assert short_way(actor, DIRECTORY, stored("Observation", author="F01", patient="b")) is None
    assert decide(cases, stored("Practitioner", author="F01", patient=None)).permitted


@pytest.mark.parametrize("resource_type", sorted(NON_PATIENT_TYPES))
def test_what_is_about_no_patient_is_permitted_whoever_wrote_it(resource_type: str) -> None:
    resource = stored(resource_type, author="F03", patient=None)
    assert said(decide(looked_up(CLINICIAN), resource)) == (True, "not-patient-data")


def test_a_non_patient_type_about_a_patient_is_patient_data() -> None:
    assert not decide(looked_up(CLINICIAN), stored("Medication", author="F03", patient="a")).permitted
    assert not decide(looked_up(CLINICIAN), stored("Observation", author="F01", patient=None)).permitted


@pytest.mark.parametrize("resource_type", ["Consent", "AuditEvent"])
def test_consents_and_audit_events_are_denied_even_to_their_author(resource_type: str) -> None:
    assert said(decide(looked_up(CLINICIAN), stored(resource_type))) == (False, "record-restricted")
    assert short_way(CLINICIAN, DIRECTORY, stored(resource_type)) is None


@pytest.mark.parametrize("role", sorted(role.name for role in ROLES.values() if not role.in_consent_rules))
def test_roles_of_the_hub_itself_are_denied_everything(role: str) -> None:
    actor = replace(CLINICIAN, role=role)
    for row in (stored("Organization", patient=None), stored("Observation")):
        assert said(decide(looked_up(actor), row)) == (False, "role-not-allowed")


def test_a_version_needs_a_permit_for_then_and_for_now() -> None:
    ours, theirs = stored("Observation", author="F01"), stored("Observation", author="F03")
    cases = looked_up(CLINICIAN)
    assert decide_version(cases, ours, ours).permitted
    assert not decide_version(cases, theirs, ours).permitted
    assert not decide_version(cases, ours, theirs).permitted


def test_a_version_is_judged_by_the_stricter_of_its_labels_then_and_now() -> None:
    restricted = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R"

    def version(labels: Sequence[str]) -> Stored:
        return stored("Observation", author="F03", labels=labels)

    cases = looked_up(CLINICIAN, care=["F01"])
    assert decide_version(cases, version([]), version([])).permitted
    for then, now in (([restricted], []), ([], [restricted])):
        assert said(decide_version(cases, version(then), version(now))) == (False, "restricted-not-permitted")
