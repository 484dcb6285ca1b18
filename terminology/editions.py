"""Makes editions, in a transaction of the caller's: tables, rows, which is in force.

A resource that is written becomes an edition here, as one that is loaded does: what a store holds is compiled, like an
index (docs/decisions/0045-one-terminology.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import starmap
from typing import Final

from hub.db.binary_copy import elements
from hub.db.database import Tx
from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology import mappings
from terminology.catalogue import changed, has_own_table, table_of, use
from terminology.closure import Closure, closed
from terminology.concept_copy import Row, copy_concepts, encoded
from terminology.fhir_source import ResourceSource, digest_of
from terminology.model import ABSTRACT, CODE_SYSTEM, CONCEPT_MAP, INACTIVE, Concept, Source, code_key, folds_case
from terminology.shelf import WHOLE
from terminology.text import ancestor_key, fact_key, hashed, searched, text_parts

#: Kind, url and version: what names an edition.
Key = tuple[str, str, str]

#: Concepts of a code system that is written in one request; a larger one is loaded.
WRITTEN: Final = 5_000
#: Parts of names whose keys are kept in memory.
_PARTS: Final = 65_536

_MAPPED: Final = ("edition", "number", *mappings.Row._fields)
FIND: Final = "SELECT number, ready, digest FROM term_edition WHERE kind = $1 AND url = $2 AND version = $3"
_OPEN: Final = """
INSERT INTO term_edition (kind, url, version, digest, loaded, head) VALUES ($1, $2, $3, $4, $5, $6) RETURNING number
"""
_OPEN_SMALL: Final = """
INSERT INTO term_edition (number, kind, url, version, digest, loaded, head)
VALUES (-nextval(pg_get_serial_sequence('term_edition', 'number')), $1, $2, $3, $4, $5, $6) RETURNING number
"""
_HOLDS: Final = "SELECT true FROM term_edition WHERE kind = $1 AND resource = $2 AND number <> $3"
_CLOSE: Final = "UPDATE term_edition SET ready = true, total = $2, resource = $3 WHERE number = $1"


def key_of(resource: Json) -> Key:
    """What names the edition of a resource that has a url."""
    return resource["resourceType"], resource["url"], resource.get("version", "")


async def made(tx: Tx, rid: str, resource: Json, now: datetime, *, current: bool) -> int:
    """The edition of a resource that stands under `rid`; returns how many concepts or mappings it has.

    Raises HubError CONFLICT where this version is there already, TOO_LARGE, INVALID as `Loader.code_system` does.
    """
    key = key_of(resource)
    await changed(tx)
    if await tx.fetchrow(FIND, *key) is not None:
        raise there(key)
    if key[0] == CODE_SYSTEM:
        number, total = await _code_system(tx, key, resource, now)
    else:
        number, total = await _rows(tx, key, resource, now)
    await close(tx, number, key, total, rid, current=current)
    return total


async def _code_system(tx: Tx, key: Key, resource: Json, now: datetime) -> tuple[int, int]:
    source = ResourceSource(resource)
    closure = await asyncio.to_thread(closure_of, source)
    if closure.total > WRITTEN:
        what, todo = f"has more than {WRITTEN} concepts", "load it from a file (yilian terminology load)"
        raise HubError(Category.TOO_LARGE, what, where=CODE_SYSTEM, todo=todo, code="too-costly")
    number = await opened(tx, key, source, closure.total, now)
    rows = ConceptRows(number, source.head, closure)
    # Readings of characters are work: beside the loop, or everybody would wait for it.
    made = await asyncio.to_thread(lambda: list(rows.of(source.concepts())))
    await copy_concepts(tx, table_of(number), made)
    await attach(tx, number)
    return number, closure.total


async def _rows(tx: Tx, key: Key, resource: Json, now: datetime) -> tuple[int, int]:
    head, rows = mappings.rows_of_map(resource) if key[0] == CONCEPT_MAP else (resource, [])
    number: int = await tx.fetchval(_OPEN, *key, digest_of(resource), now, dumps(head))
    records = [(number, at, *row) for at, row in enumerate(rows)]
    await tx.copy_records_to_table("term_mapping", records=records, columns=_MAPPED)
    return number, len(rows)


async def opened(tx: Tx, key: Key, source: Source, total: int, now: datetime) -> int:
    """A new edition of a code system of so many concepts; a large one has a table that nobody reads yet."""
    text = _OPEN if total > WHOLE else _OPEN_SMALL
    number: int = await tx.fetchval(text, *key, source.digest, now, dumps(source.head))
    if has_own_table(number):
        # What attaching would otherwise look for in every row.
        only = f"CONSTRAINT only_{number} CHECK (edition = {number})"
        await tx.execute(f"CREATE TABLE {table_of(number)} (LIKE term_concept INCLUDING DEFAULTS, {only})")
    return number


async def index(number: int, one: Tx, other: Tx) -> None:
    """Make the indexes of a table nobody reads yet by two connections, for PostgreSQL makes that of the keys with one
    process. `attach` makes those that are not there.
    """
    keys, *more = _indexes(number)
    for done in await asyncio.gather(_execute(one, [keys]), _execute(other, more), return_exceptions=True):
        if isinstance(done, BaseException):
            raise done


def _indexes(number: int) -> tuple[str, str, str]:
    name = table_of(number)
    return (
        f"CREATE INDEX IF NOT EXISTS {name}_keys_idx ON {name} USING gin (keys)",
        f"CREATE UNIQUE INDEX IF NOT EXISTS {name}_pkey ON {name} (edition, key)",
        f"CREATE INDEX IF NOT EXISTS {name}_edition_number_idx ON {name} (edition, number)",
    )


async def _execute(tx: Tx, statements: Iterable[str]) -> None:
    for statement in statements:
        await tx.execute(statement)


async def attach(tx: Tx, number: int) -> None:
    """Let the concepts of an edition be read: where they have a table of their own, with its indexes."""
    await changed(tx)
    if not has_own_table(number):
        return
    name = table_of(number)
    await _execute(tx, _indexes(number))
    await tx.execute(f"ALTER TABLE {name} ADD CONSTRAINT {name}_pkey PRIMARY KEY USING INDEX {name}_pkey")
    bounds = f"FROM ({number}) TO ({number + 1})"
    await tx.execute(f"ALTER TABLE term_concept ATTACH PARTITION {name} FOR VALUES {bounds}")


async def close(tx: Tx, number: int, key: Key, total: int, rid: str, *, current: bool) -> None:
    """An edition is whole: it stands as the resource `rid`, and is in force if it shall be.

    Raises HubError CONFLICT where another version was written under that id.
    """
    if await tx.fetchval(_HOLDS, key[0], rid, number):
        raise HubError(
            Category.CONFLICT,
            "another version was written over this one",
            where=f"{key[0]}/{rid}",
            todo="delete the resource of that id first",
            code="edition-written-over",
        )
    await tx.execute(_CLOSE, number, total, rid)
    if current:
        await use(tx, *key)


def closure_of(source: Source) -> Closure:
    """The hierarchy of a code system, whose codes must be told apart as it says itself. Raises HubError INVALID."""
    caseless = folds_case(source.head)
    return closed(source.links(), (lambda code: code_key(source.head, code)) if caseless else None)


class _Elements(dict[str, bytes]):
    """Keys of parts of names as `elements`; names are made of few parts. Forgotten before they become too many."""

    def __missing__(self, part: str) -> bytes:
        if len(self) >= _PARTS:
            self.clear()
        found = self[part] = elements((hashed(part),))
        return found


class ConceptRows:
    """Makes the rows of concepts."""

    def __init__(self, edition: int, head: Json, closure: Closure) -> None:
        self._edition: Final = edition
        self._head: Final = head
        self._closure: Final = closure
        self._element: Final = _Elements().__getitem__
        self._kin: tuple[frozenset[int], bytes, bytes] = (frozenset(), b"", b"")

    def of(self, concepts: Iterable[Concept], begin: int = 0) -> Iterator[bytes]:
        """Of concepts in their order, from the one with the number `begin` on, encoded. Raises HubError TOO_LARGE."""
        return map(encoded, starmap(self._row, enumerate(concepts, begin)))

    def _row(self, number: int, concept: Concept) -> Row:
        above, kinds = self._above(number)
        search = searched(filter(None, [*concept.names(), concept.code]))
        keys = b"".join(map(self._element, text_parts(search))) + kinds
        if concept.facts:
            keys += elements([fact_key(*fact) for fact in concept.facts])
        return Row(
            edition=self._edition,
            key=code_key(self._head, concept.code),
            number=number,
            code=concept.code,
            display=concept.display,
            flags=concept.abstract * ABSTRACT + concept.inactive * INACTIVE,
            parents=elements(self._closure.parents(number)),
            ancestors=above,
            facts=[f"{code}={value}" for code, value in concept.facts],
            search=search,
            keys=keys,
            details=dumps(concept.details),
        )

    def _above(self, number: int) -> tuple[bytes, bytes]:
        """The ancestors of a concept, and their keys; of siblings, which mostly stand together, they are made once."""
        ancestors = self._closure.ancestors(number)
        if ancestors is not self._kin[0]:
            told = sorted(ancestors)
            self._kin = (ancestors, elements(told), elements(list(map(ancestor_key, told))))
        return self._kin[1:]


def there(key: Sequence[str]) -> HubError:
    """What is said of a version that is there already."""
    todo = "drop it first, or give the new one a version of its own"
    return HubError(Category.CONFLICT, "is loaded already", where="|".join(key[1:]), todo=todo, code="loaded")
