"""Taking back what a message alone contributed, before it is merged anew."""

from __future__ import annotations

from typing import Any

from hub.kernel.types import Json
from hub.records.withdraw import contributions, withdraw


def version(message: int, **elements: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": "p",
        "meta": {"source": f"urn:yilian:message:{message}"},
        **elements,
    }


def elements_of(resource: Json) -> Json:
    return {key: value for key, value in resource.items() if key not in {"resourceType", "id", "meta"}}


def withdrawn(message: int, *versions: Json) -> Json:
    return elements_of(withdraw(versions[-1], contributions(message, versions))[0])


def test_what_a_message_added_goes() -> None:
    assert withdrawn(2, version(1, gender="male"), version(2, gender="male", active=True)) == {"gender": "male"}


def test_what_a_message_replaced_comes_back() -> None:
    assert withdrawn(2, version(1, gender="male"), version(2, gender="female")) == {"gender": "male"}


def test_what_a_newer_message_changed_stays() -> None:
    versions = (
        version(1, gender="male"),
        version(2, gender="female", active=True),
        version(3, gender="other", active=True),
    )
    assert withdrawn(2, *versions) == {"gender": "other"}


def test_what_a_newer_message_added_stays() -> None:
    assert withdrawn(1, version(1, gender="male"), version(2, gender="male", active=True)) == {"active": True}


def test_a_message_that_spoke_twice_goes_back_to_what_stood_before_it_first_spoke() -> None:
    versions = version(1, gender="male"), version(2, gender="female"), version(2, gender="other")
    assert withdrawn(2, *versions) == {"gender": "male"}


def test_a_message_that_wrote_nothing_has_nothing_to_take_back() -> None:
    only = version(1, gender="male")
    assert withdraw(only, contributions(7, [only])) == (only, frozenset())
