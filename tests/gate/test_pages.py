"""Page tokens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.pages import Seal, binding_of
from hub.kernel.errors import Category, HubError
from tests.gate.house import CLINICIAN, SECRET, STRANGER

SEAL = Seal(SECRET)
QUERY = [("code", "4548-4"), ("_count", "2")]
BINDING = binding_of(CLINICIAN, "Observation", QUERY)


def refused(token: str, binding: bytes = BINDING, seal: Seal = SEAL) -> bool:
    with pytest.raises(HubError) as refusal:
        seal.open(token, binding)
    return (refusal.value.category, refusal.value.code) == (Category.NOT_FOUND, "page")


@given(st.binary(min_size=1, max_size=300))
def test_a_keyset_comes_back_as_it_went(keyset: bytes) -> None:
    token = SEAL.close(keyset, BINDING)
    assert SEAL.open(token, BINDING) == keyset
    assert token.replace("-", "").replace("_", "").isalnum()


def test_a_token_shows_nothing_of_its_keyset() -> None:
    token = SEAL.close("沈桂兰 1958-04-12".encode(), BINDING)
    assert "1958" not in token
    assert token != SEAL.close("沈桂兰 1958-04-13".encode(), BINDING)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_token_is_refused(place: int, change: int) -> None:
    token = SEAL.close(b"keyset", BINDING)
    at = place % len(token)
    letter = chr((ord(token[at]) + change) % 256)
    changed = token[:at] + letter + token[at + 1 :]
    # The last letter may carry bits that are no part of the bytes.
    if letter != token[at] and at < len(token) - 1:
        assert refused(changed)


@pytest.mark.parametrize("token", ["", "x", "AAAA", "密", "\ud800", "=" * 9, "A" * 10_000])
def test_rubbish_is_refused(token: str) -> None:
    assert refused(token)


@pytest.mark.parametrize(
    "thief",
    [
        STRANGER,
        replace(CLINICIAN, role="family-doctor"),
        replace(CLINICIAN, organization="F01-ICU"),
        replace(CLINICIAN, practitioner="lin"),
        replace(CLINICIAN, practitioner=None, patient="fang"),
        replace(CLINICIAN, patient="a"),
    ],
)
def test_a_token_of_somebody_else_is_refused(thief: object) -> None:
    assert refused(SEAL.close(b"keyset", BINDING), binding_of(thief, "Observation", QUERY))  # type: ignore[arg-type]


def test_a_token_stays_good_when_the_same_person_renews_the_access_token() -> None:
    renewed = replace(CLINICIAN, token_id="t9")
    assert SEAL.open(SEAL.close(b"keyset", BINDING), binding_of(renewed, "Observation", QUERY)) == b"keyset"


@pytest.mark.parametrize(
    ("what", "params"),
    [
        ("Condition", QUERY),
        ("Observation", []),
        ("Observation", [("code", "718-7"), ("_count", "2")]),
        ("Observation", [*QUERY, ("_include", "Observation:subject")]),
        ("Observation", [("code", "4548-4&_count=2")]),
        ("Observation/x/_history", QUERY),
    ],
)
def test_a_token_is_good_for_its_own_query_only(what: str, params: list[tuple[str, str]]) -> None:
    assert refused(SEAL.close(b"keyset", BINDING), binding_of(CLINICIAN, what, params))


def test_the_order_of_parameters_does_not_matter() -> None:
    assert binding_of(CLINICIAN, "Observation", reversed(QUERY)) == BINDING


def test_a_token_of_another_installation_is_refused() -> None:
    assert refused(Seal(bytes(32)).close(b"keyset", BINDING))
