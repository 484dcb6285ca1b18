"""Held connections: transactions, limits, lost connections."""

from __future__ import annotations

import asyncio

from hub.db.database import Database


def test_a_transaction_that_raises_leaves_nothing_behind(database_url: str) -> None:
    async def scenario() -> int | None:
        database = await Database.connect(database_url)
        async with database.connection() as connection:
            await connection.execute("CREATE TABLE note (n int)")
        try:
            async with database.transaction() as tx:
                await tx.execute("INSERT INTO note VALUES (1)")
                raise LookupError
        except LookupError:
            pass
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO note VALUES (2)")
        async with database.connection() as connection:
            total: int | None = await connection.fetchval("SELECT sum(n) FROM note")
        await database.close()
        return total

    assert asyncio.run(scenario()) == 2
