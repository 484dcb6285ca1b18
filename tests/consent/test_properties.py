"""What holds of the function as such, in all cases."""

from __future__ import annotations

import copy
from random import Random
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from consent.compiler import compile_consents
from consent.decide import decide, decide_for
from consent.decision import Decision, Reason
from consent.facts import read_facts
from consent.inquiry import prepare
from hub.kernel.types import Json
from tests.consent import cases
from tests.consent.strategies import any_cases, consents, resources
from tests.consent.wide.whole import wide_case


@given(any_cases(), st.randoms(use_true_random=False))
def test_the_order_of_consents_does_not_matter(case: Json, random: Any) -> None:
    shuffled = random.sample(case["consents"], len(case["consents"]))
    assert decide({**case, "consents": shuffled}) == decide(case)


def foreign(consent: Json) -> list[Json]:
    """The same consent, made irrelevant in each of the ways there are, and broken besides."""
    broken = {**consent, "dateTime": "never", "implicitRules": "urn:x"}
    treatment = {"coding": [{"system": cases.SCOPE, "code": "treatment"}]}
    stale = [{**broken, "status": status} for status in ("draft", "proposed", "entered-in-error")]
    return [
        {**broken, "patient": {"reference": "Patient/other"}},
        {**broken, "scope": treatment},
        {**broken, "scope": {**treatment, "text": "patient-privacy"}},
        *stale,
        {**consent, "dateTime": "2026-06-10T10:00:00.000000001+08:00", "implicitRules": "urn:x"},
        {**consent, "performer": [{"reference": "Practitioner/x"}], "modifierExtension": [{"url": "urn:x"}]},
        {**consent, "status": "inactive", "modifierExtension": [{"url": "urn:x"}]},
    ]


@given(any_cases(), consents())
def test_irrelevant_consents_change_nothing(case: Json, extra: Json) -> None:
    for irrelevant in foreign(extra):
        assert decide({**case, "consents": [irrelevant, *case["consents"]]}) == decide(case)


@given(any_cases(), consents())
def test_another_processable_consent_that_only_denies_never_turns_a_deny_into_a_permit(case: Json, extra: Json) -> None:
    """Said of a consent without nested permits that shares no identifier.

    One that cannot be processed may open the glass: section 8 skips step 3 then.
    """
    before = decide(case)
    refusing = {**extra, "provision": {**extra["provision"], "type": "deny", "provision": []}}
    after = decide({**case, "consents": [*case["consents"], refusing]})
    assert before.permitted or not after.permitted


@given(any_cases())
def test_a_specific_refusal_that_matches_denies_whatever_else_is_consented(case: Json) -> None:
    refusal = cases.consent("deny", about={"class": cases.class_("Observation"), "actor": cases.actor(cases.CLINICIAN)})
    refusal["provision"]["actor"] += cases.actor("Practitioner/feng")
    request = {**case["request"], "breakGlass": {}}
    after = decide({**case, "request": request, "consents": [*case["consents"], refusal]})
    guardian = case["patient"]["proxies"][0]["type"] == "legal-guardian"
    assert after.reason is Reason.CONSENT_DENY or guardian


@given(any_cases(), st.datetimes().map(lambda at: at.isoformat()))
def test_the_start_of_the_query_is_ignored(case: Json, started: str) -> None:
    assert decide({**case, "request": {**case["request"], "queryStartedAt": started}}) == decide(case)


@given(any_cases())
def test_equal_instants_in_other_zones_are_equal(case: Json) -> None:
    elsewhere = copy.deepcopy(case)
    elsewhere["request"]["time"] = "2026-06-10T07:30:00+05:30"
    if "breakGlass" in elsewhere["request"]:
        elsewhere["request"]["breakGlass"]["declaredAt"] = "2026-06-09T18:30:00-07:00"
    for consent in elsewhere["consents"]:
        year, month, _ = consent["dateTime"].split("-")
        previous = {"01": f"{int(year) - 1}-12-31", "02": f"{year}-01-31", "03": f"{year}-02-28"}[month]
        consent["dateTime"] = f"{previous}T16:00:00Z"
    assert decide(elsewhere) == decide(case)


@given(any_cases())
def test_deciding_again_says_the_same_and_changes_nothing(case: Json) -> None:
    kept = copy.deepcopy(case)
    assert decide(case) == decide(case)
    assert case == kept


@given(any_cases())
def test_a_consent_listed_twice_counts_once(case: Json) -> None:
    assert decide({**case, "consents": case["consents"] * 2}) == decide(case)


@given(any_cases(), st.lists(resources(), min_size=1, max_size=3))
def test_one_prepared_request_says_of_each_resource_what_the_raw_case_says(case: Json, several: list[Json]) -> None:
    inquiry = prepare(
        policy=case["policy"],
        directory=case["directory"],
        patient=case["patient"],
        consents=compile_consents(case["consents"]),
        request=case["request"],
    )
    for resource in several:
        assert decide_for(inquiry, read_facts(resource, inquiry.references)) == decide({**case, "resource": resource})


#: What may stand anywhere in JSON, some of it nearly right.
JUNK: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 10**30, 0.5, "", "x", "\u0000", "2026", "permit", cases.PATIENT, "Patient/"),
    *([], {}, [[]], [{}], [None], ["x"], [0, "permit"], [[{}], {"code": []}]),
    *({"code": "x"}, {"system": None}, {"system": {}, "code": ["2026"]}, {"x": {"x": []}}, {"coding": [{"code": 0}]}),
)


def with_junk(value: Any, path: list[int], junk: Any) -> Any:
    """`value` with `junk` in the place that `path` leads to."""
    if not path or not value or not isinstance(value, dict | list):
        return junk
    if isinstance(value, list):
        at = path[0] % len(value)
        return [with_junk(one, path[1:], junk) if i == at else one for i, one in enumerate(value)]
    key = sorted(value)[path[0] % len(value)]
    return {**value, key: with_junk(value[key], path[1:], junk)}


def test_odd_input_is_decided_and_never_raises() -> None:
    for seed in range(4_000):
        random = Random(seed)
        path = [random.randrange(10) for _ in range(random.randint(1, 9))]
        case = with_junk(wide_case(random), path, random.choice(JUNK))
        assert isinstance(_decided(case, seed), Decision)


def _decided(case: Json, seed: int) -> Decision:
    try:
        return decide(case)
    except Exception as error:
        raise AssertionError(f"seed {seed}") from error
