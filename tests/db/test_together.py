"""Queries of one text that share a statement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.db import together
from hub.db.database import Database
from hub.db.together import Together, shared
from hub.kernel.errors import Category, HubError

#: Rows of a query that has a shared part, an array, an order and a limit.
_ROWS = """WITH named AS MATERIALIZED (SELECT name FROM unnest($1::text[]) AS n (name) WHERE name IS NOT NULL)
SELECT name || $2::text AS told, (SELECT count(*) FROM named) AS many FROM named ORDER BY name DESC LIMIT $3::bigint"""

_QUERIES = st.lists(
    st.tuples(
        st.lists(st.none() | st.text("abc", max_size=2), max_size=4), st.sampled_from(["-", "+"]), st.integers(0, 3)
    ),
    min_size=1,
    max_size=40,
)


@asynccontextmanager
async def _connected(url: str, size: int = 8) -> AsyncIterator[Database]:
    database = await Database.connect(url, size=size, name="yilian-test")
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _together(url: str, size: int = 8) -> AsyncIterator[Together]:
    """Queries over a pool of `size` connections."""
    async with _connected(url, size) as database:

        async def run(text: str, values: Sequence[Any]) -> list[asyncpg.Record]:
            async with database.connection() as tx:
                return await tx.fetch(text, *values)

        yield Together(run)


async def _all(asked: Together, text: str, queries: Sequence[Sequence[Any]]) -> list[Any]:
    return await asyncio.gather(*(asked.fetch(text, query) for query in queries), return_exceptions=True)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    fetch = asyncpg.Connection.fetch

    def call(connection: Any, query: str, *args: Any, **kwargs: Any) -> Any:
        sent.append(query)
        return fetch(connection, query, *args, **kwargs)

    monkeypatch.setattr(asyncpg.Connection, "fetch", call)
    return sent


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(queries=_QUERIES)
def test_each_is_given_the_rows_of_its_own_in_their_order(database_url: str, queries: list[Sequence[Any]]) -> None:
    async def scenario() -> None:
        async with _together(database_url, size=2) as asked:
            found = await _all(asked, _ROWS, queries)
        async with _connected(database_url) as database, database.connection() as tx:
            alone = [await tx.fetch(_ROWS, *query) for query in queries]
        assert [[tuple(row)[:2] for row in rows] for rows in found] == [[tuple(row) for row in rows] for rows in alone]

    asyncio.run(scenario())


def test_those_that_are_ready_at_once_share_statements_and_one_alone_has_its_own(
    database_url: str, statements: list[str]
) -> None:
    async def scenario() -> None:
        async with _together(database_url) as asked:
            await _all(asked, "SELECT $1::bigint AS n", [[number] for number in range(10)])
            assert statements == [shared("SELECT $1::bigint AS n", 8), shared("SELECT $1::bigint AS n", 4)]
            statements.clear()
            await asked.fetch("SELECT $1::bigint AS n", [7])
            assert statements == ["SELECT $1::bigint AS n"]

    asyncio.run(scenario())


def test_what_fails_of_one_query_is_no_concern_of_those_it_was_asked_with(database_url: str) -> None:
    async def scenario() -> list[Any]:
        async with _together(database_url) as asked:
            return await _all(asked, "SELECT 10 / $1::bigint AS n", [[2], [0], ["no number"], [5]])

    two, zero, text, five = asyncio.run(scenario())
    assert (two[0]["n"], five[0]["n"]) == (5, 2)
    assert isinstance(zero, asyncpg.DivisionByZeroError)
    assert isinstance(text, asyncpg.DataError)


def test_whoever_waits_holds_no_connection(database_url: str) -> None:
    async def scenario() -> list[Any]:
        async with _together(database_url, size=1) as asked:
            return await _all(asked, "SELECT 10 / $1::bigint AS n", [[number] for number in (0, 1, 2, 5, 10)])

    assert [found[0]["n"] for found in asyncio.run(scenario())[1:]] == [10, 5, 2, 1]


def test_one_that_takes_long_keeps_nobody_waiting_who_asks_later(database_url: str) -> None:
    async def scenario() -> list[int]:
        ended: list[int] = []
        async with _together(database_url) as asked:

            async def ask(number: int, seconds: float) -> None:
                await asked.fetch("SELECT pg_sleep($1::double precision) AS slept", [seconds])
                ended.append(number)

            slow = asyncio.create_task(ask(0, 2))
            await asyncio.sleep(0.2)
            await asyncio.gather(*(ask(number, 0) for number in range(1, 5)))
            await slow
        return ended

    assert asyncio.run(scenario())[-1] == 0


def test_what_takes_long_is_asked_by_itself_until_it_was_asked_often(
    database_url: str, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "_APART", 3)
    text = "SELECT pg_sleep($1::double precision) AS slept"

    async def scenario() -> None:
        async with _together(database_url) as asked:
            await _all(asked, text, [[0.2], [0.2]])
            statements.clear()
            await _all(asked, text, [[0]] * 5)
            assert sorted(statements) == sorted([text, text, text, shared(text, 4)])

    asyncio.run(scenario())


def test_one_that_is_given_up_leaves_the_others_their_answers(database_url: str) -> None:
    async def scenario() -> list[int]:
        text = "SELECT pg_sleep(0.2), $1::bigint AS n"
        async with _together(database_url) as asked:
            tasks = [asyncio.create_task(asked.fetch(text, [number])) for number in range(3)]
            await asyncio.sleep(0.1)
            tasks[0].cancel()
            found = await asyncio.gather(*tasks[1:])
        assert tasks[0].cancelled()
        return [rows[0]["n"] for rows in found]

    assert asyncio.run(scenario()) == [1, 2]


def test_a_placeholder_without_a_type_is_a_fault() -> None:
    with pytest.raises(HubError) as told:
        shared("SELECT $1::bigint, $2", 4)
    assert told.value.category is Category.FAULT


def test_texts_kept_in_mind_are_bounded(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "_TEXTS", 2)

    async def scenario() -> int:
        async with _together(database_url) as asked:
            for number in range(5):
                await asked.fetch(f"SELECT {number} + $1::bigint AS n", [1])
            return len(asked._lines)

    assert asyncio.run(scenario()) == 2
