"""Indexing what new search parameters find in what stands: a step at a time, and how far it is."""

from __future__ import annotations

from typing import Final

from hub.db.database import Database
from hub.store import definitions
from hub.store.definitions import Progress
from hub.store.phrases import Phrases
from hub.store.reindexing import Step, step

__all__ = ["Indexing", "Progress", "Step"]


class Indexing:
    """The index of one database. Several may be at it: each takes another parameter."""

    def __init__(self, database: Database) -> None:
        self._database: Final = database
        self._phrases: Final = Phrases()

    async def step(self) -> Step:
        """Look at some resources, in a transaction of its own. Raises HubError UNAVAILABLE: take the step again."""
        async with self._database.transaction() as tx:
            return await step(tx, self._phrases)

    async def progress(self) -> list[Progress]:
        """How far the index is with each parameter, by resource type and code."""
        async with self._database.connection() as tx:
            return await definitions.progress(tx)
