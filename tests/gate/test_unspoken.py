"""That nobody a search names has consents is guessed; what is seen hangs on no guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hub.auth.actor import Actor
from hub.kernel.types import Json
from hub.store.values import Write
from tests.consent import cases
from tests.gate.house import CLINICIAN, STRANGER, House, observation, statements_sent, with_house, write

DOCTOR = replace(CLINICIAN, role="family-doctor", organization="F01", practitioner="sun", token_id="t3")
READER = cases.actor("Organization/F03")
DENIED = cases.provision("deny", actor=READER)
PERMITTED = cases.provision("permit", actor=READER)
ELSEWHERE = cases.provision("deny", actor=cases.actor("Organization/F09"))


async def seen(house: House, patient: str, actor: Actor = STRANGER, *more: tuple[str, str]) -> list[str]:
    page = await house.gate.search(actor, "Observation", [("patient", patient), *more])
    return sorted(row.id for row in [*page.matches, *page.included])


async def two_patients(house: House) -> None:
    """Both of another organisation; the reader is in charge of the first."""
    for patient in ("a", "b"):
        await house.save(
            write("Patient", patient, birthDate="1970-03-01"), observation(f"of-{patient}", patient=patient)
        )
    await house.relate("a", "F03")


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return statements_sent(monkeypatch)


def test_the_page_of_a_person_without_consents_and_its_audit_row_are_two_statements(
    database_url: str, statements: list[str]
) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        await seen(house, "a", CLINICIAN)
        statements.clear()
        assert await seen(house, "a", CLINICIAN) == ["of-a"]
        assert len(statements) == 2

    with_house(database_url, work)


def test_a_consent_given_or_withdrawn_between_two_searches_holds_for_the_second(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        assert (await seen(house, "a"), await seen(house, "b")) == (["of-a"], [])
        await house.consent("b", PERMITTED, "c2")
        await house.consent("a", DENIED, "c1")
        assert (await seen(house, "a"), await seen(house, "b")) == ([], ["of-b"])
        await house.consent("b", None, "c2")
        await house.consent("a", None, "c1")
        assert (await seen(house, "a"), await seen(house, "b")) == (["of-a"], [])

    with_house(database_url, work)


def test_a_consent_given_at_another_source_holds_for_all_of_the_person(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        await house.link("person", "a", "b")
        for named in ("a", "person"):
            assert "of-a" in await seen(house, named)
        await house.consent("b", DENIED)
        for named in ("a", "person"):
            assert await seen(house, named) == []

    with_house(database_url, work)


def test_a_permission_given_at_another_source_opens_more_than_what_the_reader_wrote(database_url: str) -> None:
    async def work(house: House) -> None:
        await house.save(write("Patient", "a", birthDate="1970-03-01"), write("Patient", "b", birthDate="1970-03-01"))
        await house.save(observation("own", patient="a", author="F03"), observation("of-a", patient="a"))
        await house.link("person", "a", "b")
        for named in ("a", "person"):
            assert await seen(house, named) == ["own"]
        await house.consent("b", PERMITTED)
        for named in ("a", "person"):
            assert await seen(house, named) == ["of-a", "own"]

    with_house(database_url, work)


@pytest.mark.parametrize("actor", [STRANGER, DOCTOR], ids=["clinician", "family-doctor"])
def test_a_relationship_that_begins_or_ends_holds_for_the_next_search(database_url: str, actor: Actor) -> None:
    kind, party = ("care", "F03") if actor is STRANGER else ("managed", "Practitioner/sun")

    async def work(house: House) -> None:
        await house.save(write("Patient", "b", birthDate="1970-03-01"), observation("of-b", patient="b"))
        assert await seen(house, "b", actor) == []
        await house.relate("b", party, kind)  # type: ignore[arg-type]
        assert await seen(house, "b", actor) == ["of-b"]

    with_house(database_url, work)


@pytest.mark.parametrize(("way", "of_a", "of_b"), [("_include", "of-b", ""), ("_revinclude", "", "of-a")])
def test_what_is_included_of_others_is_what_a_look_at_the_person_would_open(
    database_url: str, way: str, of_a: str, of_b: str
) -> None:
    async def included(house: House) -> list[str]:
        more: Sequence[tuple[str, str]] = [(way, "Observation:derived-from")]
        return await seen(house, "a", STRANGER, *more)

    def derived(patient: str, other: str) -> Write:
        named: Json = {"derivedFrom": [{"reference": f"Observation/{other}"}]} if other else {}
        return observation(f"of-{patient}", patient=patient, **named)

    async def work(house: House) -> None:
        await two_patients(house)
        await house.relate("b", "F03")
        await house.save(derived("a", of_a), derived("b", of_b))
        guessed = await included(house)
        await house.consent("a", PERMITTED)
        assert guessed == await included(house) == ["of-a"]

    with_house(database_url, work)


@pytest.mark.parametrize("way", ["_include", "_revinclude"])
def test_a_search_with_what_comes_along_is_guessed_too(database_url: str, statements: list[str], way: str) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        await house.save(observation("on", derivedFrom=[{"reference": "Observation/of-a"}]))
        statements.clear()
        named = "on" if way == "_include" else "of-a"
        assert await seen(house, "a", CLINICIAN, ("_id", named), (way, "Observation:derived-from")) == ["of-a", "on"]
        assert "FROM epoch" in statements[0]
        assert len(statements) == (2 if way == "_include" else 3)

    with_house(database_url, work)


def test_finding_nothing_takes_as_many_statements_where_somebody_has_consents(
    database_url: str, statements: list[str]
) -> None:
    async def asked(house: House, patient: str) -> list[str]:
        statements.clear()
        assert await seen(house, patient) == []
        return list(statements)

    async def work(house: House) -> None:
        await house.save(write("Patient", "a", birthDate="1970-03-01"), observation("of-a", patient="a"))
        await house.consent("a", ELSEWHERE)
        await asked(house, "a")
        assert await asked(house, "a") == await asked(house, "nobody")

    with_house(database_url, work)


def test_who_had_consents_is_not_guessed_to_have_none_the_next_time(database_url: str, statements: list[str]) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        await house.consent("a", PERMITTED)
        await seen(house, "a")
        statements.clear()
        assert await seen(house, "a") == ["of-a"]
        assert len(statements) == 3

    with_house(database_url, work)


def test_the_row_of_the_audit_hangs_on_the_epoch_as_who_is_one_person_does(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        assert await seen(house, "a", CLINICIAN) == ["of-a"]
        assert (await house.entries())[-1].epoch is not None

    with_house(database_url, work)
