"""Copies editions into the database, beside what is read, and puts them in force in one transaction.

Concepts are committed in batches. A load that was cut off goes on behind the last batch when it is asked for again
with the same content; with other content it begins anew. Nobody reads an edition before it is whole; then it stands on
the shelf as a resource too.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, islice
from typing import Final, NamedTuple

from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology import editions
from terminology.catalogue import has_own_table, remove, table_of
from terminology.closure import Closure
from terminology.concept_copy import copy_concepts
from terminology.editions import FIND, ConceptRows, Key, closure_of, key_of, there
from terminology.model import CODE_SYSTEM, Source
from terminology.shelf import UNSHELVED, Shelf, resource_id, shelved

#: Concepts committed together.
BATCH: Final = 20_000


class Loaded(NamedTuple):
    """How many concepts or mappings an edition has; how many parents are no codes of it, and one of them."""

    total: int
    strays: int = 0
    stray: str = ""


#: Told how many concepts of how many are in the database.
Progress = Callable[[int, int], None]

_ALONE: Final = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_FREE: Final = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"


class Loader:
    """Loads editions; `current`: the new edition is in force at once."""

    def __init__(self, database: Database, clock: Clock, *, shelf: Shelf = UNSHELVED, batch: int = BATCH) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._shelf: Final = shelf
        self._batch: Final = batch

    async def code_system(self, source: Source, *, current: bool = True, progress: Progress | None = None) -> Loaded:
        """Load a code system.

        Raises HubError CONFLICT where this version is there already or is being loaded, INVALID for a hierarchy that
        goes round in circles or a code that stands twice, and what the source raises.
        """
        head, closure = source.head, closure_of(source)
        key: Key = (CODE_SYSTEM, head["url"], head.get("version", ""))
        async with self._database.connection() as connection:
            if not await connection.fetchval(_ALONE, "|".join(key)):
                raise HubError(Category.CONFLICT, "is being loaded", where=head["url"], code="busy")
            try:
                number = await self._opened(connection, key, source, closure.total)
                await self._copied(connection, number, source, closure, progress)
                await self._indexed(connection, number)
                await self._finished(connection, number, key, shelved(source, closure), current)
            finally:
                await connection.execute(_FREE, "|".join(key))
        return Loaded(closure.total, *closure.strays)

    async def _opened(self, connection: Tx, key: Key, source: Source, total: int) -> int:
        """The edition that is filled: a new one, or the one that was begun with the same content."""
        row = await connection.fetchrow(FIND, *key)
        if row is not None and row["ready"]:
            raise there(key)
        async with connection.transaction():
            if row is not None and row["digest"] == source.digest:
                return int(row["number"])
            if row is not None:
                await remove(connection, row["number"])
            return await editions.opened(connection, key, source, total, self._clock())

    async def _copied(
        self, connection: Tx, number: int, source: Source, closure: Closure, progress: Progress | None
    ) -> None:
        table = table_of(number)
        done: int = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE edition = $1", number)
        rows = ConceptRows(number, source.head, closure).of(islice(source.concepts(), done, None), done)
        for first in rows:
            # Each row is made when it is sent: a batch of them would fill the memory.
            batch = chain([first], islice(rows, self._batch - 1))
            await copy_concepts(connection, table, batch)
            done = min(done + self._batch, closure.total)
            if progress is not None:
                progress(done, closure.total)

    async def _indexed(self, connection: Tx, number: int) -> None:
        if has_own_table(number):
            async with self._database.connection() as other:
                await editions.index(number, connection, other)

    async def _finished(self, connection: Tx, number: int, key: Key, resource: Json, current: bool) -> None:
        """Attach the edition, shelve it and put it in force: all of it or nothing."""
        rid = resource_id(*key)
        async with connection.transaction():
            await editions.attach(connection, number)
            await editions.close(connection, number, key, resource["count"], rid, current=current)
            await self._shelf.put(connection, {**resource, "id": rid})
        if has_own_table(number):
            await connection.execute(f"ANALYZE {table_of(number)}")

    async def resource(self, resource: Json, *, current: bool = True) -> int:
        """Load a ValueSet or a ConceptMap; returns how many mappings it has. Raises HubError CONFLICT."""
        async with self._database.transaction() as tx:
            return await self.within(tx, resource, current=current)

    async def within(self, tx: Tx, resource: Json, *, current: bool = True) -> int:
        """As `resource`, in a transaction of the caller's."""
        rid = resource_id(*key_of(resource))
        total = await editions.made(tx, rid, resource, self._clock(), current=current)
        await self._shelf.put(tx, {**resource, "id": rid})
        return total
