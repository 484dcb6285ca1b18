"""The outbox loses nothing, in whatever order transactions commit; claims and aliases hold under races."""

from __future__ import annotations

import asyncio

import pytest

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.store.store import Store
from tests.store.support import patient, run, save


def test_a_change_that_commits_late_is_given_after_those_before_it_and_not_lost(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        async with database.transaction() as slow:
            await store.save(slow, [patient("slow")])
            await save(database, store, patient("quick"))
            async with database.connection() as connection:
                assert await store.changes(connection) == []
        async with database.connection() as connection:
            assert [change.id for change in await store.changes(connection)] == ["slow", "quick"]

    run(database_url, work)


def test_a_reader_that_continues_from_the_last_position_sees_every_change_once(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        async def write(n: int) -> None:
            async with database.transaction() as tx:
                await store.save(tx, [patient(f"{n}-{i}") for i in range(3)])
                await asyncio.sleep(0.001 * (n * 7 % 5))

        seen: list[str] = []
        position = (0, 0)
        writing = asyncio.gather(*(write(n) for n in range(12)))
        while True:
            finished = writing.done()
            async with database.connection() as connection:
                changes = await store.changes(connection, position, 4)
            seen += [change.id for change in changes]
            position = changes[-1].position if changes else position
            if finished and not changes:
                break
        assert sorted(seen) == sorted(f"{n}-{i}" for n in range(12) for i in range(3))

    run(database_url, work)


def test_of_two_claims_of_one_value_the_second_learns_who_holds_it(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        async def claim(rid: str) -> tuple[str, str] | None:
            async with database.transaction() as tx:
                held = await store.claim(tx, "identifier", "urn:a|1", "Patient", rid)
                await asyncio.sleep(0.02)
                return held

        answers = dict(zip("ab", await asyncio.gather(claim("a"), claim("b")), strict=True))
        winner = next(rid for rid, held in answers.items() if held is None)
        assert [held for held in answers.values() if held is not None] == [("Patient", winner)]

    run(database_url, work)


def test_an_alias_stands_for_one_id_only(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        async with database.transaction() as tx:
            await store.add_alias(tx, "new", "first")
        async with database.connection() as connection:
            assert await store.aliases(connection, ["new", "other"]) == {"new": "first"}
            with pytest.raises(HubError) as caught:
                await store.add_alias(connection, "new", "second")
            assert caught.value.category is Category.CONFLICT

    run(database_url, work)
