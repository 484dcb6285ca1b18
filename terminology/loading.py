"""Copies editions into the database, beside what is read, and puts them in force in one transaction.

Concepts are committed in batches. A load that was cut off goes on behind the last batch when it is asked for again
with the same content; with other content it begins anew. Nobody reads an edition before it is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from hub.db.database import Database, Tx
from hub.fhir.json import dumps
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.catalogue import changed, remove, use
from terminology.closure import Closure, closed
from terminology.mappings import rows_of_map
from terminology.model import ABSTRACT, CODE_SYSTEM, CONCEPT_MAP, INACTIVE, Concept, Source, code_key
from terminology.text import ancestor_key, fact_key, searched, text_keys

#: Concepts committed together.
BATCH: Final = 20_000

#: Told how many concepts of how many are in the database.
Progress = Callable[[int, int], None]

_COLUMNS: Final = (
    *("edition", "key", "number", "code", "display", "flags"),
    *("parents", "ancestors", "facts", "search", "keys", "details"),
)
_MAPPED: Final = (
    *("edition", "number", "source_system", "source_code", "target_system", "target_code"),
    *("target_display", "equivalence", "comment"),
)
_FIND: Final = "SELECT number, ready, digest FROM term_edition WHERE kind = $1 AND url = $2 AND version = $3"
_OPEN: Final = """
INSERT INTO term_edition (kind, url, version, digest, loaded, head) VALUES ($1, $2, $3, $4, $5, $6) RETURNING number
"""
_CLOSE: Final = "UPDATE term_edition SET ready = true, total = $2 WHERE number = $1"
_ALONE: Final = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_FREE: Final = "SELECT pg_advisory_unlock(hashtextextended($1, 0))"


class Loader:
    """Loads editions; `current`: the new edition is in force at once."""

    def __init__(self, database: Database, clock: Clock, *, batch: int = BATCH) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._batch: Final = batch

    async def code_system(self, source: Source, *, current: bool = True, progress: Progress | None = None) -> int:
        """Load a code system; returns how many concepts it has.

        Raises HubError CONFLICT where this version is there already or is being loaded, INVALID for a hierarchy that
        goes round in circles or a code that stands twice, and what the source raises.
        """
        head, closure = source.head, closed(source.links())
        _refuse_alike(head, closure)
        key = (CODE_SYSTEM, head["url"], head.get("version", ""))
        async with self._database.connection() as connection:
            if not await connection.fetchval(_ALONE, "|".join(key)):
                raise HubError(Category.CONFLICT, "is being loaded", where=head["url"], code="busy")
            try:
                number = await self._opened(connection, key, source.digest, head)
                await self._copied(connection, number, source, closure, progress)
                await self._finished(connection, number, key, len(closure.numbers), current)
            finally:
                await connection.execute(_FREE, "|".join(key))
        return len(closure.numbers)

    async def _opened(self, connection: Tx, key: tuple[str, str, str], digest: bytes, head: Json) -> int:
        """The edition that is filled: a new one, or the one that was begun with the same content."""
        row = await connection.fetchrow(_FIND, *key)
        if row is not None and row["ready"]:
            raise _there(key)
        async with connection.transaction():
            if row is not None and row["digest"] == digest:
                return int(row["number"])
            if row is not None:
                await remove(connection, row["number"])
            number: int = await connection.fetchval(_OPEN, *key, digest, self._clock(), dumps(head))
            await connection.execute(f"CREATE TABLE term_concept_{number} (LIKE term_concept INCLUDING DEFAULTS)")
        return number

    async def _copied(
        self, connection: Tx, number: int, source: Source, closure: Closure, progress: Progress | None
    ) -> None:
        done: int = await connection.fetchval(f"SELECT count(*) FROM term_concept_{number}")
        rows = map(_Row(number, source.head, closure), islice(source.concepts(), done, None))
        while batch := list(islice(rows, self._batch)):
            await connection.copy_records_to_table(f"term_concept_{number}", records=batch, columns=_COLUMNS)
            done += len(batch)
            if progress is not None:
                progress(done, len(closure.numbers))

    async def _finished(
        self, connection: Tx, number: int, key: tuple[str, str, str], total: int, current: bool
    ) -> None:
        """Index the edition, attach it and put it in force: all of it or nothing."""
        name = f"term_concept_{number}"
        async with connection.transaction():
            await connection.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (edition, key)")
            await connection.execute(f"CREATE INDEX ON {name} (edition, number)")
            await connection.execute(f"CREATE INDEX ON {name} USING gin (keys)")
            await connection.execute(f"ALTER TABLE {name} ADD CONSTRAINT only_{number} CHECK (edition = {number})")
            await changed(connection)
            await connection.execute(f"ALTER TABLE term_concept ATTACH PARTITION {name} FOR VALUES IN ({number})")
            await connection.execute(_CLOSE, number, total)
            if current:
                await use(connection, *key)
        await connection.execute(f"ANALYZE {name}")

    async def resource(self, resource: Json, *, current: bool = True) -> int:
        """Load a ValueSet or a ConceptMap; returns how many mappings it has. Raises HubError CONFLICT."""
        async with self._database.transaction() as tx:
            return await self.within(tx, resource, current=current)

    async def within(self, tx: Tx, resource: Json, *, current: bool = True) -> int:
        """As `resource`, in a transaction of the caller's."""
        kind = resource["resourceType"]
        key = (kind, resource["url"], resource.get("version", ""))
        head, rows = rows_of_map(resource) if kind == CONCEPT_MAP else (resource, [])
        await changed(tx)
        if await tx.fetchrow(_FIND, *key) is not None:
            raise _there(key)
        digest = sha256(dumps(resource)).digest()
        number: int = await tx.fetchval(_OPEN, *key, digest, self._clock(), dumps(head))
        records = [(number, at, *row) for at, row in enumerate(rows)]
        await tx.copy_records_to_table("term_mapping", records=records, columns=_MAPPED)
        await tx.execute(_CLOSE, number, len(rows))
        if current:
            await use(tx, *key)
        return len(rows)


class _Row:
    """Makes the row of a concept."""

    def __init__(self, edition: int, head: Json, closure: Closure) -> None:
        self._edition: Final = edition
        self._head: Final = head
        self._closure: Final = closure

    def __call__(self, concept: Concept) -> tuple[Any, ...]:
        number = self._closure.numbers[concept.code]
        above = self._closure.ancestors.get(number, ())
        search = searched(filter(None, [*concept.names(), concept.code]))
        keys = text_keys(search)
        keys.update(map(ancestor_key, above))
        keys.update(fact_key(*fact) for fact in concept.facts)
        return (
            *(self._edition, code_key(self._head, concept.code), number, concept.code, concept.display),
            concept.abstract * ABSTRACT + concept.inactive * INACTIVE,
            self._closure.parents.get(number, ()),
            above,
            [f"{code}={value}" for code, value in concept.facts],
            *(search, sorted(keys), dumps(concept.details)),
        )


def _refuse_alike(head: Json, closure: Closure) -> None:
    """Raises HubError INVALID for codes the code system itself does not tell apart."""
    if head.get("caseSensitive") is not False:
        return
    seen: set[str] = set()
    for code in closure.numbers:
        key = code_key(head, code)
        if key in seen:
            todo = "mend the source, or state that case counts (caseSensitive)"
            what = "has a code twice, in upper and lower case"
            raise HubError(Category.INVALID, what, where=head["url"], todo=todo, code="code-system")
        seen.add(key)


def _there(key: Sequence[str]) -> HubError:
    todo = "drop it first, or give the new one a version of its own"
    return HubError(Category.CONFLICT, "is loaded already", where="|".join(key[1:]), todo=todo, code="loaded")
