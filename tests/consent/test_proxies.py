"""Section 7: parents, legal guardians and delegates."""

from __future__ import annotations

from typing import Any

import pytest

from hub.kernel.types import Json
from tests.consent.cases import (
    SON,
    actor,
    asked,
    case,
    code,
    consent,
    data,
    label,
    person,
    provision,
    proxy,
    purpose,
    resource,
    says,
)

OPEN = "permit proxy-access"
INVALID = "deny proxy-not-valid"
UNCOVERED = "deny restricted-not-permitted"
CHILD, TEEN, ADULT = "2018-01-01", "2010-01-01", "1970-03-01"
NAMED: Json = {"actor": actor(SON)}


def asks(*entries: Json, consents: tuple[Any, ...] = (), born: Any = CHILD, labels: Any = (), type_: str = "") -> str:
    given = resource(securityLabel=label(*labels), **({"resourceType": type_} if type_ else {}))
    who = person(birthDate=born, proxies=list(entries))
    return says(case(*consents, request=asked("proxy"), patient=who, resource=given))


@pytest.mark.parametrize("type_", ["parent", "legal-guardian"])
def test_parents_and_guardians_need_no_permit(type_: str) -> None:
    assert asks(proxy(type_)) == OPEN
    assert asks(proxy(type_, period={"start": "2026-06-10", "end": "2026-06-10"}, status="active")) == OPEN


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "RelatedPerson/other"},
        {"reference": None},
        {"status": "inactive"},
        {"status": ""},
        {"period": {"end": "2026-06-09"}},
        {"period": {"start": "2026-06-10T10:00:01+08:00"}},
        {"period": {"start": "2027", "end": "2026"}},
        {"period": {"start": "soon"}},
        {"scope": ["consent"]},
        {"scope": "write"},
        {"type": "neighbour"},
        {"type": None},
    ],
)
@pytest.mark.parametrize("type_", ["parent", "legal-guardian", "delegate"])
def test_an_entry_must_be_the_requesters_active_and_of_the_moment_with_read(type_: str, changes: Json) -> None:
    allowed = consent(about=NAMED)
    assert asks(proxy(type_, **changes), consents=(allowed,)) == INVALID


def test_a_requester_without_reference_is_no_proxy() -> None:
    who = person(proxies=[proxy("legal-guardian", reference=None)])
    assert says(case(request=asked("proxy", requester={"reference": None}), patient=who)) == INVALID


def test_nobody_is_a_proxy_without_an_entry() -> None:
    assert asks(consents=(consent(about=NAMED),)) == INVALID


@pytest.mark.parametrize(
    ("born", "said"),
    [
        ("2008-06-11", OPEN),
        ("2008-06-10", INVALID),
        ("2008-06", OPEN),
        ("2008-05", INVALID),
        (..., INVALID),
        ("x", INVALID),
    ],
)
def test_a_parent_is_one_until_the_patient_is_eighteen(born: Any, said: str) -> None:
    assert asks(proxy("parent"), born=born) == said
    assert asks(proxy("legal-guardian"), born=born, consents=()) == OPEN


def test_the_scope_is_read_when_nothing_is_said() -> None:
    assert asks(proxy("parent", scope=[])) == OPEN
    assert asks(proxy("parent", scope=["consent", "read"])) == OPEN


@pytest.mark.parametrize("type_", ["parent", "legal-guardian", "delegate"])
def test_what_is_withheld_from_the_patient_is_withheld_from_her_proxies(type_: str) -> None:
    assert asks(proxy(type_), labels=["NOPAT", "SDV"]) == "deny withheld-from-patient"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([proxy("parent")], "deny withheld-from-proxy"),
        ([proxy("legal-guardian"), proxy("parent")], "deny withheld-from-proxy"),
        ([proxy("delegate"), proxy("parent")], "deny withheld-from-proxy"),
        ([proxy("legal-guardian"), proxy("parent", scope=["consent"])], OPEN),
        ([proxy("legal-guardian"), proxy("parent", status="inactive")], OPEN),
        ([proxy("legal-guardian")], OPEN),
        ([proxy("delegate")], "deny no-consent"),
    ],
)
def test_violence_at_home_is_withheld_from_parents(entries: list[Json], said: str) -> None:
    assert asks(*entries, labels=["SDV"]) == said
    assert asks(*entries[::-1], labels=["SDV"]) == said


@pytest.mark.parametrize("type_", ["Consent", "AuditEvent"])
@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([proxy("delegate")], "deny record-restricted"),
        ([proxy("delegate", scope=["read", "consent"])], OPEN),
        ([proxy("delegate"), proxy("delegate", scope=["read", "consent"])], OPEN),
        ([proxy("delegate"), proxy("delegate", scope=["consent"])], "deny record-restricted"),
        ([proxy("delegate"), proxy("parent")], OPEN),
        ([proxy("parent")], OPEN),
        ([proxy("legal-guardian")], OPEN),
    ],
)
def test_a_delegate_sees_records_about_the_record_only_with_the_scope_consent(
    type_: str, entries: list[Json], said: str
) -> None:
    by_guardian = {**consent(about=NAMED), "performer": [{"reference": "RelatedPerson/g"}]}
    guardian = proxy("legal-guardian", "RelatedPerson/g")
    assert asks(*entries, guardian, type_=type_, consents=(by_guardian,)) == said


@pytest.mark.parametrize("type_", ["parent", "legal-guardian", "delegate"])
def test_a_deny_that_names_an_actor_denies_every_proxy(type_: str) -> None:
    born = TEEN if type_ == "parent" else ADULT
    refused, agreed = consent("deny", about=NAMED), consent(about=NAMED)
    if type_ == "legal-guardian":
        refused, agreed = ({**one, "performer": [{"reference": SON}]} for one in (refused, agreed))
    assert asks(proxy(type_), consents=(agreed, refused), born=born) == "deny consent-deny"
    inherited = {**refused, "provision": provision(None, provision("deny", code=code("718-7")), **NAMED)}
    assert asks(proxy(type_), consents=(inherited,), born=born) == "deny consent-deny"


def test_provisions_that_name_no_actor_play_no_part() -> None:
    general, purposeful = consent("deny"), consent("deny", about={"purpose": purpose("PATRQT")})
    assert asks(proxy("parent"), consents=(general, purposeful), born=TEEN) == OPEN
    assert asks(proxy("delegate"), consents=(general, consent(about=NAMED)), born=ADULT) == OPEN
    mixed = consent(None, provision("deny", code=code("718-7")), provision("permit", **NAMED))
    assert asks(proxy("delegate"), consents=(mixed,), born=ADULT) == OPEN
    assert asks(proxy("delegate"), consents=(consent(),), born=ADULT) == "deny no-consent"


def test_an_overridden_deny_is_no_deny() -> None:
    given = consent("deny", provision("permit", code=code("718-7")), about=NAMED)
    assert asks(proxy("delegate"), consents=(given,), born=ADULT) == OPEN


def test_a_deny_whose_actor_cannot_be_told_denies() -> None:
    untold = consent("deny", about={"actor": [{"reference": {"reference": "Practitioner/x"}}]})
    assert asks(proxy("parent"), consents=(untold,), born=TEEN) == "deny consent-deny"


@pytest.mark.parametrize("type_", ["parent", "legal-guardian", "delegate"])
def test_an_unprocessable_consent_denies_every_proxy(type_: str) -> None:
    spoiled = {**consent(), "dateTime": ...}
    assert asks(proxy(type_), consents=({**spoiled, "dateTime": "x"},)) == "deny consent-unprocessable"
    assert (
        asks(proxy(type_), consents=({**spoiled, "dateTime": "x"},), labels=["NOPAT"]) == "deny withheld-from-patient"
    )


@pytest.mark.parametrize("labels", [["R"], ["HIV"], ["V"]])
@pytest.mark.parametrize(
    ("entries", "born", "said"),
    [
        ([proxy("parent")], "2012-06-11", OPEN),
        ([proxy("parent")], "2012-06-10", UNCOVERED),
        ([proxy("parent"), proxy("legal-guardian")], TEEN, OPEN),
        ([proxy("parent"), proxy("legal-guardian", scope=["consent"])], TEEN, UNCOVERED),
        ([proxy("parent"), proxy("legal-guardian", status="ended")], TEEN, UNCOVERED),
        ([proxy("delegate"), proxy("parent")], TEEN, UNCOVERED),
        ([proxy("delegate"), proxy("parent")], CHILD, OPEN),
        ([proxy("delegate"), proxy("legal-guardian")], ADULT, OPEN),
        ([proxy("legal-guardian")], ..., OPEN),
        ([proxy("delegate")], CHILD, "deny no-consent"),
    ],
)
def test_segmentation_is_for_delegates_and_for_parents_of_fourteen_and_older(
    entries: list[Json], born: Any, said: str, labels: list[str]
) -> None:
    assert asks(*entries, born=born, labels=labels) == said
    assert asks(*entries[::-1], born=born, labels=labels) == said


@pytest.mark.parametrize(
    ("labels", "about", "covered"),
    [
        (["HIV"], {"securityLabel": label("HIV")}, True),
        (["HIV"], {"securityLabel": label("R")}, True),
        (["HIV"], {"data": data("instance", "Observation/hb")}, True),
        (["HIV", "PSY"], {"securityLabel": label("HIV")}, False),
        (["V", "HIV"], {"securityLabel": label("HIV")}, False),
        (["V"], {"securityLabel": label("V")}, True),
        (["HIV"], {}, False),
    ],
)
@pytest.mark.parametrize("type_", ["parent", "delegate"])
def test_cover_is_that_of_ordinary_evaluation_without_second_approval(
    type_: str, labels: list[str], about: Json, covered: bool
) -> None:
    born = TEEN if type_ == "parent" else ADULT
    said = asks(proxy(type_), consents=(consent(about={**NAMED, **about}),), born=born, labels=labels)
    duty = " no-redisclosure" if type_ == "delegate" else ""
    assert said == (OPEN + duty if covered else UNCOVERED)


def test_cover_must_name_the_actor_too() -> None:
    label_only, actor_only = consent(about={"securityLabel": label("HIV")}), consent(about=NAMED)
    assert asks(proxy("delegate"), consents=(label_only, actor_only), born=ADULT, labels=["HIV"]) == UNCOVERED


def test_a_delegate_of_the_same_person_who_is_also_parent_carries_no_delegates_duty() -> None:
    agreed = consent(about={**NAMED, "securityLabel": label("HIV")})
    assert asks(proxy("delegate"), proxy("parent"), consents=(agreed,), born=TEEN, labels=["HIV"]) == OPEN


def test_proxies_cannot_break_the_glass_and_are_no_family_doctors() -> None:
    glass = {"declared": True, "justification": "x", "declaredAt": "2026-06-10T09:59:00+08:00"}
    request = asked("proxy", breakGlass=glass)
    assert says(case(request=request, patient=person(proxies=[proxy("delegate")]))) == "deny no-consent"
