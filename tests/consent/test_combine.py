"""Section 6: the relationship, specific and general statements, the default, cover, the second approval."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.types import Json
from tests.consent.cases import (
    CLINICIAN,
    DOCTOR,
    actor,
    asked,
    case,
    class_,
    code,
    consent,
    data,
    label,
    person,
    provision,
    purpose,
    resource,
    rule,
    says,
    strange,
)

NOBODY = "deny no-care-relationship"
PERMIT = "permit consent-permit"
DENY = "deny consent-deny"
HB: Json = {"code": code("718-7")}
ME: Json = {"actor": actor(CLINICIAN)}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"organization": "Organization/county", "period": {"start": "2026-06-10", "end": "2026-06-10"}}, True),
        ({"organization": "Organization/ward", "period": {"end": "2026-06-10"}}, True),
        ({"organization": "Organization/county", "period": {"end": "2026-06-10T09:59:59+08:00"}}, False),
        ({"organization": "Organization/county", "period": {"start": "2026-06-11"}}, False),
        ({"organization": "Organization/county"}, False),
        ({"organization": "Organization/county", "period": {}}, False),
        ({"organization": "Organization/county", "period": {"start": "2026-12", "end": "2026-01"}}, False),
        ({"organization": "Organization/county", "period": {"start": "2026-06-01T00:00:00"}}, False),
        ({"organization": "Organization/alliance", "period": {"start": "2026"}}, False),
        ({"organization": "Organization/township", "period": {"start": "2026"}}, False),
        ({"organization": None, "period": {"start": "2026"}}, False),
        ({"period": {"start": "2026"}}, False),
    ],
)
def test_a_clinician_has_a_relationship_through_her_legal_entity_within_a_period(entry: Json, said: bool) -> None:
    given = case(patient=person(careRelationships=[entry]))
    assert says(given) == ("permit default-permit" if said else NOBODY)


def test_a_missing_organisation_has_no_relationship_with_a_missing_organisation() -> None:
    cared = person(careRelationships=[{"period": {"start": "2026"}}])
    assert says(case(patient=cared, request=asked(requester={"organization": None}))) == NOBODY


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"practitioner": DOCTOR, "period": {"start": "2026-06-10", "end": "2026-06-10"}}, True),
        ({"practitioner": DOCTOR + "/_history/2", "period": {"start": "2026"}}, True),
        ({"practitioner": DOCTOR}, False),
        ({"practitioner": DOCTOR, "period": {"end": "2026-06-09"}}, False),
        ({"practitioner": "Practitioner/other", "period": {"start": "2026"}}, False),
        ({"practitioner": "PractitionerRole/sun", "period": {"start": "2026"}}, False),
        ({"period": {"start": "2026"}}, False),
    ],
)
def test_a_family_doctor_has_a_relationship_if_she_manages_the_patient(entry: Json, said: bool) -> None:
    request = asked("family-doctor", requester={"practitionerRole": "PractitionerRole/sun"})
    elsewhere = resource(authorOrganization="Organization/county")
    given = case(patient=person(managedBy=[entry]), request=request, resource=elsewhere)
    assert says(given) == ("permit default-permit" if said else "deny not-managed-patient")


def test_a_family_doctor_without_reference_manages_nobody() -> None:
    nobody = person(managedBy=[{"practitioner": None, "period": {"start": "2026"}}])
    request = asked("family-doctor", requester={"reference": None})
    assert says(case(patient=nobody, request=request)) == "deny not-managed-patient"


def test_care_does_not_make_a_family_doctor_nor_management_a_clinician() -> None:
    cared = person(
        managedBy=[], careRelationships=[{"organization": "Organization/township", "period": {"end": "2030"}}]
    )
    assert says(case(patient=cared, request=asked("family-doctor"))) == "deny not-managed-patient"
    managed = person(careRelationships=[], managedBy=[{"practitioner": CLINICIAN, "period": {"end": "2030"}}])
    assert says(case(patient=managed)) == NOBODY


def test_other_roles_always_have_the_relationship() -> None:
    alone = person(managedBy=[], careRelationships=[])
    assert says(case(patient=alone, request=asked("regional-centre"))) == "permit default-permit deidentify"


def test_1_any_specific_deny_wins_over_permits_and_over_a_missing_relationship() -> None:
    refused, agreed = consent("deny", about=HB, given="2020"), consent(about={**HB, **ME})
    assert says(case(refused, agreed)) == DENY
    assert says(case(agreed, refused)) == DENY
    assert says(strange(refused)) == DENY


def test_2_without_relationship_a_general_deny_is_not_looked_at() -> None:
    assert says(strange(consent("deny"))) == NOBODY


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (consent(about=ME), PERMIT),
        (consent(about={"actor": actor("Organization/alliance")}), PERMIT),
        (consent(None, provision("permit", **HB), about=ME), PERMIT),
        (consent("deny", provision("permit", **ME)), PERMIT),
        (consent(about=HB), NOBODY),
        (consent(), NOBODY),
        (consent(about={"period": {"start": "2026"}}), NOBODY),
        (consent(about={"actor": actor(DOCTOR)}), NOBODY),
        (consent(about={"purpose": purpose("TREAT")}), NOBODY),
    ],
)
def test_2_without_relationship_only_a_permit_that_names_an_actor_helps(given: Json, said: str) -> None:
    assert says(strange(given)) == said


def test_3_a_counting_permit_goes_before_a_later_general_deny() -> None:
    assert says(case(consent(about=HB, given="2020"), consent("deny", given="2026-06-01"))) == PERMIT


def test_3_a_specific_permit_needs_no_opt_in() -> None:
    assert says(case(consent(about=HB), policy={"clinical": "opt-in"})) == PERMIT


def test_3_a_permit_in_a_consent_that_says_deny_does_not_count() -> None:
    both = consent("permit", provision("permit", **HB), provision("deny", **{"class": class_("Observation")}))
    assert says(case(both)) == DENY


def test_4_of_general_statements_the_latest_counts_and_at_the_same_instant_deny_wins() -> None:
    early, late = "2026-02-01", "2026-03-01"
    for flip in (1, -1):
        assert says(case(*[consent("deny", given=early), consent("permit", given=late)][::flip])) == PERMIT
        assert says(case(*[consent("permit", given=early), consent("deny", given=late)][::flip])) == DENY
        assert says(case(*[consent("permit", given=late), consent("deny", given=late)][::flip])) == DENY
        same = consent("permit", given=late), consent("deny", given="2026-02-28T16:00:00Z")
        assert says(case(*same[::flip])) == DENY


@pytest.mark.parametrize("about", [{}, {"period": {"start": "2026"}}])
def test_4_a_root_without_criteria_but_a_period_is_general(about: Json) -> None:
    specific = {"class": class_("Observation"), **about}
    later = consent("permit", given="2026-03-01")
    assert says(case(consent("deny", about=about), later)) == PERMIT
    assert says(case(consent("deny", about=specific), later)) == DENY
    nested = consent("permit", provision("deny", **about), given="2026-01-01")
    assert says(case(nested, later)) == DENY


def test_4_a_policy_rule_alone_is_a_general_statement() -> None:
    ruled = {**consent(None, given="2026-03-01"), "policyRule": rule("OPTIN")}
    assert says(case(consent("deny"), ruled)) == PERMIT


def test_4_a_root_overridden_by_a_nested_provision_is_no_general_statement() -> None:
    given = consent("deny", provision("permit", **HB), given="2026-05-01")
    assert says(case(consent("permit"), given)) == PERMIT
    assert says(case(consent("permit", provision("deny", **HB)), consent("permit", given="2026-05-01"))) == DENY


@pytest.mark.parametrize(
    "policy", [{"clinical": "opt-in"}, {}, None, {"clinical": "Opt-out"}, {"secondary": "opt-out"}]
)
def test_5_any_policy_but_opt_out_is_opt_in(policy: Any) -> None:
    assert says(case(policy=policy)) == "deny no-consent"
    assert says(case(consent(), policy=policy)) == PERMIT


@pytest.mark.parametrize(
    ("role", "key"),
    [
        ("family-doctor", "clinical"),
        ("clinician", "clinical"),
        ("regional-centre", "secondary"),
        ("researcher", "secondary"),
        ("enterprise", "secondary"),
    ],
)
def test_5_the_policy_goes_by_the_role(role: str, key: str) -> None:
    elsewhere = resource(authorOrganization="Organization/stranger")
    by_role = {key: says(case(policy={key: "opt-out"}, request=asked(role), resource=elsewhere)).split()[1]}
    other = {"clinical": "secondary", "secondary": "clinical"}[key]
    assert by_role == {key: "default-permit"}
    assert says(case(policy={other: "opt-out"}, request=asked(role), resource=elsewhere)) == "deny no-consent"


UNCOVERED = "deny restricted-not-permitted"
COVERED = "permit consent-permit no-redisclosure"


@pytest.mark.parametrize("labels", [["R"], ["HIV"], ["PSYTHPN", "N"], ["V"]])
def test_6_general_statements_and_defaults_never_cover_restricted_data(labels: list[str]) -> None:
    restricted = resource(securityLabel=label(*labels))
    assert says(case(resource=restricted)) == UNCOVERED
    assert says(case(consent(), resource=restricted)) == UNCOVERED
    assert says(case(consent(about=HB), resource=restricted)) == UNCOVERED


@pytest.mark.parametrize(
    ("carried", "listed", "said"),
    [
        (["HIV"], [["HIV"]], COVERED),
        (["HIV"], [["R"]], COVERED),
        (["HIV"], [["V"]], COVERED),
        (["HIV"], [["STD", "HIV"]], COVERED),
        (["PSYTHPN"], [["PSY"]], COVERED),
        (["OPIOIDUD"], [["ETH"]], COVERED),
        (["HIV", "PSY"], [["HIV"]], UNCOVERED),
        (["HIV", "PSY"], [["HIV"], ["PSY"]], COVERED),
        (["HIV", "PSY"], [["HIV"], ["R"]], COVERED),
        (["HIV", "PSY"], [["HIV", "PSY"]], COVERED),
        (["HIV", "NOPAT"], [["NOPAT"]], UNCOVERED),
        (["HIV", "NOPAT"], [["HIV"]], COVERED),
        (["R"], [["R"]], COVERED),
        (["R", "NOPAT"], [["NOPAT"]], UNCOVERED),
        (["R", "HIV"], [["HIV"]], COVERED),
        (["V", "HIV"], [["HIV"]], UNCOVERED),
    ],
)
def test_6_every_sensitivity_label_needs_cover(carried: list[str], listed: list[list[str]], said: str) -> None:
    permits = [consent(about={"securityLabel": label(*one)}) for one in listed]
    assert says(case(*permits, resource=resource(securityLabel=label(*carried)))) == said


def test_6_a_label_that_a_nested_provision_inherits_covers() -> None:
    nested = consent("permit", provision("permit", **HB), about={"securityLabel": label("HIV")})
    assert says(case(nested, resource=resource(securityLabel=label("HIV")))) == COVERED


def test_6_only_counting_permits_cover() -> None:
    hiv = resource(securityLabel=label("HIV"))
    unnamed, named = consent(about={"securityLabel": label("HIV")}), consent(about=ME)
    assert says(strange(unnamed, named, resource=hiv)) == UNCOVERED
    assert says(strange(consent(about={**ME, "securityLabel": label("HIV")}), resource=hiv)) == COVERED


@pytest.mark.parametrize("carried", [["HIV", "PSY"], ["R"]])
def test_6_naming_the_resource_as_an_instance_covers_it(carried: list[str]) -> None:
    labelled = resource(securityLabel=label(*carried), references=["Encounter/e"])
    assert says(case(consent(about={"data": data("instance", "Observation/hb")}), resource=labelled)) == COVERED
    assert says(case(consent(about={"data": data("related", "Observation/hb")}), resource=labelled)) == UNCOVERED
    assert says(case(consent(about={"data": data("related", "Encounter/e")}), resource=labelled)) == UNCOVERED


SECOND: Json = {"reference": "Practitioner/li", "organization": "Organization/ward"}
VERY = resource(securityLabel=label("V"))
NAMED = consent(about={"data": data("instance", "Observation/hb")})


@pytest.mark.parametrize("about", [{"securityLabel": label("V")}, {"data": data("instance", "Observation/hb")}])
def test_6_very_restricted_data_needs_v_or_the_instance(about: Json) -> None:
    assert says(case(consent(about=about), resource=VERY, request=asked(coApproval=SECOND))) == COVERED


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (SECOND, COVERED),
        ({**SECOND, "organization": "Organization/county"}, COVERED),
        ({**SECOND, "organization": "Organization/township"}, "deny second-approval-required"),
        ({**SECOND, "organization": None}, "deny second-approval-required"),
        ({**SECOND, "reference": None}, "deny second-approval-required"),
        ({**SECOND, "reference": CLINICIAN}, "deny second-approval-required"),
        ({**SECOND, "reference": CLINICIAN + "/_history/2"}, "deny second-approval-required"),
        ({**SECOND, "reference": "PractitionerRole/q"}, "deny second-approval-required"),
        ({}, "deny second-approval-required"),
        (..., "deny second-approval-required"),
    ],
)
def test_7_very_restricted_data_needs_another_person_of_the_same_entity(second: Any, said: str) -> None:
    request = asked(requester={"practitionerRole": "PractitionerRole/q"}, coApproval=second)
    assert says(case(NAMED, resource=VERY, request=request)) == said


def test_7_cover_is_asked_before_the_second_approval() -> None:
    assert says(case(resource=VERY)) == UNCOVERED


def test_7_what_is_not_identified_needs_no_second_approval() -> None:
    centre = asked("regional-centre")
    assert says(case(NAMED, resource=VERY, request=centre)) == "permit consent-permit deidentify no-redisclosure"


def test_7_restricted_data_needs_no_second_approval() -> None:
    assert says(case(NAMED, resource=resource(securityLabel=label("R")))) == COVERED


@pytest.mark.parametrize(
    ("form", "obligations"), [("deidentified", "deidentify"), ("aggregate", "aggregate-only suppress-small-cells")]
)
def test_8_obligations_follow_form_and_restriction(form: str, obligations: str) -> None:
    centre = asked("regional-centre", form=form)
    assert says(case(request=centre)) == f"permit default-permit {obligations}"
    restricted = says(case(NAMED, request=centre, resource=resource(securityLabel=label("R")))).split()
    assert set(restricted[2:]) == {*obligations.split(), "no-redisclosure"}
    assert restricted[2:] == sorted(restricted[2:])


def test_a_deny_carries_no_obligations() -> None:
    assert says(case(consent("deny"), request=asked("regional-centre"))) == DENY
