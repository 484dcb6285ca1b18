"""What each template says is what the consent rules then decide."""

from __future__ import annotations

from typing import Any

import pytest

from consent.decide import decide
from hub.fhir.validate import validate
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.consent_document import Giver, document
from hub.records.consent_templates import TEMPLATES, from_template, template_of
from tests.auth.consortium import NOW

NAMES = {"east": "东城医院"}
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
    "glucose-for-hours": {"organization": "east"},
    "prescriptions-for-hours": {"organization": "east"},
    "show-for-hours": {"organization": "east", "categories": ["blood-pressure"], "hours": 2},
    "show-all-for-hours": {"organization": "east", "hours": 2},
    "hide-mental-health": {},
    "hide-sexual-health": {"organization": "east"},
    "imaging-hidden-from": {"organization": "east"},
    "hide": {"categories": ["glucose", "imaging", "mental-health"]},
    "show": {"organization": "east", "categories": ["mental-health"]},
    "emergency-yes": {},
    "research-yes": {},
}


def _consent(name: str, **values: Any) -> Json:
    fhir = from_template({"template": name, **(values or FULL[name])}, NOW, NAMES.get)
    made = document(fhir, Giver(performer="Patient/w"), "w", NOW, "https://hub.example", narrative=True)
    return {**made, "id": "c1"}


def _decided(*consents: Json, who: str = "lin", role: str = "clinician", hours: int = 1, **resource: Any) -> str:
    """The reason for an HbA1c of another hospital, an hour after the consent, where the patient is under care."""
    at = f"2026-05-{20 + hours // 24}T{10 + hours % 24:02}:00:00+08:00"
    always = {"start": "2026-05-01", "end": "2027-01-01"}
    purpose, form = resource.pop("purpose", ["TREAT"]), resource.pop("form", "identified")
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
            "consents": list(consents),
            "request": {
                "time": at,
                "requester": {"role": role, "reference": f"Practitioner/{who}", "organization": "Organization/east"},
                "purpose": purpose,
                "form": form,
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
    assert "{" not in made["text"]["div"] and made["text"]["div"].count("<p ") == 2
    assert template_of(made) is TEMPLATES[name]


def test_the_words_say_whom_what_and_how_long() -> None:
    assert (
        "同意东城医院查阅我的血糖和糖化血红蛋白，到2026-05-21 09:00为止。"
        in _consent("glucose-for-hours")["text"]["div"]
    )
    assert "不让其他任何机构看到我的精神心理健康内容" in _consent("hide-mental-health")["text"]["div"]
    hidden = _consent("hide-codes", codes=[{**HBA1C, "display": "<b>HbA1c</b>"}])["text"]["div"]
    assert "&lt;b&gt;HbA1c&lt;/b&gt;" in hidden and "everybody else" in hidden


def test_sharing_and_refusing_all() -> None:
    assert _decided(_consent("share-all")) == "consent-permit"
    assert _decided(_consent("deny-all")) == "consent-deny"


def test_sharing_is_with_those_who_care_and_in_counts_but_not_with_companies() -> None:
    for template in ("share-all", "share-until"):
        consent = _consent(template)
        reasons = {
            role: _decided(consent, role=role, purpose=[purpose], form="aggregate")
            for role, purpose in (("regional-centre", "HOPERAT"), ("enterprise", "PRODRD"))
        }
        assert reasons == {"regional-centre": "consent-permit", "enterprise": "consent-deny"}
    assert _decided(_consent("share-all"), {**_consent("deny-all"), "id": "c2"}) == "consent-deny"


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


def test_what_is_named_of_several_kinds_is_hidden_each_by_itself() -> None:
    consent = _consent("hide")
    assert _decided(consent) == "consent-deny"
    assert _decided(consent, resourceType="ImagingStudy", code=[]) == "consent-deny"
    label = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSYTHPN"}]
    assert _decided(consent, resourceType="Condition", code=[], securityLabel=label) == "consent-deny"
    assert _decided(consent, resourceType="Condition", code=[]) == "default-permit"


def test_glucose_is_shown_for_a_day_and_prescriptions_alone_to_the_pharmacy() -> None:
    refused = _consent("deny-all") | {"id": "c0"}
    glucose: dict[str, Any] = {}
    prescription: dict[str, Any] = {"resourceType": "MedicationRequest", "code": []}
    for name, shown, other in (
        ("glucose-for-hours", glucose, prescription),
        ("prescriptions-for-hours", prescription, glucose),
    ):
        consents = [refused, _consent(name)]
        assert _decided(*consents, **shown) == "consent-permit"
        assert _decided(*consents, **other) == "consent-deny"
        assert _decided(*consents, hours=25, **shown) == "consent-deny"


def test_images_are_hidden_from_one_hospital_and_its_reports_are_not() -> None:
    consent = _consent("imaging-hidden-from")
    assert _decided(consent, resourceType="ImagingStudy", code=[]) == "consent-deny"
    assert _decided(consent, resourceType="DiagnosticReport", code=[]) == "default-permit"
    elsewhere = _consent("imaging-hidden-from", organization="west")
    assert _decided(elsewhere, resourceType="ImagingStudy", code=[]) == "default-permit"


def test_research_and_emergencies_are_agreed_to_by_themselves() -> None:
    refused = _consent("deny-all") | {"id": "c0"}
    assert _decided(refused, _consent("emergency-yes"), purpose=["ETREAT"]) == "consent-permit"
    assert _decided(refused, _consent("emergency-yes")) == "consent-deny"
    research = _consent("research-yes")["provision"]
    assert research["type"] == "permit" and [one["code"] for one in research["purpose"]] == ["HRESCH"]


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
        ({"template": "hide-label", "labels": [["PSY"]]}, "labels"),
        ({"template": "hide", "categories": ["secrets"]}, "categories"),
        ({"template": "hide", "categories": [{}]}, "categories"),
        ({"template": "imaging-hidden-from"}, "organization"),
        ({"template": "glucose-for-hours", "organization": "e", "categories": ["imaging"]}, "glucose-for-hours"),
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
        from_template(asked, NOW, NAMES.get)
    assert (refused.value.category, refused.value.where) == (Category.INVALID, where)
