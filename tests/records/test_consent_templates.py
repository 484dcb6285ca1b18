"""What each template says is what the consent rules then decide."""

from __future__ import annotations

from typing import Any

import pytest

from consent.decide import decide
from hub.fhir.validate import validate
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.consent_document import Giver, document
from hub.records.consent_templates import TEMPLATES, from_template
from tests.auth.consortium import NOW

HBA1C = {"system": "http://loinc.org", "code": "4548-4"}
FULL: dict[str, Json] = {
    "share-all": {},
    "deny-all": {},
    "only-my-family-doctor": {"practitioner": "gao"},
    "hide-codes": {"codes": [HBA1C]},
    "hide-types": {"types": ["Observation"], "organization": "east"},
    "hide-label": {"labels": ["PSY"]},
    "show-label": {"labels": ["PSY"], "organization": "east"},
    "organisation-sees-codes-for-hours": {"organization": "east", "hours": 24, "codes": [HBA1C], "only": True},
    "share-until": {"until": "2026-05-31"},
    "emergency-no": {},
    "no-research": {},
}


def _consent(name: str, **values: Any) -> Json:
    fhir = from_template({"template": name, **(values or FULL[name])}, NOW)
    made = document(fhir, Giver(performer="Patient/w"), "w", NOW, "https://hub.example", narrative=True)
    return {**made, "id": "c1"}


def _decided(consent: Json, *, who: str = "lin", role: str = "clinician", hours: int = 1, **resource: Any) -> str:
    """The reason for an HbA1c of another hospital, an hour after the consent, where the patient is under care."""
    at = f"2026-05-{20 + hours // 24}T{10 + hours % 24:02}:00:00+08:00"
    always = {"start": "2026-05-01", "end": "2027-01-01"}
    purpose = resource.pop("purpose", ["TREAT"])
    return decide(
        {
            "policy": {"clinical": "opt-out", "secondary": "opt-out"},
            "directory": {"Organization/east": {"legalEntity": True}, "Organization/west": {"legalEntity": True}},
            "patient": {
                "reference": "Patient/w",
                "birthDate": "1989-03-21",
                "careRelationships": [{"organization": "Organization/east", "period": always}],
                "managedBy": [{"practitioner": "Practitioner/gao", "period": always}],
            },
            "consents": [consent],
            "request": {
                "time": at,
                "requester": {"role": role, "reference": f"Practitioner/{who}", "organization": "Organization/east"},
                "purpose": purpose,
                "breakGlass": {"declared": "BTG" in purpose, "justification": "x", "declaredAt": at},
            },
            "resource": {
                "resourceType": "Observation",
                "reference": "Observation/o",
                "patient": "Patient/w",
                "authorOrganization": "Organization/west",
                "code": [HBA1C],
                "clinicalTime": "2026-05-01",
                **resource,
            },
        }
    ).reason.value


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_template_makes_a_valid_consent_in_two_languages(name: str) -> None:
    made = _consent(name)
    assert [issue for issue in validate(made) if issue.severity == "error"] == []
    assert TEMPLATES[name].chinese in made["text"]["div"] and TEMPLATES[name].english in made["text"]["div"]


def test_sharing_and_refusing_all() -> None:
    assert _decided(_consent("share-all")) == "consent-permit"
    assert _decided(_consent("deny-all")) == "consent-deny"


def test_only_the_family_doctor_sees() -> None:
    consent = _consent("only-my-family-doctor")
    assert _decided(consent, who="gao", role="family-doctor") == "consent-permit"
    assert _decided(consent) == "consent-deny"


def test_hiding_codes_types_and_labels() -> None:
    assert _decided(_consent("hide-codes")) == "consent-deny"
    assert _decided(_consent("hide-codes"), code=[{"system": "http://loinc.org", "code": "1-1"}]) == "default-permit"
    assert _decided(_consent("hide-types")) == "consent-deny"
    assert _decided(_consent("hide-types"), resourceType="Condition") == "default-permit"
    elsewhere = _consent("hide-codes", codes=[HBA1C], organization="west")
    assert _decided(elsewhere) == "default-permit"
    label = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSYTHPN"}]
    assert _decided(_consent("hide-label"), securityLabel=label) == "consent-deny"
    assert _decided(_consent("show-label"), securityLabel=label) == "consent-permit"
    assert _decided(_consent("hide-label")) == "default-permit"


def test_an_organisation_sees_codes_for_some_hours_and_then_nothing() -> None:
    consent = _consent("organisation-sees-codes-for-hours")
    assert _decided(consent) == "consent-permit"
    assert _decided(consent, resourceType="Condition", code=[]) == "consent-deny"
    assert _decided(consent, hours=25) == "consent-deny"
    assert _decided(_consent("organisation-sees-codes-for-hours", organization="east", hours=1, types=["Basic"])) == (
        "default-permit"
    )


def test_sharing_until_a_day_ends_with_that_day() -> None:
    consent = _consent("share-until", until="2026-05-20")
    assert _decided(consent) == "consent-permit"
    assert _decided(consent, hours=24) == "consent-deny"


def test_no_emergency_opens_what_was_refused_for_emergencies() -> None:
    assert _decided(_consent("emergency-no"), purpose=["BTG"]) == "emergency-explicitly-denied"
    assert _decided(_consent("emergency-no")) == "default-permit"
    assert _decided(_consent("deny-all"), purpose=["BTG"]) == "break-glass"


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"template": "share-everything"}, "template"),
        ({"template": ["share-all"]}, "template"),
        ({"template": "share-all", "codes": [HBA1C]}, "share-all"),
        ({"template": "hide-codes"}, "codes"),
        ({"template": "hide-codes", "codes": []}, "codes"),
        ({"template": "hide-codes", "codes": ["4548-4"]}, "codes"),
        ({"template": "hide-codes", "codes": [{"code": "4548-4"}]}, "codes"),
        ({"template": "hide-codes", "codes": [HBA1C], "organization": "a/b"}, "organization"),
        ({"template": "hide-label", "labels": ["R"]}, "labels"),
        ({"template": "hide-types", "types": ["Everything"]}, "types"),
        ({"template": "show-label", "labels": ["PSY"]}, "organization"),
        ({"template": "only-my-family-doctor"}, "practitioner"),
        ({"template": "organisation-sees-codes-for-hours", "organization": "e", "hours": True}, "hours"),
        ({"template": "organisation-sees-codes-for-hours", "organization": "e", "hours": 0}, "hours"),
        ({"template": "organisation-sees-codes-for-hours", "organization": "e", "hours": 1}, "codes"),
        ({"template": "share-until", "until": "soon"}, "until"),
        ({"template": "share-until", "until": "2026-05-31T10:00:00"}, "until"),
    ],
)
def test_a_wrong_value_is_named(asked: Json, where: str) -> None:
    with pytest.raises(HubError) as refused:
        from_template(asked, NOW)
    assert (refused.value.category, refused.value.where) == (Category.INVALID, where)
