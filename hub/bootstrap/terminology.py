"""The terminology of an installation, for the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from hub.db import schema
from hub.db.database import Database

#: Seconds a statement may take: indexing a large code system is one statement.
_LONG: Final = 3600


@asynccontextmanager
async def terminology_database(url: str) -> AsyncIterator[Database]:
    """The database at `url`, with the schema this version knows. Raises HubError UNAVAILABLE."""
    database = await Database.connect(url, size=2, name="yilian-terminology", statement_seconds=_LONG)
    try:
        await schema.check(database)
        yield database
    finally:
        await database.close()
