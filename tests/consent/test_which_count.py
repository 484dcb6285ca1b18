"""Section 4: which consents count. Each test lets a refusal count, or not, against a permission by default."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.types import Json
from tests.consent.cases import (
    LOINC,
    PATIENT,
    SCOPE,
    SON,
    actor,
    asked,
    case,
    consent,
    person,
    provision,
    proxy,
    rule,
    says,
)

COUNTS = "deny consent-deny"
DOES_NOT = "permit default-permit"
SPOILS = "deny consent-unprocessable"

NO_TIME: list[Any] = [..., None, "", "soon", "2026-02-01T10:00:00", "2026-13", "2026-02-30", 20260201]


def refusal(**changes: Any) -> Json:
    found = {**consent("deny"), **changes}
    return {key: value for key, value in found.items() if value is not ...}


def identified(consent_: Json, *values: str | None, system: str | None = "urn:x") -> Json:
    named = [{**({"system": system} if system else {}), **({"value": value} if value else {})} for value in values]
    return {**consent_, "identifier": named}


def scope(*codes: str, system: str = SCOPE) -> Json:
    return {"coding": [{"system": system, "code": code} for code in codes]}


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (PATIENT, COUNTS),
        ("Patient/old", COUNTS),
        ("Patient/chen/_history/9", COUNTS),
        ("Patient/other", DOES_NOT),
        ("https://elsewhere.example/Patient/chen", DOES_NOT),
        (None, DOES_NOT),
    ],
)
def test_4a_only_consents_of_the_patient_count(reference: str | None, said: str) -> None:
    linked = person(links=["Patient/old"])
    assert says(case(refusal(patient={"reference": reference}), patient=linked)) == said


@pytest.mark.parametrize("odd", ["x", None, 3, [], {}, {"resourceType": "Consent"}])
def test_4a_what_has_no_patient_is_nobodys_consent(odd: Any) -> None:
    assert says(case(odd)) == DOES_NOT


@pytest.mark.parametrize("status", ["draft", "proposed", "entered-in-error"])
def test_4b_drafts_and_errors_never_count_and_supersede_nothing(status: str) -> None:
    old = {**refusal(), "id": "c"}
    newer = {**refusal(status=status, dateTime="2026-03-01"), "id": "c"}
    assert says(case(old, newer)) == COUNTS
    assert says(case(refusal(status=status))) == DOES_NOT
    assert says(case(refusal(status=status, dateTime=...))) == DOES_NOT


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (scope("patient-privacy"), COUNTS),
        (scope("treatment", "patient-privacy"), COUNTS),
        (scope("research"), DOES_NOT),
        (scope("treatment"), DOES_NOT),
        (scope("adr"), DOES_NOT),
        (scope("patient-privacy", system="urn:other"), DOES_NOT),
        ({"text": "patient-privacy"}, DOES_NOT),
        (..., DOES_NOT),
    ],
)
def test_4c_only_the_scope_of_privacy_counts_in_care(given: Any, said: str) -> None:
    assert says(case(refusal(scope=given))) == said
    assert says(case(refusal(scope=given, dateTime=...))) == (SPOILS if said == COUNTS else DOES_NOT)


@pytest.mark.parametrize(
    ("role", "purposes", "counts"),
    [
        ("researcher", ["HRESCH"], True),
        ("researcher", ["CLINTRCH", "BIORCH"], True),
        ("enterprise", ["PRODRD"], True),
        ("regional-centre", ["HQUALIMP"], False),
        ("clinician", ["TREAT"], False),
    ],
)
def test_4c_the_scope_of_research_counts_when_every_purpose_is_research(
    role: str, purposes: list[str], counts: bool
) -> None:
    said = says(case(refusal(scope=scope("research")), request=asked(role, purpose=purposes)))
    assert (said == COUNTS) is counts


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("2026-06-10T10:00:00+08:00", COUNTS),
        ("2026-06-10T02:00:00Z", COUNTS),
        ("2026-06-10T10:00+08:00", COUNTS),
        ("2026-06-10T10:00:00.001+08:00", DOES_NOT),
        ("2026-06-10", COUNTS),
        ("2026-06", COUNTS),
        ("2026", COUNTS),
        ("2026-06-11", DOES_NOT),
    ],
)
def test_4d_a_consent_counts_from_its_first_instant(given: str, said: str) -> None:
    assert says(case(refusal(dateTime=given))) == said


@pytest.mark.parametrize("given", NO_TIME)
@pytest.mark.parametrize("status", ["active", "inactive", "rejected", ...])
def test_4d_a_missing_or_malformed_time_spoils_the_evaluation_whatever_the_status(given: Any, status: Any) -> None:
    assert says(case(refusal(dateTime=given, status=status), consent("permit"))) == SPOILS


@pytest.mark.parametrize("given", NO_TIME)
def test_4d_the_time_of_a_consent_dropped_before_does_not_matter(given: Any) -> None:
    assert says(case(refusal(dateTime=given, patient={"reference": "Patient/other"}))) == DOES_NOT
    assert says(case(refusal(dateTime=given, scope=scope("treatment")))) == DOES_NOT


def test_4d_a_consent_of_the_future_supersedes_nothing() -> None:
    assert says(case({**refusal(), "id": "c"}, {**consent(given="2026-07-01"), "id": "c"})) == COUNTS


def given_by(*references: str | None, when: str = "2026-02-01") -> Json:
    performers = [{"reference": reference} if reference else {"display": "somebody"} for reference in references]
    return refusal(performer=performers, dateTime=when)


def test_4e_no_performer_means_the_patient() -> None:
    assert says(case(refusal())) == COUNTS
    assert says(case(refusal(performer=[]))) == COUNTS


def test_4e_one_entitled_performer_is_enough() -> None:
    assert says(case(given_by("Practitioner/x"))) == DOES_NOT
    assert says(case(given_by("Practitioner/x", PATIENT))) == COUNTS
    assert says(case(given_by("Patient/old"), patient=person(links=["Patient/old"]))) == COUNTS


def test_4e_a_performer_that_cannot_be_told_is_not_the_patient() -> None:
    assert says(case(given_by(None))) == DOES_NOT
    assert says(case(refusal(performer=[{}]))) == DOES_NOT


@pytest.mark.parametrize(("when", "said"), [("2025-06-09", DOES_NOT), ("2025-06-10", COUNTS)])
def test_4e_the_patient_is_entitled_from_fourteen_at_the_time_of_the_consent(when: str, said: str) -> None:
    assert says(case(refusal(dateTime=when), patient=person(birthDate="2011-06-10"))) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, DOES_NOT),
        ({"period": {"start": "2026-01-01", "end": "2026-02-01"}}, DOES_NOT),
        ({"period": {"end": "2026-01-31"}}, COUNTS),
        ({"period": {"start": "2026-02-02"}}, COUNTS),
        ({"period": {"start": "soon"}}, DOES_NOT),
        ({"period": {"start": "2026-03-01", "end": "2026-02-01"}}, DOES_NOT),
        ({"period": "always"}, DOES_NOT),
        ({"status": "inactive"}, COUNTS),
        ({"status": "inactive", "period": {"start": "soon"}}, COUNTS),
        ({"scope": ["consent"]}, DOES_NOT),
        ({"type": "delegate"}, COUNTS),
    ],
)
def test_4e_a_legal_guardian_at_that_time_takes_the_patients_own_right_away(changes: Json, said: str) -> None:
    assert says(case(refusal(), patient=person(proxies=[proxy("legal-guardian", **changes)]))) == said


@pytest.mark.parametrize(
    ("born", "when", "said"),
    [
        ("2010-01-01", "2026-02-01", COUNTS),
        ("2008-06-11", "2026-02-01", COUNTS),
        ("2008-06-10", "2026-02-01", DOES_NOT),
        ("1970-01-01", "1980-01-01", DOES_NOT),
    ],
)
def test_4e_a_parent_is_entitled_while_the_patient_is_a_minor_then_and_now(born: str, when: str, said: str) -> None:
    parent = person(birthDate=born, proxies=[proxy("parent")])
    assert says(case(given_by(SON, when=when), patient=parent)) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, COUNTS),
        ({"status": "active"}, COUNTS),
        ({"status": "inactive"}, DOES_NOT),
        ({"period": {"start": "2026-02-01", "end": "2026-02-01"}}, COUNTS),
        ({"period": {"end": "2026-01-31"}}, DOES_NOT),
        ({"period": {"start": "2026-02-01T00:00:00.5+08:00"}}, DOES_NOT),
        ({"period": {"end": "never"}}, DOES_NOT),
        ({"reference": "RelatedPerson/other"}, DOES_NOT),
        ({"scope": []}, COUNTS),
    ],
)
def test_4e_a_legal_guardian_is_entitled_if_valid_at_that_time(changes: Json, said: str) -> None:
    assert says(case(given_by(SON), patient=person(proxies=[proxy("legal-guardian", **changes)]))) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, DOES_NOT),
        ({"scope": ["read"]}, DOES_NOT),
        ({"scope": ["consent"]}, COUNTS),
        ({"scope": ["read", "consent"]}, COUNTS),
        ({"scope": ["consent"], "status": "revoked"}, DOES_NOT),
        ({"scope": ["consent"], "period": {"start": "2026-02-02"}}, DOES_NOT),
        ({"scope": ["consent"], "type": "friend"}, DOES_NOT),
    ],
)
def test_4e_a_delegate_is_entitled_if_valid_and_his_scope_holds_consent(changes: Json, said: str) -> None:
    assert says(case(given_by(SON), patient=person(proxies=[proxy("delegate", **changes)]))) == said


def test_4e_any_entry_of_a_person_that_fits_entitles() -> None:
    entries = [proxy("delegate"), proxy("parent"), proxy("delegate", scope=["consent"])]
    for proxies in (entries, entries[::-1]):
        assert says(case(given_by(SON), patient=person(proxies=proxies))) == COUNTS


@pytest.mark.parametrize(
    ("performers", "entries", "said"),
    [
        ((), [], SPOILS),
        ((PATIENT,), [], SPOILS),
        ((SON,), [proxy("parent")], SPOILS),
        ((SON,), [proxy("parent", status="inactive")], DOES_NOT),
        ((SON,), [proxy("parent", period={"start": "2026-02-02"})], DOES_NOT),
        ((SON,), [proxy("parent", period={"start": "soon"})], DOES_NOT),
        ((SON,), [proxy("legal-guardian")], COUNTS),
        ((SON,), [proxy("delegate", scope=["consent"])], COUNTS),
        ((SON, PATIENT), [proxy("delegate", scope=["consent"])], COUNTS),
        ((), [proxy("legal-guardian")], DOES_NOT),
        (("Practitioner/x",), [], DOES_NOT),
    ],
)
@pytest.mark.parametrize("born", [..., "unknown"])
def test_4e_an_unknown_age_spoils_only_what_depends_on_it(
    performers: tuple[str, ...], entries: list[Json], said: str, born: Any
) -> None:
    assert says(case(given_by(*performers), patient=person(birthDate=born, proxies=entries))) == said


def test_4e_a_consent_of_unknown_entitlement_may_still_be_dropped_by_f_and_g_and_supersede() -> None:
    ageless = person(birthDate=..., proxies=[proxy("legal-guardian", period={"start": "2026-04"})])
    unknown = {**refusal(), "id": "c"}
    assert says(case({**unknown, "status": "inactive"}, patient=ageless)) == DOES_NOT
    certain = {**given_by(SON, when="2026-05-01"), "id": "c", "status": "inactive"}
    assert says(case(unknown, certain, patient=ageless)) == DOES_NOT
    late = {**refusal(dateTime="2026-03-01", status="inactive"), "id": "c"}
    guarded = person(birthDate=..., proxies=[proxy("legal-guardian", period={"start": "2026-01", "end": "2026-02-20"})])
    assert says(case({**given_by(SON), "id": "c"}, late, patient=guarded)) == DOES_NOT


@pytest.mark.parametrize("status", ["active", "inactive", "rejected", ...])
def test_4f_only_the_latest_with_an_identifier_stays_whatever_its_own_status_or_period(status: Any) -> None:
    newer = consent(given="2026-03-01", about={"period": {"end": "2026-04-01"}})
    newer["status"] = None if status is ... else status
    assert says(case(identified(refusal(), "7"), identified(newer, "7"))) == DOES_NOT


def test_4f_at_the_same_instant_the_higher_version_number_stays() -> None:
    def version(found: Json, number: Any) -> Json:
        return identified({**found, "meta": {"versionId": number}}, "7")

    assert says(case(version(refusal(), "9"), version(consent(), "10"))) == "permit consent-permit"
    assert says(case(version(refusal(), "10"), version(consent(), "9"))) == COUNTS
    assert says(case(version(refusal(), "v10"), version(consent(), "1"))) == "permit consent-permit"
    assert says(case(version(refusal(), "010"), version(consent(), 9))) == COUNTS
    assert says(case(version(refusal(), "009"), version(consent(), "10"))) == "permit consent-permit"
    assert says(case(version(refusal(), "1" * 6000), version(consent(), "9" * 5999))) == COUNTS
    assert says(case(version(refusal(), True), version({**consent(), "status": "inactive"}, None))) == DOES_NOT


def test_4f_a_date_without_time_is_its_first_instant() -> None:
    first = {**refusal(dateTime="2026-03-01"), "id": "c"}
    second = {**consent(given="2026-03-01T00:00:01+08:00"), "id": "c"}
    assert says(case(first, second)) == "permit consent-permit"


def test_4f_if_two_are_equal_all_stay_unless_one_is_not_active() -> None:
    one, other = {**refusal(), "id": "c"}, {**consent(), "id": "c"}
    assert says(case(one, other)) == COUNTS
    assert says(case(one, {**other, "status": "inactive"})) == DOES_NOT
    assert says(case(one, one, {**other, "status": "inactive"})) == DOES_NOT
    older = {**refusal(dateTime="2026-01-01"), "id": "c"}
    assert says(case(older, one, {**one, "status": "rejected"})) == DOES_NOT


def specific(found: Json) -> Json:
    """Makes a refusal specific, so that it denies unless it is superseded."""
    about = provision("deny", code=[{"coding": [{"system": LOINC, "code": "718-7"}]}])
    return {**found, "provision": about}


def test_4f_the_same_id_counts_as_sharing_an_identifier_but_an_id_is_no_identifier() -> None:
    old, new = {**specific(refusal()), "id": "c"}, consent(given="2026-03-01")
    assert says(case(old, {**new, "id": "c"})) == "permit consent-permit"
    assert says(case(old, {**new, "id": "d"})) == COUNTS
    assert says(case(old, identified(new, "c", system=None))) == COUNTS


def test_4f_an_identifier_needs_system_and_value_to_be_shared() -> None:
    old, new = specific(refusal()), consent(given="2026-03-01")
    assert says(case(identified(old, "7"), identified(new, "7"))) == "permit consent-permit"
    assert says(case(identified(old, "7"), identified(new, "8"))) == COUNTS
    assert says(case(identified(old, "7"), identified(new, "7", system="urn:y"))) == COUNTS
    assert says(case(identified(old, "7"), identified(new, "7", system=None))) == COUNTS
    assert says(case(identified(old, "7", system=None), identified(new, "7", system=None))) == "permit consent-permit"
    assert says(case(identified(old, None), identified(new, None))) == COUNTS
    assert says(case(identified(old, "7", "8"), identified(new, "9", "8"))) == "permit consent-permit"


def test_4f_supersession_is_decided_for_all_at_once() -> None:
    first = identified(specific(refusal(dateTime="2026-01-01")), "1")
    middle = identified(consent(given="2026-02-01"), "1", "2")
    last = identified({**consent(given="2026-03-01"), "status": "inactive"}, "2")
    for given in ([first, middle, last], [last, middle, first], [middle, last, first]):
        assert says(case(*given)) == DOES_NOT


def test_4f_only_what_passed_the_steps_before_supersedes() -> None:
    old = identified(refusal(), "7")
    stranger = identified({**consent(given="2026-03-01"), "performer": [{"reference": "Practitioner/x"}]}, "7")
    assert says(case(old, stranger)) == COUNTS


@pytest.mark.parametrize("status", ["inactive", "rejected", "unknown", ..., None, ""])
def test_4g_only_active_consents_count_and_others_are_not_looked_at(status: Any) -> None:
    assert says(case(refusal(status=status))) == DOES_NOT
    assert says(case(refusal(status=status, implicitRules="urn:x"))) == DOES_NOT


EXTENSION = [{"url": "urn:x", "valueBoolean": True}]

UNPROCESSABLE = {
    "modifier on the consent": refusal(modifierExtension=EXTENSION),
    "empty object as modifier": refusal(modifierExtension=[{}]),
    "implicit rules on the consent": refusal(implicitRules="urn:rules"),
    "modifier on the root": consent("deny", about={"modifierExtension": EXTENSION}),
    "modifier on a nested provision": consent("deny", provision("permit", modifierExtension=EXTENSION)),
    "modifier on an actor": consent("deny", about={"actor": [{**actor(SON)[0], "modifierExtension": EXTENSION}]}),
    "modifier deep in an extension": consent("deny", about={"extension": [{"modifierExtension": EXTENSION}]}),
    "implicit rules on a provision": consent("deny", provision("deny", implicitRules="urn:rules")),
    "unknown type": consent("allow"),
    "type that is no text": consent(about={"type": ["permit"]}),
    "nested without type": consent("deny", provision(None)),
    "nested with an unknown type": consent("deny", provision("maybe")),
    "deeply nested without type": consent("deny", provision("permit", provision("deny", provision(None)))),
    "unknown element": consent("deny", about={"weather": "fine"}),
    "element of R5": consent("deny", provision("permit", resourceType=["Observation"])),
    "nested provision that is no object": consent("deny", about={"provision": ["permit"]}),
    "root that is no object": refusal(provision="deny"),
    "period without zone": consent("deny", about={"period": {"start": "2026-01-01T00:00:00"}}),
    "period backwards": consent("deny", about={"period": {"start": "2027", "end": "2026"}}),
    "period that is a text": consent("deny", about={"period": "2026"}),
    "nested period backwards": consent("deny", provision("permit", period={"start": "2027", "end": "2026"})),
    "malformed data period": consent("deny", about={"dataPeriod": {"end": "2026-02-30"}}),
    "period of a number": consent("deny", about={"period": {"start": 2026}}),
}


@pytest.mark.parametrize("why", UNPROCESSABLE)
def test_4h_a_consent_that_cannot_be_processed_ends_the_evaluation(why: str) -> None:
    assert says(case(consent("permit"), UNPROCESSABLE[why])) == SPOILS
    assert says(case(UNPROCESSABLE[why], patient=person(careRelationships=[]))) == SPOILS


@pytest.mark.parametrize("why", UNPROCESSABLE)
def test_4h_a_consent_dropped_before_is_not_looked_at(why: str) -> None:
    spoiled = UNPROCESSABLE[why]
    assert says(case({**spoiled, "dateTime": "2026-06-11"})) == DOES_NOT
    assert says(case({**spoiled, "id": "c"}, {**consent(given="2026-03-01"), "id": "c", "status": "inactive"})) == (
        DOES_NOT
    )


@pytest.mark.parametrize("empty", [[], {}, None])
def test_4h_what_is_empty_counts_as_absent(empty: Any) -> None:
    about = {"modifierExtension": empty, "weather": empty, "period": empty, "provision": empty, "actor": empty}
    assert says(case({**consent("deny", about=about), "modifierExtension": empty, "implicitRules": empty})) == COUNTS


def test_4h_ids_and_extensions_do_no_harm() -> None:
    about = {"id": "p", "extension": EXTENSION}
    assert says(case(consent("deny", about=about))) == COUNTS


def test_4h_comes_before_the_period_of_the_root() -> None:
    over = {"period": {"end": "2026-03-01"}, "weather": "fine"}
    assert says(case(consent("deny", about=over))) == SPOILS


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ({"start": "2026-06-10", "end": "2026-06-10"}, COUNTS),
        ({"end": "2026-06-10T10:00:00+08:00"}, COUNTS),
        ({"end": "2026-06-10T09:59:59+08:00"}, DOES_NOT),
        ({"start": "2026-06-10T02:00:00Z"}, COUNTS),
        ({"start": "2026-06-10T10:00:01+08:00"}, DOES_NOT),
        ({"end": "2026"}, COUNTS),
        ({"end": "2026-05"}, DOES_NOT),
        ({"start": "2026-07"}, DOES_NOT),
        ({"end": "9999-12-31"}, COUNTS),
    ],
)
def test_4i_a_consent_counts_only_within_the_period_of_its_root(period: Json, said: str) -> None:
    assert says(case(consent("deny", about={"period": period}))) == said


def test_4i_nested_provisions_with_a_period_of_their_own_do_not_outlive_the_root() -> None:
    nested = provision("deny", period={"end": "2030"})
    assert says(case(consent("permit", nested, about={"period": {"end": "2026-03"}}))) == DOES_NOT


def test_a_policy_rule_is_no_reason_to_be_unprocessable() -> None:
    assert says(case({**consent(None), "policyRule": rule("OPTOUT")})) == COUNTS


def test_a_thousandfold_nesting_is_read() -> None:
    nested = provision("deny")
    for _ in range(1500):
        nested = provision("permit", nested)
    assert says(case(consent("permit", nested))) == COUNTS
