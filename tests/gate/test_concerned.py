"""Who is concerned in a search over all patients is guessed; what is seen hangs on no guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hub.gate.concerned import Concerned
from hub.kernel.errors import Category
from tests.consent import cases
from tests.gate.house import CLINICIAN, STRANGER, House, observation, refusal, statements_sent, with_house, write

READER = cases.actor("Organization/F03")
DENIED = cases.provision("deny", actor=READER)
PERMITTED = cases.provision("permit", actor=READER)
ALL: Sequence[tuple[str, str]] = ()
CHAINED = (("subject:Patient.birthdate", "1970-03-01"),)


async def two_patients(house: House) -> None:
    """Both of another organisation; the reader is in charge of the first."""
    for patient in ("a", "b"):
        await house.save(
            write("Patient", patient, birthDate="1970-03-01"), observation(f"of-{patient}", patient=patient)
        )
    await house.relate("a", "F03")


async def seen(house: House, params: Sequence[tuple[str, str]]) -> list[str]:
    page = await house.gate.search(STRANGER, "Observation", params)
    return sorted(row.id for row in page.matches)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return statements_sent(monkeypatch)


@pytest.mark.parametrize("params", [ALL, CHAINED], ids=["all", "chained"])
def test_where_nobody_is_concerned_a_page_and_its_audit_row_are_two_statements(
    database_url: str, statements: list[str], params: Sequence[tuple[str, str]]
) -> None:
    async def work(house: House) -> None:
        await house.save(write("Patient", "a", birthDate="1970-03-01"), observation("o", patient="a"))
        await house.gate.search(CLINICIAN, "Observation", params)
        statements.clear()
        assert len((await house.gate.search(CLINICIAN, "Observation", params)).matches) == 1
        assert len(statements) == 2

    with_house(database_url, work)


@pytest.mark.parametrize("params", [ALL, CHAINED], ids=["all", "chained"])
def test_a_consent_given_or_withdrawn_between_two_searches_holds_for_the_second(
    database_url: str, params: Sequence[tuple[str, str]]
) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        assert await seen(house, params) == ["of-a"]
        await house.consent("b", PERMITTED, "c2")
        assert await seen(house, params) == ["of-a", "of-b"]
        await house.consent("a", DENIED, "c1")
        assert await seen(house, params) == ["of-b"]
        await house.consent("b", None, "c2")
        assert await seen(house, params) == []
        await house.consent("a", None, "c1")
        assert await seen(house, params) == ["of-a"]

    with_house(database_url, work)


@pytest.mark.parametrize("params", [ALL, CHAINED], ids=["all", "chained"])
def test_what_a_consent_that_names_nobody_opens_to_who_is_in_charge_is_found_by_the_next_search(
    database_url: str, params: Sequence[tuple[str, str]]
) -> None:
    """No row that was found could tell that one is missing."""

    async def work(house: House) -> None:
        await two_patients(house)
        label = f"{cases.CONFIDENTIALITY}|R"
        await house.save(observation("restricted", patient="a", labels=[label]))
        assert await seen(house, params) == ["of-a"]
        await house.consent("a", cases.provision("permit", securityLabel=cases.label("R")))
        assert await seen(house, params) == ["of-a", "restricted"]

    with_house(database_url, work)


@pytest.mark.parametrize("params", [ALL, CHAINED], ids=["all", "chained"])
def test_a_relationship_with_somebody_who_denied_opens_nothing(
    database_url: str, params: Sequence[tuple[str, str]]
) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        await house.consent("b", DENIED, "c1")
        assert await seen(house, params) == ["of-a"]
        await house.relate("b", "F03")
        assert await seen(house, params) == ["of-a"]
        await house.consent("b", None, "c1")
        assert await seen(house, params) == ["of-a", "of-b"]

    with_house(database_url, work)


def test_the_limit_holds_for_whoever_was_not_concerned_before(database_url: str) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        assert await seen(house, ALL) == ["of-a"]
        await house.consent("a", PERMITTED, "c1")
        await house.consent("b", PERMITTED, "c2")
        error = await refusal(house.gate.search(STRANGER, "Observation", ALL))
        assert (error.category, error.code) == (Category.TOO_LARGE, "too-costly")

    with_house(database_url, work, panel_limit=1)


def test_a_wrong_guess_is_told_by_the_statement_that_was_made_for_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(house: House) -> None:
        await two_patients(house)
        await house.consent("a", cases.provision("deny", actor=READER, **{"class": cases.class_("Procedure")}))
        asked = 0
        ask = Concerned.ask

        async def counted(self: Concerned, *args: Any) -> Any:
            nonlocal asked
            asked += 1
            return await ask(self, *args)

        monkeypatch.setattr(Concerned, "ask", counted)
        for _ in range(3):
            assert await seen(house, ALL) == ["of-a"]
        assert asked == 1

    with_house(database_url, work)
