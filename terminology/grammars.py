"""Code systems that are a grammar (UCUM, languages, media types): their codes cannot be listed, but each can be judged.

They need not be loaded. What of one a value set has is a test of a code, kept by the URL of the system.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

from hub.fhir.canonical_units import UCUM, is_of_ucum
from hub.fhir.syntax import SYSTEMS
from terminology.model import CODE_SYSTEM, Edition, Found

Test: TypeAlias = Callable[[str], bool]
Tests: TypeAlias = Mapping[str, Test]

GRAMMARS: Final[Tests] = {**{url: codes.__contains__ for url, codes in SYSTEMS.items()}, UCUM: is_of_ucum}
_TITLES: Final = {
    UCUM: "Unified Code for Units of Measure (UCUM)",
    "urn:ietf:bcp:47": "Tags for Identifying Languages (BCP 47)",
    "urn:ietf:bcp:13": "Media Types (BCP 13)",
}


def edition_of(system: str) -> Edition:
    """A grammar as a code system of which no concept is held."""
    return Edition(
        number=0,
        kind=CODE_SYSTEM,
        url=system,
        version="",
        current=True,
        total=0,
        loaded=datetime.min.replace(tzinfo=UTC),
        head={"title": _TITLES[system], "content": "not-present"},
        resource="",
    )


def concept_formed(code: str) -> Found:
    """A code that is well formed. The grammars have no names for their codes: it is its own."""
    return Found(number=0, code=code, display=code, flags=0, parents=(), ancestors=frozenset(), details={})


def part_of(system: str, codes: Container[str]) -> Test:
    """The codes of a grammar that are among some."""
    whole = GRAMMARS[system]
    return lambda code: code in codes and whole(code)


def united(one: Tests, other: Tests) -> Tests:
    """What is of either."""
    return {**one, **other, **{system: _or(one[system], other[system]) for system in one.keys() & other.keys()}}


def common(one: Tests, other: Tests) -> Tests:
    """What is of both."""
    return {system: _and(one[system], other[system]) for system in one.keys() & other.keys()}


def less(one: Tests, other: Tests, listed: Container[tuple[str, str]]) -> Tests:
    """What is of the one, but neither of the other nor listed as (system, code)."""
    return {system: _without(system, test, other.get(system), listed) for system, test in one.items()}


def _or(one: Test, other: Test) -> Test:
    return lambda code: one(code) or other(code)


def _and(one: Test, other: Test) -> Test:
    return lambda code: one(code) and other(code)


def _without(system: str, one: Test, other: Test | None, listed: Container[tuple[str, str]]) -> Test:
    return lambda code: one(code) and (system, code) not in listed and not (other is not None and other(code))
