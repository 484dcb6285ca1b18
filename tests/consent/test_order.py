"""Section 3: the order of decision, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from consent.configuration import Configuration
from consent.tables import NON_PATIENT_TYPES, NOT_DEIDENTIFIABLE, ROLES
from tests.consent.cases import (
    APPROVAL,
    CLINICIAN,
    EMERGENCY,
    PATIENT,
    SON,
    asked,
    case,
    consent,
    label,
    person,
    proxy,
    resource,
    says,
    strange,
)

SELF = asked("patient")


@pytest.mark.parametrize(
    "given",
    [
        case(request=asked(requester={"role": None})),
        case(request=asked(requester={"role": ""})),
        case(request=asked(requester={"role": {}})),
        case(request=asked(purpose=...)),
        case(request=asked(purpose=[])),
        case(request=asked(purpose="TREAT")),
        case(request=asked(time=...)),
        case(request=asked(time="2026-06-10T10:00:00")),
        case(request=asked(time="yesterday")),
        case(request=asked(time=20260610)),
        case(resource=resource(resourceType=...)),
        case(request=...),
        case(resource=...),
        case(request=[], resource="x"),
        {},
        None,
        "a case",
        7,
    ],
)
def test_step_1_a_request_without_role_purpose_time_or_type_is_invalid(given: Any) -> None:
    assert says(given) == "deny invalid-request"


def test_step_1_comes_before_an_unknown_role() -> None:
    assert says(case(request=asked("nurse", time=...))) == "deny invalid-request"


@pytest.mark.parametrize("role", ["nurse", "Clinician", "auditor", "system"])
def test_step_2_there_are_no_other_roles(role: str) -> None:
    assert says(case(request=asked(role))) == "deny role-not-allowed"


def test_step_2_comes_before_data_about_no_patient() -> None:
    place = resource(resourceType="Location", patient=...)
    assert says(case(request=asked("nurse"), resource=place)) == "deny role-not-allowed"


@pytest.mark.parametrize("type_", sorted(NON_PATIENT_TYPES))
def test_step_3_a_type_about_no_patient_is_open_whatever_purpose_and_form(type_: str) -> None:
    request = asked(purpose=["HMARKT"], form="poster")
    about_nobody = resource(resourceType=type_, patient=..., securityLabel=label("V"))
    assert says(case(consent("deny"), request=request, resource=about_nobody)) == "permit not-patient-data"


def test_step_3_a_medication_of_a_patient_is_patient_data() -> None:
    medication = resource(resourceType="Medication")
    assert says(case(consent("deny"), resource=medication)) == "deny consent-deny"


def test_step_3_a_patient_that_cannot_be_read_is_still_a_patient() -> None:
    medication = resource(resourceType="Medication", patient={"reference": PATIENT})
    assert says(case(resource=medication)) == "deny patient-mismatch"


@pytest.mark.parametrize("patient", ["Patient/other", ..., None, "chen", "https://elsewhere.example/Patient/chen"])
def test_step_4_a_resource_of_somebody_else_is_a_mismatch(patient: Any) -> None:
    assert says(case(resource=resource(patient=patient))) == "deny patient-mismatch"


def test_step_4_ids_merged_into_the_patient_are_hers() -> None:
    linked = person(links=["Patient/old", "Patient/older"])
    assert says(case(patient=linked, resource=resource(patient="Patient/older"))) == "permit default-permit"


def test_step_4_comes_before_the_purpose() -> None:
    given = case(request=asked(purpose=["HMARKT"]), resource=resource(patient="Patient/other"))
    assert says(given) == "deny patient-mismatch"


def test_step_4_a_patient_without_reference_is_nobody() -> None:
    assert says(case(patient={})) == "deny patient-mismatch"
    assert says(case(patient=..., resource=resource(patient=...))) == "deny patient-mismatch"


@pytest.mark.parametrize("role", sorted(ROLES))
def test_step_5_a_purpose_outside_the_role_is_refused_even_beside_an_allowed_one(role: str) -> None:
    outside = "PRODRD" if role != "enterprise" else "TREAT"
    mixed = asked(role)["purpose"] + [outside]
    assert says(case(request=asked(role, purpose=mixed))) == "deny purpose-not-allowed"


@pytest.mark.parametrize("purposes", [["treat"], [None], [["TREAT"]], [{}], ["TREAT", 7]])
def test_step_5_what_is_no_purpose_code_is_not_allowed(purposes: list[Any]) -> None:
    assert says(case(request=asked(purpose=purposes))) == "deny purpose-not-allowed"


@pytest.mark.parametrize("declared", [False, ..., "true", 1, None])
def test_step_5_break_the_glass_needs_a_declaration(declared: Any) -> None:
    glass = {**EMERGENCY["breakGlass"], "declared": declared} if declared is not ... else {"justification": "x"}
    assert says(case(request=asked(purpose=["BTG"], breakGlass=glass))) == "deny break-glass-not-justified"


def test_step_5_break_the_glass_needs_a_declaration_even_for_what_would_be_permitted() -> None:
    own = resource(authorOrganization="Organization/county")
    assert says(case(request=asked(purpose=["TREAT", "BTG"]), resource=own)) == "deny break-glass-not-justified"


def test_step_5_an_undeclared_emergency_is_a_purpose_like_any_other() -> None:
    assert says(case(request=asked(purpose=["ETREAT"]))) == "permit default-permit"


@pytest.mark.parametrize(("role", "form"), [(r, f) for r in ROLES for f in ("identified", "deidentified", "aggregate")])
def test_step_6_a_form_outside_the_role_is_refused(role: str, form: str) -> None:
    refused = says(case(request=asked(role, form=form))) == "deny form-not-allowed"
    assert refused == (form not in ROLES[role].forms)


@pytest.mark.parametrize("form", ["", 3, "Identified"])
def test_step_6_an_unknown_form_is_refused(form: Any) -> None:
    assert says(case(request=asked(form=form))) == "deny form-not-allowed"


def test_step_6_the_form_is_identified_when_nothing_is_said() -> None:
    assert says(case(request=asked(form=...))) == "permit default-permit"
    assert says(case(request=asked("enterprise", form=...))) == "deny form-not-allowed"


@pytest.mark.parametrize("type_", sorted(NOT_DEIDENTIFIABLE))
def test_step_6_some_types_cannot_be_deidentified_but_may_be_counted(type_: str) -> None:
    given = resource(resourceType=type_)
    assert says(case(request=asked("regional-centre"), resource=given)) == "deny not-deidentifiable"
    counted = says(case(request=asked("regional-centre", form="aggregate"), resource=given))
    assert counted == "permit default-permit aggregate-only suppress-small-cells"


@pytest.mark.parametrize("type_", ["Consent", "AuditEvent"])
@pytest.mark.parametrize("role", ["family-doctor", "clinician", "regional-centre", "researcher", "enterprise"])
def test_step_7_records_about_the_record_are_for_patient_and_proxy(role: str, type_: str) -> None:
    own = resource(resourceType=type_, authorOrganization="Organization/county")
    assert says(case(request=asked(role), resource=own)) == "deny record-restricted"
    assert says(case(request=SELF, resource=own)) == "permit self-access"


def test_step_8_a_patient_sees_her_own_record_whatever_consents_and_labels_say() -> None:
    secret = resource(securityLabel=label("V", "HIV", "SDV"))
    assert says(case(consent("deny"), {**consent(), "dateTime": "x"}, request=SELF, resource=secret)) == (
        "permit self-access"
    )


def test_step_8_a_merged_id_of_the_patient_is_herself() -> None:
    request = asked("patient", requester={"reference": "Patient/old"})
    assert says(case(request=request, patient=person(links=["Patient/old"]))) == "permit self-access"


@pytest.mark.parametrize("reference", ["Patient/other", None, SON])
def test_step_8_another_patient_is_not_herself(reference: str | None) -> None:
    assert says(case(request=asked("patient", requester={"reference": reference}))) == "deny not-self"


@pytest.mark.parametrize(
    ("born", "said"),
    [
        ("2012-06-10", "permit self-access"),
        ("2012-06-11", "deny no-capacity"),
        ("2012-06", "deny no-capacity"),
        ("2012-05", "permit self-access"),
        ("2012", "deny no-capacity"),
        ("2011", "permit self-access"),
        ("2030-01-01", "deny no-capacity"),
        ("2012-02-30", "deny no-capacity"),
        ("1970-03-01T00:00:00+08:00", "deny no-capacity"),
        ("", "deny no-capacity"),
        (1970, "deny no-capacity"),
        (None, "deny no-capacity"),
    ],
)
def test_step_8_a_patient_has_capacity_from_fourteen_and_not_when_her_age_is_unknown(born: Any, said: str) -> None:
    assert says(case(request=SELF, patient=person(birthDate=born))) == said


def test_step_8_a_birthday_begins_at_midnight_in_china() -> None:
    born = person(birthDate="2012-06-10")
    assert says(case(patient=born, request=asked("patient", time="2026-06-09T15:59:59Z"))) == "deny no-capacity"
    assert says(case(patient=born, request=asked("patient", time="2026-06-09T16:00:00Z"))) == "permit self-access"


def test_step_8_who_was_born_on_29_february_completes_the_year_on_1_march() -> None:
    born = person(birthDate="2012-02-29")
    eve, day = (asked("patient", time=f"2026-{date}T12:00:00+08:00") for date in ("02-28", "03-01"))
    assert says(case(patient=born, request=eve)) == "deny no-capacity"
    assert says(case(patient=born, request=day)) == "permit self-access"


def test_step_8_the_order_is_self_then_capacity_then_the_label() -> None:
    child, withheld = person(birthDate="2020-01-01"), resource(securityLabel=label("NOPAT"))
    other = asked("patient", requester={"reference": "Patient/other"})
    assert says(case(request=other, patient=child, resource=withheld)) == "deny not-self"
    assert says(case(request=SELF, patient=child, resource=withheld)) == "deny no-capacity"
    assert says(case(request=SELF, resource=withheld)) == "deny withheld-from-patient"


@pytest.mark.parametrize(
    "approval",
    [
        ...,
        {**APPROVAL, "status": "pending"},
        {**APPROVAL, "status": ...},
        {**APPROVAL, "organization": "Organization/county"},
        {**APPROVAL, "organization": None},
        {**APPROVAL, "period": {}},
        {**APPROVAL, "period": None},
        {**APPROVAL, "period": {"start": "2026-06-11"}},
        {**APPROVAL, "period": {"end": "2026-06-09"}},
        {**APPROVAL, "period": {"start": "2026-12", "end": "2026-01"}},
        {**APPROVAL, "period": {"start": "soon"}},
        {**APPROVAL, "resourceTypes": ["Condition"]},
    ],
)
def test_step_10_a_researcher_needs_an_approval_that_holds(approval: Any) -> None:
    assert says(case(request=asked("researcher", ethicsApproval=approval))) == "deny ethics-approval-missing"


@pytest.mark.parametrize("types", [..., [], ["Observation"], ["Condition", "Observation"]])
@pytest.mark.parametrize("organization", ["Organization/university", "Organization/institute"])
def test_step_10_an_approval_of_the_researchers_chain_opens_ordinary_evaluation(types: Any, organization: str) -> None:
    approval = {**APPROVAL, "organization": organization, **({} if types is ... else {"resourceTypes": types})}
    request = asked("researcher", ethicsApproval=approval)
    assert says(case(request=request)) == "permit default-permit aggregate-only suppress-small-cells"
    assert says(case(consent("deny"), request=request)) == "deny consent-deny"


def test_step_10_an_approval_counts_upwards_only() -> None:
    approval = {**APPROVAL, "organization": "Organization/institute"}
    above = asked("researcher", requester={"organization": "Organization/university"}, ethicsApproval=approval)
    assert says(case(request=above)) == "deny ethics-approval-missing"


@pytest.mark.parametrize(
    ("form", "obligations"), [("deidentified", "deidentify"), ("aggregate", "aggregate-only suppress-small-cells")]
)
def test_step_11_statutory_public_health_asks_no_consent_and_carries_the_form_only(form: str, obligations: str) -> None:
    request = asked("regional-centre", purpose=["PUBHLTH"], form=form)
    given = case(consent("deny"), request=request, resource=resource(securityLabel=label("V", "HIV")))
    assert says(given) == f"permit statutory-public-health {obligations}"


@pytest.mark.parametrize("beside", ["HOPERAT", "PUBHLTH"])
def test_step_11_with_anything_beside_the_one_purpose_consents_count(beside: str) -> None:
    request = asked("regional-centre", purpose=["PUBHLTH", beside])
    assert says(case(consent("deny"), request=request)) == "deny consent-deny"


@pytest.mark.parametrize("organization", ["Organization/county", "Organization/ward"])
@pytest.mark.parametrize("author", ["Organization/county", "Organization/ward"])
def test_step_12_a_clinician_sees_what_her_legal_entity_wrote(organization: str, author: str) -> None:
    own = resource(authorOrganization=author, securityLabel=label("V", "PSY"))
    request = asked(requester={"organization": organization}, purpose=["COC"])
    refused = consent("deny"), {**consent("deny"), "dateTime": "x"}
    assert says(strange(*refused, request=request, resource=own)) == "permit author-organisation"


@pytest.mark.parametrize(
    ("organization", "author"),
    [
        ("Organization/county", "Organization/township"),
        ("Organization/county", "Organization/alliance"),
        ("Organization/county", None),
        (None, "Organization/county"),
        (None, None),
    ],
)
def test_step_12_other_entities_and_missing_ones_are_not_the_author(organization: Any, author: Any) -> None:
    own = resource(authorOrganization=author)
    request = asked(requester={"organization": organization})
    assert says(strange(request=request, resource=own)) == "deny no-care-relationship"


@pytest.mark.parametrize("organization", ["Organization/loose", "Organization/unlisted"])
def test_step_12_an_organisation_without_a_legal_entity_in_its_chain_is_its_own(organization: str) -> None:
    request = asked(requester={"organization": organization})
    assert says(strange(request=request, resource=resource(authorOrganization=organization))) == (
        "permit author-organisation"
    )
    assert says(strange(request=request, resource=resource(authorOrganization="Organization/looser"))) == (
        "deny no-care-relationship"
    )


def test_step_12_a_circle_of_organisations_ends() -> None:
    ring = {"Organization/a": {"partOf": "Organization/b"}, "Organization/b": {"partOf": "Organization/a"}}
    request = asked(requester={"organization": "Organization/a"})
    given = strange(directory=ring, request=request, resource=resource(authorOrganization="Organization/a"))
    assert says(given) == "permit author-organisation"


def test_step_12_a_family_doctor_sees_it_only_of_managed_patients() -> None:
    doctor = asked("family-doctor")
    assert says(case(consent("deny"), request=doctor)) == "permit author-organisation"
    unmanaged = person(managedBy=[])
    assert says(case(patient=unmanaged, request=doctor)) == "deny not-managed-patient"


def test_step_12_is_for_clinical_roles_only() -> None:
    centre = asked("regional-centre")
    own = resource(authorOrganization="Organization/centre")
    assert says(case(consent("deny"), request=centre, resource=own)) == "deny consent-deny"


def test_the_start_of_the_query_is_not_looked_at() -> None:
    before = asked(queryStartedAt="2020-01-01T00:00:00Z")
    assert says(case(consent("deny"), request=before)) == "deny consent-deny"


def test_references_lose_the_hubs_base_and_their_version() -> None:
    configuration = Configuration(base_urls=("https://hub.example/fhir",))
    here = "https://hub.example/fhir/"
    given = case(
        request=asked("patient", requester={"reference": f"{here}Patient/chen/_history/4"}),
        resource=resource(patient="Patient/chen/_history/2"),
    )
    assert says(given, configuration) == "permit self-access"
    assert says(given) == "deny not-self"


def test_another_absolute_url_matches_only_itself() -> None:
    elsewhere = "https://else.example/fhir/Patient/chen"
    other = person(reference=elsewhere)
    self_ = asked("patient", requester={"reference": elsewhere})
    assert says(case(patient=other, request=self_, resource=resource(patient=elsewhere))) == "permit self-access"
    versioned = resource(patient=elsewhere + "/_history/1")
    assert says(case(patient=other, request=self_, resource=versioned)) == "deny patient-mismatch"
    assert says(case(patient=other, request=self_)) == "deny patient-mismatch"


def test_ages_and_hours_are_configuration() -> None:
    sixteen = Configuration(age_of_capacity=16)
    assert says(case(request=SELF, patient=person(birthDate="2011-01-01")), sixteen) == "deny no-capacity"
    hurried = Configuration(break_glass_hours=0)
    assert says(case(consent("deny"), request=asked(**EMERGENCY)), hurried) == "deny break-glass-expired"


def test_a_clinicians_own_reference_does_not_make_her_a_proxy() -> None:
    given = case(
        request=asked("proxy", requester={"reference": CLINICIAN}), patient=person(proxies=[proxy("delegate")])
    )
    assert says(given) == "deny proxy-not-valid"
