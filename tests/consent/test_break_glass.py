"""Section 8: emergencies."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.types import Json
from tests.consent.cases import (
    ACT_REASON,
    DOCTOR,
    EMERGENCY,
    LOCAL,
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
    says,
    strange,
)

OPEN = "permit break-glass audit-break-glass notify-patient post-review"
GLASS: Json = EMERGENCY["breakGlass"]
REFUSAL = consent("deny")


def emergency(role: str = "clinician", purposes: list[str] | None = None, **glass: Any) -> Json:
    return asked(role, purpose=purposes or ["ETREAT"], breakGlass={**GLASS, **glass})


VERY = resource(securityLabel=label("V"))
DENIED = {
    "consent-deny": case(REFUSAL),
    "no-consent": case(policy={}),
    "no-care-relationship": strange(),
    "not-managed-patient": case(patient=person(managedBy=[])),
    "restricted-not-permitted": case(resource=resource(securityLabel=label("HIV"))),
    "second-approval-required": case(consent(about={"securityLabel": label("V")}), resource=VERY),
    "consent-unprocessable": case({**REFUSAL, "dateTime": "x"}),
}


@pytest.mark.parametrize("reason", DENIED)
@pytest.mark.parametrize("purposes", [["ETREAT"], ["BTG"], ["ETREAT", "BTG"]])
def test_a_declared_emergency_overrides_every_ordinary_denial(reason: str, purposes: list[str]) -> None:
    given = DENIED[reason]
    role = "family-doctor" if reason == "not-managed-patient" else "clinician"
    undeclared = {**given, "request": asked(role, purpose=["ETREAT"])}
    assert says(undeclared) == f"deny {reason}"
    duty = "no-redisclosure " if reason in {"restricted-not-permitted", "second-approval-required"} else ""
    said = says({**given, "request": emergency(role, purposes)})
    assert said == f"permit break-glass audit-break-glass {duty}notify-patient post-review"


def test_a_family_doctor_may_break_the_glass_too() -> None:
    unmanaged = person(managedBy=[{"practitioner": DOCTOR}])
    assert says(case(patient=unmanaged, request=emergency("family-doctor"))) == OPEN


def test_what_is_permitted_anyway_stands_without_duties() -> None:
    assert says(case(request=emergency())) == "permit default-permit"
    assert says(case(request=emergency(justification=""))) == "permit default-permit"
    own = resource(authorOrganization="Organization/county")
    assert says(case(REFUSAL, request=emergency(), resource=own)) == "permit author-organisation"


def test_every_purpose_must_be_an_emergency() -> None:
    assert says(case(REFUSAL, request=emergency(purposes=["ETREAT", "TREAT"]))) == "deny consent-deny"
    assert says(case(REFUSAL, request=emergency(purposes=["TREAT"]))) == "deny consent-deny"


@pytest.mark.parametrize("declared", [False, "true", 1, None])
def test_only_a_declaration_that_is_true_counts(declared: Any) -> None:
    assert says(case(REFUSAL, request=emergency(declared=declared))) == "deny consent-deny"


def test_other_denials_are_not_overridden() -> None:
    restricted = resource(resourceType="Consent")
    assert says(case(request=emergency(), resource=restricted)) == "deny record-restricted"
    assert says(case(request={**emergency(), "form": "aggregate"})) == "deny form-not-allowed"


@pytest.mark.parametrize("justification", ["", "  ", "\u3000\n", None, 7, ["昏迷"]])
def test_1_a_justification_must_say_something(justification: Any) -> None:
    assert says(case(REFUSAL, request=emergency(justification=justification))) == "deny break-glass-not-justified"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-06-10T10:00:00+08:00", OPEN),
        ("2026-06-10T06:00:00+08:00", OPEN),
        ("2026-06-09T22:00Z", OPEN),
        ("2026-06-10T05:59:59.999+08:00", "deny break-glass-expired"),
        ("2026-06-10T10:00:00.001+08:00", "deny break-glass-expired"),
        ("2026-06-10T09:00:00", "deny break-glass-expired"),
        ("2026-06-10", "deny break-glass-expired"),
        ("just now", "deny break-glass-expired"),
        (None, "deny break-glass-expired"),
        (7, "deny break-glass-expired"),
    ],
)
def test_2_a_declaration_holds_for_four_hours(at: Any, said: str) -> None:
    assert says(case(REFUSAL, request=emergency(declaredAt=at))) == said


def test_2_a_declaration_by_date_is_of_the_first_instant_of_the_day() -> None:
    request = {**emergency(declaredAt="2026-06-10"), "time": "2026-06-10T04:00:00+08:00"}
    assert says(case(REFUSAL, request=request)) == OPEN


def test_1_comes_before_2_and_2_before_3() -> None:
    named = consent("deny", about={"purpose": purpose("ETREAT")})
    both = emergency(justification=" ", declaredAt=None)
    assert says(case(named, request=both)) == "deny break-glass-not-justified"
    assert says(case(named, request=emergency(declaredAt=None))) == "deny break-glass-expired"
    assert says(case(named, request=emergency())) == "deny emergency-explicitly-denied"


FOREIGN = [{"system": "urn:x", "code": "ETREAT"}, {"system": LOCAL, "code": "ETREAT"}]


@pytest.mark.parametrize(
    ("refusal", "purposes", "explicit"),
    [
        (consent("deny", about={"purpose": purpose("ETREAT")}), ["ETREAT"], True),
        (consent("deny", about={"purpose": purpose("ETREAT")}), ["BTG"], True),
        (consent("deny", about={"purpose": purpose("BTG")}), ["BTG"], True),
        (consent("deny", about={"purpose": purpose("BTG")}), ["ETREAT", "BTG"], True),
        (consent("deny", about={"purpose": purpose("TREAT", "ETREAT")}), ["ETREAT"], True),
        (consent(None, provision("deny", code=code("718-7")), about={"purpose": purpose("ETREAT")}), ["ETREAT"], True),
        (consent("deny", about={"purpose": [*purpose("BTG"), FOREIGN[0]]}), ["ETREAT"], True),
        (consent("deny", about={"purpose": purpose("TREAT")}), ["ETREAT"], False),
        (consent("deny", about={"purpose": FOREIGN}), ["ETREAT"], False),
        (consent("deny"), ["ETREAT"], False),
        (consent("deny", about={"purpose": purpose("ETREAT"), "class": class_("Condition")}), ["ETREAT"], False),
        (
            consent(
                "deny", provision("permit", **{"class": class_("Condition")}), about={"purpose": purpose("ETREAT")}
            ),
            ["ETREAT"],
            True,
        ),
        (
            consent("deny", provision("permit", code=code("718-7")), about={"purpose": purpose("ETREAT")}),
            ["ETREAT"],
            False,
        ),
    ],
)
def test_3_a_standing_refusal_that_lists_emergencies_itself_is_respected(
    refusal: Json, purposes: list[str], explicit: bool
) -> None:
    given = strange(refusal, request=emergency(purposes=purposes))
    assert says(given) == ("deny emergency-explicitly-denied" if explicit else OPEN)


def test_3_looks_at_every_consent_that_counts() -> None:
    first, named = consent("deny", about={"code": code("718-7")}), consent("deny", about={"purpose": purpose("BTG")})
    request = emergency(purposes=["BTG"])
    for given in ([first, named], [named, first]):
        assert says(case(*given, request=request)) == "deny emergency-explicitly-denied"
    assert says(case(first, {**named, "status": "inactive"}, request=request)) == OPEN
    assert says(case(first, {**named, "dateTime": "2026-06-11"}, request=request)) == OPEN


def test_3_looks_at_denies_only() -> None:
    agreed = consent(about={"purpose": purpose("ETREAT")})
    hiv = resource(securityLabel=label("HIV"))
    assert says(case(agreed, request=emergency(), resource=hiv)).startswith("permit break-glass ")


def test_3_is_skipped_when_the_consents_cannot_be_processed() -> None:
    named = consent("deny", about={"purpose": [{"system": ACT_REASON, "code": "ETREAT"}]})
    assert says(case(named, {**REFUSAL, "implicitRules": "urn:x"}, request=emergency())) == OPEN


def test_4_restricted_data_may_not_be_passed_on() -> None:
    named = consent(about={"data": data("instance", "Observation/other")})
    said = says(case(named, request=emergency(), resource=resource(securityLabel=label("R"))))
    assert said == "permit break-glass audit-break-glass no-redisclosure notify-patient post-review"
