"""Histories of types read from the btrees in their order, whatever the number of versions."""

from __future__ import annotations

from hub.db.database import Database
from hub.kernel.types import Json
from hub.store import histories
from hub.store.predicate import seen
from hub.store.store import Store
from hub.store.values import Span, Visible
from tests.store.support import observation, run, save, stored, write


async def plan_of(database: Database, types: list[str]) -> str:
    """The plan of a page, chosen as for a large table."""
    asked = histories._plan(types, seen(Visible(organizations=("F01",))), Span(), None, 10)
    text, values = histories._text(asked)
    async with database.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        await tx.execute("SET LOCAL enable_bitmapscan = off")
        rows = await tx.fetch(f"EXPLAIN {text}", *values)
    return "\n".join(row[0] for row in rows)


def test_a_page_walks_the_indexes_of_both_tables(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, *(write(observation(f"o{number}", "p1")) for number in range(20)))
        plan = await plan_of(database, ["Observation"])
        assert "ix_resource_type_updated" in plan
        assert "ix_history_type_updated" in plan

    run(database_url, work)


def test_a_superseded_version_keeps_what_the_predicate_looks_at(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        first: Json = observation("o", "p1")
        await save(database, store, write(first))
        current = await stored(database, store, "o", "Observation")
        async with database.connection() as tx:
            before = await tx.fetchrow("SELECT tokens, refs FROM resource WHERE id = 'o'")
        await save(database, store, write({**first, "valueString": "new"}, current=current))
        async with database.connection() as tx:
            assert await tx.fetchrow("SELECT tokens, refs FROM history WHERE id = 'o'") == before

    run(database_url, work)
