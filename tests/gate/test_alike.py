"""What provisions look at, and which resources share one decision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from consent.facts import Facts
from consent.inquiry import read_inquiry
from consent.live import meets_resource
from consent.rule import Rule
from consent.times import EARLIEST, LATEST, Period
from hub.fhir.json import dumps
from hub.gate.alike import Looks, kind_of, looks_of, turns_of
from hub.gate.moments import clinical_time, moment_of
from hub.store.coded import coded
from hub.store.values import Stored
from tests.consent import cases
from tests.gate.house import stored

START = datetime(2026, 5, 20, tzinfo=UTC)


def looks(**about: Any) -> Looks:
    """What a consent with these criteria looks at."""
    return looks_of(read_inquiry(cases.case(cases.consent("deny", about=about))))


def timed(low: int | None, high: int | None) -> Stored:
    """A version with a clinical time, in microseconds from START, the end left out."""
    made = stored("Observation")
    start, end = (None if at is None else START + timedelta(microseconds=at) for at in (low, high))
    return structs.replace(made, facts=structs.replace(made.facts, clinical_start=start, clinical_end=end))


@pytest.mark.parametrize("code", ["718-7", '7"18', "7\\18", "七", "a\tb", '"', "a/b"])
def test_a_body_is_looked_into_if_it_holds_a_code_a_provision_names(code: str) -> None:
    coded = looks(code=cases.code("1-1", code))
    body = {"resourceType": "Observation", "code": {"coding": [{"system": cases.LOINC, "code": code}]}}
    assert coded.inside(dumps(body))
    assert not coded.inside(dumps({"resourceType": "Observation", "code": {"coding": [{"code": "2-2"}]}, "id": code}))
    assert not coded.inside(b"")


def test_a_body_is_looked_into_for_profiles_and_references_only_if_provisions_name_some() -> None:
    body = dumps({"meta": {"profile": ["urn:profile"]}, "subject": {"reference": "Patient/a"}})
    profile = [{"system": "urn:ietf:rfc:3986", "code": "urn:profile"}]
    assert looks(**{"class": profile}).inside(body)
    assert not looks(**{"class": profile}).inside(dumps({"resourceType": "Observation"}))
    assert looks(data=cases.data("dependents", "Encounter/e")).inside(body)
    assert not looks(securityLabel=cases.label("R"), data=cases.data("instance", "Observation/x")).inside(body)


def test_a_resource_a_provision_names_or_may_point_to_is_decided_by_itself() -> None:
    row = stored("Observation")
    assert kind_of(row, looks(data=cases.data("instance", "Observation/x"))) is None
    assert kind_of(row, looks(data=cases.data("instance", "Observation/y"))) is not None
    assert kind_of(structs.replace(row, body=b""), looks(data=cases.data("related", "Encounter/e"))) is None


def test_versions_that_differ_in_a_release_fact_are_not_of_one_kind() -> None:
    first = stored("Observation")
    others = [
        stored("Condition"),
        stored("Observation", author="F03"),
        stored("Observation", patient="b"),
        stored("Observation", labels=["urn:x|R"]),
        structs.replace(first, facts=structs.replace(first.facts, authors=("Practitioner/p",))),
    ]
    kinds = [kind_of(row, Looks()) for row in [first, *others]]
    assert len(set(kinds)) == len(kinds)
    assert kind_of(structs.replace(first, id="y"), Looks()) == kinds[0]


PROFILE = [{"system": "urn:ietf:rfc:3986", "code": "urn:profile"}]


def coded_as(code: str, **more: Any) -> Stored:
    """A version with a code in its body, and its digest."""
    body = {"resourceType": "Observation", "code": {"coding": [{"system": cases.LOINC, "code": code}]}, **more}
    return structs.replace(stored("Observation"), body=dumps(body), coded=coded(body))


def test_versions_whose_digests_tell_the_same_codes_are_of_one_kind() -> None:
    looked = looks(code=cases.code("1-1"))
    same = coded_as("1-1"), coded_as("1-1", note=[{"text": "of another day"}])
    assert kind_of(same[0], looked) == kind_of(same[1], looked) is not None
    assert kind_of(coded_as("2-2"), looked) != kind_of(same[0], looked)
    assert kind_of(structs.replace(same[0], coded=None), looked) is None


def test_bodies_without_anything_that_is_looked_for_are_all_of_one_kind() -> None:
    looked = looks(code=cases.code("1-1"), **{"class": PROFILE})
    clear = coded_as("2-2"), coded_as("3-3"), structs.replace(coded_as("4-4"), coded=None)
    assert len({kind_of(row, looked) for row in clear}) == 1
    named = coded_as("2-2", meta={"profile": ["urn:profile"]})
    assert kind_of(named, looked) not in {None, kind_of(clear[0], looked)}


def test_a_body_whose_digest_is_known_to_be_clear_is_not_looked_into_again() -> None:
    looked, clear = looks(code=cases.code("1-1")), set[bytes]()
    first = kind_of(coded_as("2-2"), looked, clear)
    assert clear == {coded_as("2-2").coded}
    assert kind_of(coded_as("2-2", reason={"coding": [{"code": "1-1"}]}), looked, clear) == first


def test_a_version_that_came_without_its_body_shares_no_decision_by_its_digest() -> None:
    looked, row = looks(code=cases.code("1-1")), coded_as("1-1")
    clear = set[bytes]()
    assert kind_of(structs.replace(row, body=b""), looked, clear) != kind_of(row, looked, clear)
    assert not clear


def test_authors_make_kinds_only_where_a_provision_asks_for_them() -> None:
    row = stored("Observation")
    other = structs.replace(row, facts=structs.replace(row.facts, authors=("Practitioner/p",)))
    asked = looks(data=cases.data("authoredby", "Practitioner/p"))
    assert kind_of(row, asked) != kind_of(other, asked)
    for looked in (looks(code=cases.code("1-1")), looks(securityLabel=cases.label("R"))):
        assert kind_of(row, looked) == kind_of(other, looked)


_TIMES = st.one_of(st.none(), st.integers(0, 6))
#: Ends of periods are finer than the clock of the store, and may be open.
_ENDS = st.integers(0, 12).map(lambda at: moment_of(START) + 500 * at) | st.sampled_from([EARLIEST, LATEST])


@given(
    periods=st.lists(st.tuples(_ENDS, _ENDS), min_size=1, max_size=3),
    rows=st.lists(st.builds(timed, _TIMES, _TIMES), min_size=2, max_size=8),
)
def test_times_of_one_kind_meet_the_same_periods(periods: list[Period], rows: list[Stored]) -> None:
    rules = [Rule(permit=permit, data_period=period) for period in periods for permit in (True, False)]
    looked = Looks(periods=True, turns=turns_of(periods))
    met: dict[object, list[bool]] = {}
    for row in rows:
        facts = Facts(type="Observation", clinical_time=clinical_time(row.facts))
        meets = [meets_resource(rule, facts) for rule in rules]
        assert met.setdefault(kind_of(row, looked), meets) == meets
