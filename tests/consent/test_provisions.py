"""Section 5: what one consent says, criterion by criterion, in a permit and in a deny."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.types import Json
from tests.consent.cases import (
    ACT_CODE,
    ACT_REASON,
    CLINICIAN,
    CONFIDENTIALITY,
    LOCAL,
    LOINC,
    PARTICIPATION,
    TYPES,
    URI,
    actor,
    asked,
    case,
    class_,
    code,
    consent,
    data,
    label,
    provision,
    purpose,
    resource,
    rule,
    says,
    strange,
)

HOLDS, FAILS, CLOSED = "holds", "fails", "cannot be evaluated"


def holds_in_deny(about: Json, **keys: Any) -> bool:
    """Does a deny with these criteria match?"""
    said = says(case(consent("deny", about=about), **keys))
    assert said in {"deny consent-deny", "permit default-permit"}
    return said == "deny consent-deny"


def holds_in_permit(about: Json, **keys: Any) -> bool:
    """Does a permit with these criteria match? Tells by a child that overrides a refusal of everything."""
    said = says(case(consent("deny", provision("permit", **about)), **keys))
    assert said in {"permit consent-permit", "deny consent-deny"}
    return said == "permit consent-permit"


def verdict(about: Json, **keys: Any) -> str:
    """`holds` in both, `fails` in both, or holds in a deny only: cannot be evaluated, or the two read it apart."""
    both = holds_in_permit(about, **keys), holds_in_deny(about, **keys)
    return {(True, True): HOLDS, (False, False): FAILS, (False, True): CLOSED}[both]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (["OPTIN"], "permit consent-permit"),
        (["OPTOUT"], "deny consent-deny"),
        (["OPTIN", "OPTOUT"], "deny consent-deny"),
        (["EMRGONLY"], "deny no-consent"),
        ([], "deny no-consent"),
    ],
)
def test_without_a_type_the_root_takes_it_from_the_policy_rule(rules: list[str], said: str) -> None:
    ruled = {**consent(None), "policyRule": {"coding": [c for one in rules for c in rule(one)["coding"]]}}
    assert says(case(ruled, policy={"clinical": "opt-in"})) == said


@pytest.mark.parametrize("odd", [{"coding": [{"system": "urn:x", "code": "OPTOUT"}]}, {"text": "OPTOUT"}, "OPTOUT"])
def test_a_policy_rule_of_another_system_says_nothing(odd: Any) -> None:
    assert says(case({**consent(None), "policyRule": odd})) == "permit default-permit"


def test_the_type_of_the_root_goes_before_the_policy_rule() -> None:
    assert says(case({**consent("permit"), "policyRule": rule("OPTOUT")})) == "permit consent-permit"


def test_a_root_without_any_type_lets_only_nested_provisions_speak() -> None:
    assert says(case(consent(None, provision("deny", class_=[])))) == "deny consent-deny"
    assert says(case(consent(None, provision("deny", **{"class": class_("Condition")})))) == "permit default-permit"
    about = {"purpose": purpose("TREAT")}
    assert says(case(consent(None, about=about))) == "permit default-permit"


def test_a_child_inherits_what_it_does_not_say() -> None:
    child = provision("deny", purpose=purpose("TREAT"))
    assert says(case(consent(None, child, about={"class": class_("Observation")}))) == "deny consent-deny"
    assert says(case(consent(None, child, about={"class": class_("Condition")}))) == "permit default-permit"
    grandchild = provision("deny", provision("deny", code=code("718-7")), purpose=purpose("HMARKT"))
    assert says(case(consent(None, grandchild))) == "permit default-permit"


def test_a_child_replaces_what_it_says_and_may_be_wider_than_its_parent() -> None:
    child = provision("deny", **{"class": class_("Observation", "Condition")})
    assert says(case(consent("permit", child, about={"class": class_("Condition")}))) == "deny consent-deny"


def test_an_empty_criterion_of_a_child_is_inherited() -> None:
    child = provision("deny", actor=[], purpose=[])
    assert says(case(consent(None, child, about={"actor": actor("Practitioner/x")}))) == "permit default-permit"


def test_a_matching_provision_is_overridden_by_any_matching_one_nested_in_it_at_any_depth() -> None:
    not_this = {"class": class_("Condition")}
    inner = provision("permit", **{"class": class_("Observation")})
    assert says(case(consent("deny", provision("deny", inner, **not_this)))) == "permit consent-permit"
    assert says(case(consent("deny", provision("permit", provision("deny"))))) == "deny consent-deny"
    assert says(case(consent("deny", provision("permit", provision("deny", **not_this))))) == "permit consent-permit"


def test_a_provision_overrides_only_those_it_is_nested_in() -> None:
    siblings = provision("permit"), provision("deny")
    assert says(case(consent("permit", *siblings))) == "deny consent-deny"
    assert says(case(consent("permit", *siblings[::-1]))) == "deny consent-deny"


def test_a_permit_never_implies_a_deny_elsewhere_nor_the_reverse() -> None:
    elsewhere = {"class": class_("Condition")}
    assert says(case(consent("permit", about=elsewhere))) == "permit default-permit"
    assert says(case(consent("deny", about=elsewhere), policy={})) == "deny no-consent"


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ({"start": "2026-06-10"}, HOLDS),
        ({"end": "2026-06-09"}, FAILS),
        ({"start": "2027"}, FAILS),
        ({"id": "p"}, HOLDS),
    ],
)
def test_period_holds_the_request_time(period: Json, said: str) -> None:
    assert verdict({"period": period}) == said


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (CLINICIAN, HOLDS),
        (CLINICIAN + "/_history/1", HOLDS),
        ("PractitionerRole/q1", HOLDS),
        ("CareTeam/a", HOLDS),
        ("Group/b", HOLDS),
        ("Organization/ward", HOLDS),
        ("Organization/county", HOLDS),
        ("Organization/alliance", HOLDS),
        ("Organization/township", FAILS),
        ("Practitioner/sun", FAILS),
        ("https://elsewhere.example/Practitioner/qian", FAILS),
    ],
)
def test_actor_is_the_requester_by_person_role_team_or_organisation(reference: str, said: str) -> None:
    who = {"organization": "Organization/ward", "practitionerRole": "PractitionerRole/q1"}
    request = asked(requester={**who, "memberOf": ["CareTeam/a", "Group/b"]})
    assert verdict({"actor": actor(reference)}, request=request) == said


def test_actor_of_a_child_organisation_does_not_reach_up() -> None:
    assert verdict({"actor": actor("Organization/ward")}) == FAILS


UNTOLD: list[Any] = [
    {"reference": {"reference": CLINICIAN}},
    {"role": {"text": "recipient"}, "reference": {"reference": CLINICIAN}},
    {"role": {"coding": [{"system": "urn:x", "code": "IRCP"}]}, "reference": {"reference": CLINICIAN}},
    {"role": {"coding": [{"code": "IRCP"}]}, "reference": {"reference": CLINICIAN}},
    {"role": {"coding": [{"system": PARTICIPATION}]}, "reference": {"reference": CLINICIAN}},
    {**actor("x")[0], "reference": {"display": "Doctor Qian"}},
    {**actor("x")[0], "reference": {}},
    {},
    None,
    "Practitioner/qian",
]


@pytest.mark.parametrize("untold", UNTOLD)
def test_an_actor_without_usable_role_or_reference_cannot_be_evaluated(untold: Any) -> None:
    assert verdict({"actor": [untold]}) == CLOSED
    assert verdict({"actor": [untold, *actor("Practitioner/x")]}) == CLOSED
    assert verdict({"actor": [untold, *actor(CLINICIAN)]}) == HOLDS


def test_actors_of_other_roles_are_no_values() -> None:
    other = actor(CLINICIAN, role="CST")
    assert verdict({"actor": other}) == CLOSED
    assert verdict({"actor": other + actor("Practitioner/x")}) == FAILS
    assert verdict({"actor": other + actor(CLINICIAN)}) == HOLDS


def test_one_ircp_among_the_codings_of_a_role_is_enough() -> None:
    both = actor(CLINICIAN, role="CST")[0]
    both["role"]["coding"] += [{"system": "urn:x", "code": "1"}, {"system": PARTICIPATION, "code": "IRCP"}]
    assert verdict({"actor": [both]}) == HOLDS


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (code("access", system="urn:any"), HOLDS),
        ([{"coding": [{"code": "access"}]}], HOLDS),
        (code("collect"), FAILS),
        (code("collect", "access"), HOLDS),
        ([{"coding": [{"code": "collect"}, {"code": "access"}]}], HOLDS),
        ([{"text": "access"}], CLOSED),
        ([{"text": "look"}, *code("collect")], CLOSED),
        ([{"coding": [{"system": "urn:any"}]}], CLOSED),
        ([{"coding": [{"system": "urn:any"}, {"code": "use"}]}], FAILS),
    ],
)
def test_action_is_a_code_whatever_its_system(action: list[Json], said: str) -> None:
    assert verdict({"action": action}) == said


def test_the_action_asked_is_access_when_nothing_is_said() -> None:
    request = asked(action=...)
    assert verdict({"action": code("access")}, request=request) == HOLDS
    assert verdict({"action": code("access")}, request=asked(action="correct")) == FAILS
    assert verdict({"action": code("correct")}, request=asked(action="correct")) == HOLDS


RANKS = "ULMNRV"


@pytest.mark.parametrize("listed", RANKS)
@pytest.mark.parametrize("carried", RANKS)
def test_a_confidentiality_code_reaches_down_in_a_permit_and_up_in_a_deny(listed: str, carried: str) -> None:
    given = resource(securityLabel=label(carried), clinicalTime="2026")
    second = {"reference": "Practitioner/li", "organization": "Organization/county"}
    request = asked(coApproval=second)
    held = says(
        strange(
            consent(about={"securityLabel": label(listed), "actor": actor(CLINICIAN)}), resource=given, request=request
        )
    ).startswith("permit consent-permit")
    assert held == (RANKS.index(carried) <= RANKS.index(listed))
    denied = says(case(consent("deny", about={"securityLabel": label(listed)}), resource=given))
    assert (denied == "deny consent-deny") == (RANKS.index(carried) >= RANKS.index(listed))


def test_a_resource_without_labels_is_of_normal_confidentiality() -> None:
    assert holds_in_permit({"securityLabel": label("N")})
    assert not holds_in_permit({"securityLabel": label("M")})
    assert holds_in_deny({"securityLabel": label("N")})
    assert not holds_in_deny({"securityLabel": label("R")})


def denied_by_label(*listed: str, carried: Any) -> bool:
    about = {"securityLabel": label(*listed)}
    return says(case(consent("deny", about=about), resource=resource(securityLabel=carried))) == "deny consent-deny"


@pytest.mark.parametrize(
    ("listed", "carried", "fits"),
    [
        ("PSY", "PSY", True),
        ("PSY", "PSYTHPN", True),
        ("PSYTHPN", "PSY", False),
        ("ETH", "ETHUD", True),
        ("ETH", "OPIOIDUD", True),
        ("ETHUD", "OPIOIDUD", False),
        ("HIV", "STD", False),
        ("NOPAT", "NOPAT", True),
        ("TBOO", "TBOO", True),
        ("NOPAT", "HIV", False),
    ],
)
def test_an_act_code_label_fits_itself_and_its_kinds(listed: str, carried: str, fits: bool) -> None:
    assert denied_by_label(listed, carried=label(carried)) == fits


def test_a_sensitivity_label_lifts_the_confidentiality_to_restricted_and_other_labels_do_not() -> None:
    assert denied_by_label("R", carried=label("HIV"))
    assert denied_by_label("R", carried=label("L", "HIV"))
    assert denied_by_label("R", carried=label("N", "R", "M"))
    assert not denied_by_label("R", carried=label("NOPAT"))
    assert not denied_by_label("V", carried=label("HIV"))


@pytest.mark.parametrize(
    "odd",
    [
        *({"system": "urn:x", "code": "1"}, {"code": "PSY"}, {}, "PSY", None),
        *({"system": CONFIDENTIALITY, "code": "S"}, {"system": CONFIDENTIALITY}),
    ],
)
def test_a_label_of_the_resource_that_nothing_here_explains_counts_as_restricted(odd: Any) -> None:
    assert denied_by_label("R", carried=[odd])
    assert not denied_by_label("PSY", carried=[odd])
    assert not denied_by_label("V", carried=[odd])


def test_a_confidentiality_code_that_is_none_neither_hides_nor_lowers_those_beside_it() -> None:
    assert denied_by_label("R", carried=label("U", "X"))
    assert denied_by_label("V", carried=label("X", "V"))


def test_an_unknown_confidentiality_code_of_a_provision_fits_nothing() -> None:
    assert verdict({"securityLabel": label("X")}) == FAILS
    assert verdict({"securityLabel": label("X", "N")}) == HOLDS


@pytest.mark.parametrize(
    "odd", [{"system": "urn:x", "code": "N"}, {"code": "N"}, {"system": CONFIDENTIALITY}, {"system": ACT_CODE}, {}, 1]
)
def test_a_label_of_a_provision_without_usable_system_or_code_cannot_be_evaluated(odd: Any) -> None:
    assert verdict({"securityLabel": [odd]}) == CLOSED
    assert verdict({"securityLabel": [odd, *label("HIV")]}) == CLOSED
    assert verdict({"securityLabel": [odd, *label("N")]}) == HOLDS


@pytest.mark.parametrize(
    ("listed", "requested", "said"),
    [
        (["TREAT"], ["TREAT"], HOLDS),
        (["TREAT"], ["COC"], HOLDS),
        (["TREAT"], ["CAREMGT", "ETREAT"], HOLDS),
        (["COC"], ["TREAT"], FAILS),
        (["COC"], ["COC", "CAREMGT"], CLOSED),
        (["COC", "CAREMGT"], ["COC", "CAREMGT"], HOLDS),
        (["HRESCH"], ["TREAT"], FAILS),
        (["FOO"], ["TREAT"], FAILS),
        (["FOO", "TREAT"], ["TREAT"], HOLDS),
    ],
)
def test_purpose_needs_all_in_a_permit_and_one_in_a_deny(listed: list[str], requested: list[str], said: str) -> None:
    assert verdict({"purpose": purpose(*listed)}, request=asked(purpose=requested)) == said


@pytest.mark.parametrize("listed", ["TREAT", "ETREAT", "BTG"])
def test_break_the_glass_is_a_kind_of_emergency_which_is_a_kind_of_treatment(listed: str) -> None:
    glass = {"declared": True}
    assert verdict({"purpose": purpose(listed)}, request=asked(purpose=["BTG", "TREAT"], breakGlass=glass)) == (
        HOLDS if listed == "TREAT" else CLOSED
    )


@pytest.mark.parametrize(
    ("role", "purposes", "listed", "said"),
    [
        ("enterprise", ["PRODRD"], purpose("PRODRD"), True),
        ("enterprise", ["PRODRD"], purpose("HRESCH"), False),
        ("researcher", ["BIORCH"], purpose("HRESCH"), True),
        ("researcher", ["HRESCH"], purpose("BIORCH"), False),
        ("regional-centre", ["HQUALIMP"], purpose("HOPERAT"), True),
        ("regional-centre", ["HOPERAT", "PUBHLTH"], purpose("PUBHLTH"), True),
    ],
)
def test_kinds_of_purposes_of_the_secondary_roles(role: str, purposes: list[str], listed: Any, said: bool) -> None:
    given = case(consent("deny", about={"purpose": listed}), request=asked(role, purpose=purposes))
    assert (says(given) == "deny consent-deny") == said


@pytest.mark.parametrize(
    "odd",
    [
        {"system": LOCAL, "code": "TREAT"},
        {"system": ACT_REASON, "code": "PRODRD"},
        {"system": "urn:x", "code": "TREAT"},
        {"code": "TREAT"},
        {"system": ACT_REASON},
        {},
        "TREAT",
    ],
)
def test_a_purpose_under_any_system_but_its_own_cannot_be_evaluated(odd: Any) -> None:
    assert verdict({"purpose": [odd]}) == CLOSED
    assert verdict({"purpose": [odd, *purpose("HRESCH")]}) == CLOSED
    assert verdict({"purpose": [odd, *purpose("TREAT")]}) == HOLDS


PROFILE = "http://example.org/StructureDefinition/bp"


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (class_("Observation"), HOLDS),
        (class_("Condition", "Observation"), HOLDS),
        (class_("Condition"), FAILS),
        (class_("observation"), FAILS),
        ([{"system": URI, "code": PROFILE}], HOLDS),
        ([{"system": URI, "code": PROFILE + "2"}], FAILS),
        ([{"system": URI, "code": "Observation"}], FAILS),
        ([{"system": TYPES, "code": PROFILE}], FAILS),
        ([{"system": "urn:x", "code": "Observation"}], CLOSED),
        ([{"system": "urn:x", "code": "Observation"}, *class_("Observation")], HOLDS),
        ([{"code": "Observation"}], CLOSED),
        ([{"system": TYPES}, *class_("Condition")], CLOSED),
        ([{"system": URI}], CLOSED),
    ],
)
def test_class_is_the_type_or_a_profile(listed: list[Json], said: str) -> None:
    assert verdict({"class": listed}, resource=resource(profile=["urn:other", PROFILE])) == said


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (code("718-7"), HOLDS),
        (code("1-1", "718-7"), HOLDS),
        (code("1-1"), FAILS),
        (code("718-7", system="urn:x"), FAILS),
        ([{"coding": [*code("1-1")[0]["coding"], *code("718-7")[0]["coding"]]}], HOLDS),
        ([{"text": "haemoglobin"}], CLOSED),
        ([{"text": "haemoglobin"}, *code("1-1")], CLOSED),
        ([{"text": "haemoglobin"}, *code("718-7")], HOLDS),
        ([{"text": "other", **code("1-1")[0]}], FAILS),
        ([{"coding": [{"code": "718-7"}]}], CLOSED),
        ([{"coding": [{"system": LOINC}]}], CLOSED),
        ([{"coding": [{"code": "718-7"}, *code("1-1")[0]["coding"]]}], FAILS),
        ([{"coding": []}], CLOSED),
    ],
)
def test_code_is_a_coding_of_the_resource(listed: list[Json], said: str) -> None:
    assert verdict({"code": listed}) == said


@pytest.mark.parametrize("codes", [..., [], [{"code": "718-7"}], [{}], "718-7"])
def test_a_resource_without_usable_code_has_none_of_the_codes(codes: Any) -> None:
    assert verdict({"code": code("718-7")}, resource=resource(code=codes)) == FAILS
    assert verdict({"code": [{"coding": [{"code": "718-7"}]}]}, resource=resource(code=codes)) == CLOSED


PARTLY = CLOSED  # a deny needs an overlap only


@pytest.mark.parametrize(
    ("clinical", "period", "said"),
    [
        ("2026-05-20", {"start": "2026-05-20", "end": "2026-05-20"}, HOLDS),
        ("2026-05-20", {"start": "2026-05-21"}, FAILS),
        ("2026-05-20", {"end": "2026-05-19"}, FAILS),
        ("2026-05-20", {"start": "2026-05-20T12:00:00+08:00"}, PARTLY),
        ("2026-05-20", {"start": "2026-05-19T16:00:00Z", "end": "2026-05-20T15:59:59Z"}, PARTLY),
        ("2026-05-20", {"start": "2026-05-19T16:00:00Z", "end": "2026-05-20T16:00:00Z"}, HOLDS),
        ("2026-05", {"start": "2026-05-01", "end": "2026-05-31"}, HOLDS),
        ("2026-05", {"start": "2026-05-02"}, PARTLY),
        ("2026", {"start": "2026", "end": "2026"}, HOLDS),
        ("2026", {"end": "2026-11"}, PARTLY),
        ("2026-05-20T23:59:59.999+08:00", {"end": "2026-05-20"}, HOLDS),
        ("2026-05-20T16:00:00Z", {"end": "2026-05-20"}, FAILS),
        ("2026-05-20T09:00+08:00", {"start": "2026-05-20T01:00:00Z", "end": "2026-05-20T01:00:00Z"}, HOLDS),
        ({"start": "2026-05-01", "end": "2026-05-31"}, {"start": "2026-05", "end": "2026-05"}, HOLDS),
        ({"start": "2026-05-01", "end": "2026-06-01"}, {"start": "2026-05", "end": "2026-05"}, PARTLY),
        ({"start": "2026-05-01"}, {"start": "2026-05"}, HOLDS),
        ({"start": "2026-05-01"}, {"start": "2026-05", "end": "2030"}, PARTLY),
        ({"start": "2026-05-01"}, {"end": "2026-04"}, FAILS),
        ({"end": "2026-05-01"}, {"end": "2026-05"}, HOLDS),
        ({"end": "2026-05-01"}, {"start": "1900"}, PARTLY),
        (..., {"start": "1900"}, CLOSED),
        (None, {"start": "1900"}, CLOSED),
        ({}, {"start": "1900"}, CLOSED),
        ("last week", {"start": "1900"}, CLOSED),
        ("2026-05-20T09:00:00", {"start": "1900"}, CLOSED),
        ("2026-02-29", {"start": "1900"}, CLOSED),
        ({"start": "2026-06", "end": "2026-05"}, {"start": "1900"}, CLOSED),
        ({"start": "2026-05-01", "end": "soon"}, {"start": "1900"}, CLOSED),
        (["2026-05-20"], {"start": "1900"}, CLOSED),
    ],
)
def test_data_period_needs_the_whole_time_in_a_permit_and_an_overlap_in_a_deny(
    clinical: Any, period: Json, said: str
) -> None:
    assert verdict({"dataPeriod": period}, resource=resource(clinicalTime=clinical)) == said


@pytest.mark.parametrize(
    ("meaning", "reference", "said"),
    [
        ("instance", "Observation/hb", HOLDS),
        ("instance", "Observation/hb/_history/3", HOLDS),
        ("instance", "Encounter/e", FAILS),
        ("related", "Observation/hb", HOLDS),
        ("related", "Encounter/e", HOLDS),
        ("related", "DiagnosticReport/r", HOLDS),
        ("related", "Encounter/f", FAILS),
        ("dependents", "Observation/hb", HOLDS),
        ("dependents", "Encounter/e", HOLDS),
        ("dependents", "DiagnosticReport/r", FAILS),
        ("authoredby", "Practitioner/a", HOLDS),
        ("authoredby", "Organization/township", HOLDS),
        ("authoredby", "Organization/alliance", FAILS),
        ("authoredby", "Observation/hb", FAILS),
        ("nearby", "Observation/hb", CLOSED),
    ],
)
def test_data_points_at_the_resource_by_its_meaning(meaning: str, reference: str, said: str) -> None:
    given = resource(references=["Encounter/e"], referencedBy=["DiagnosticReport/r"], authors=["Practitioner/a"])
    assert verdict({"data": data(meaning, reference)}, resource=given) == said


@pytest.mark.parametrize(
    "odd",
    [
        {"meaning": "instance"},
        {"meaning": "instance", "reference": {"display": "that one"}},
        {"reference": {"reference": "Observation/hb"}},
        {},
        "Observation/hb",
    ],
)
def test_data_without_meaning_or_reference_cannot_be_evaluated(odd: Any) -> None:
    assert verdict({"data": [odd]}) == CLOSED
    assert verdict({"data": [odd, *data("instance", "Observation/x")]}) == CLOSED
    assert verdict({"data": [odd, *data("instance", "Observation/hb")]}) == HOLDS


def test_all_criteria_of_a_provision_must_hold() -> None:
    about = {"class": class_("Observation"), "code": code("718-7"), "purpose": purpose("TREAT")}
    assert verdict(about) == HOLDS
    assert verdict({**about, "code": code("1-1")}) == FAILS


def test_an_inherited_criterion_is_read_as_the_childs_own_type_reads_it() -> None:
    untold = {"action": [{"text": "look"}]}
    assert says(case(consent("permit", provision("deny"), about=untold))) == "deny consent-deny"
    assert says(case(consent("deny", provision("permit"), about=untold))) == "deny consent-deny"


def test_a_permit_without_relationship_needs_no_more_than_its_own_match() -> None:
    named = consent(about={"actor": actor("Organization/alliance")})
    assert says(strange(named)) == "permit consent-permit"
