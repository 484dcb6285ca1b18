"""The index of the record and the installation's own search parameters, for the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.db import schema
from hub.db.database import Database
from hub.records.indexing import Indexing


@asynccontextmanager
async def indexing(url: str) -> AsyncIterator[Indexing]:
    """The index of the database at `url`. Raises HubError UNAVAILABLE."""
    database = await Database.connect(url, size=1, name="yilian-search-parameters")
    try:
        await schema.check(database)
        yield Indexing(database)
    finally:
        await database.close()
