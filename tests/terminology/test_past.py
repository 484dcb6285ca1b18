"""What was in force at a moment, as it was noted, and what is not known of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from hub.kernel.errors import Category, HubError
from terminology import catalogue
from terminology.expansion import Wish
from terminology.model import CODE_SYSTEM, Coding, Stated
from tests.terminology.house import DISEASES, House, code_system, diseases, in_house, of, said, value_set

FIRST, SECOND, THIRD, FOURTH = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4))
I10: Final = Coding(DISEASES, "I10")
SET: Final = "urn:set"

_NOTES: Final = "SELECT edition, since, until FROM term_force ORDER BY number"
_MOVED: Final = "UPDATE term_force SET since = $1, until = $2 WHERE number = (SELECT min(number) FROM term_force) + $3"


async def use(home: House, version: str, url: str = DISEASES) -> None:
    async with home.database.transaction() as tx:
        await catalogue.use(tx, CODE_SYSTEM, url, version)


async def moved(home: House, *spans: tuple[datetime, datetime | None]) -> None:
    """Let what was noted have been at these times, in the order it was noted."""
    async with home.database.transaction() as tx:
        for at, span in enumerate(spans):
            await tx.execute(_MOVED, *span, at)


async def display(home: House, moment: datetime) -> str:
    return (await home.terms.at(moment).lookup(I10)).concept.named("en")


async def refused(home: House, moment: datetime, coding: Coding = I10) -> tuple[Category, str]:
    with pytest.raises(HubError) as refusal:
        await home.terms.at(moment).lookup(coding)
    return refusal.value.category, refusal.value.code


def test_the_time_of_each_edition_in_force_is_noted_without_a_moment_between(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(diseases())
        await home.load(diseases(version="2"), current=False)
        await use(home, "2")
        await use(home, "1")
        await use(home, "1")
        async with home.database.transaction() as tx:
            await catalogue.withdraw(tx, CODE_SYSTEM, DISEASES)
        async with home.database.connection() as connection:
            notes = await connection.fetch(_NOTES)
        (one, begun, ended), (other, since, until), (again, anew, gone) = notes
        assert (one, again, other != one) == (one, one, True)
        assert begun < ended == since < until == anew < gone

    in_house(database_url, visit)


def test_answers_of_a_moment_go_by_what_was_in_force_then(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(diseases(), value_set(SET, of()))
        await home.load(code_system({"code": "I10", "display": "新"}, version="2"))
        added = {"code": "I10", "designation": [said("en", "added")]}
        await home.load(code_system(added, url="urn:more", content="supplement", supplements=DISEASES))
        await moved(home, (FIRST, SECOND), (FIRST, None), (SECOND, None), (THIRD, None))
        assert [await display(home, at) for at in (FIRST, SECOND, THIRD)] == ["Essential hypertension", "新", "added"]
        then = home.terms.at(FIRST)
        assert (await then.expand(Wish(url=SET, count=1, text="gxy"))).total == 3
        assert (await then.in_value_set(SET, [Stated(Coding(DISEASES, "E11"))]))[0].result
        assert not (await home.terms.in_value_set(SET, [Stated(Coding(DISEASES, "E11"))]))[0].result
        assert await then.subsumes(DISEASES, "C", "I10") == "subsumes"
        assert (await then.lookup(I10, "2")).concept.display == "新"

    in_house(database_url, visit)


def test_what_is_not_known_of_a_moment_is_refused_and_not_guessed(database_url: str) -> None:
    async def visit(home: House) -> None:
        assert await refused(home, FIRST) == (Category.UNSUPPORTED, "date")  # nothing was ever noted
        await home.load(diseases())
        await home.load(diseases(version="2"))
        await home.load(code_system(url="urn:later"))
        await moved(home, (SECOND, THIRD), (THIRD, None), (FOURTH, None))
        assert await refused(home, FIRST) == (Category.UNSUPPORTED, "date")
        assert await refused(home, THIRD, Coding("urn:later", "a")) == (Category.NOT_FOUND, "unknown-definition")
        async with home.database.transaction() as tx:
            await catalogue.drop(tx, CODE_SYSTEM, DISEASES, "1")
        assert await refused(home, SECOND) == (Category.UNSUPPORTED, "date")
        assert await display(home, THIRD) == "Essential hypertension"

    in_house(database_url, visit)
