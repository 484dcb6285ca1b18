"""The installation's own search parameters, for the command line."""

from __future__ import annotations

from hub.db import migrate as schema
from hub.db.database import Database
from hub.store.definitions import Progress, progress


async def search_parameters(url: str) -> list[Progress]:
    """How far the index is with each of them in the database at `url`. Raises HubError UNAVAILABLE."""
    database = await Database.connect(url, size=1, name="yilian-search-parameters")
    try:
        await schema.check(database)
        async with database.connection() as tx:
            return await progress(tx)
    finally:
        await database.close()
