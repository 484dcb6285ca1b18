"""Statements of the index that many writers run at once."""

import asyncio

from hub.db.database import Database
from hub.mpi.index_write import end
from hub.mpi.people import People
from tests.mpi.registry import Registry, with_registry


def test_writers_who_count_the_same_names_wait_for_each_other_in_one_order(database_url: str) -> None:
    async def count(database: Database, keys: list[int]) -> None:
        async with database.transaction() as tx:
            await end(tx, People(), (), dict.fromkeys(keys, 1))

    async def story(registry: Registry) -> None:
        keys = list(range(20_000))
        await count(registry.database, keys)
        # In opposite orders, each would hold what the other needs next, and the database would refuse one.
        await asyncio.gather(*(count(registry.database, keys[::step]) for step in (1, -1, 1, -1)))
        async with registry.database.connection() as tx:
            assert await tx.fetchval("SELECT array_agg(DISTINCT seen) FROM mpi_count") == [5]

    with_registry(database_url, story)
