"""Tables of closure that clients keep, grown code by code (R4 conceptmap-operation-closure.html,
terminology-service.html#closure).

Only the concepts are kept, each with the version that added it; what is above what follows from their ancestors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from asyncpg import Record

from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from terminology.model import Coding
from terminology.service import Terminology

#: Tables one client may keep, and concepts one table may have.
TABLES: Final = 20
CONCEPTS: Final = 10_000

_BEGIN: Final = """
INSERT INTO term_closure (owner, name, begun) VALUES ($1, $2, $3)
ON CONFLICT (owner, name) DO UPDATE SET version = 0, begun = excluded.begun RETURNING number
"""
_EMPTY: Final = "DELETE FROM term_closure_concept WHERE closure = $1"
_COUNT: Final = "SELECT count(*) FROM term_closure WHERE owner = $1 AND name <> $2"
_LOCK: Final = "SELECT number, version FROM term_closure WHERE owner = $1 AND name = $2 FOR UPDATE"
_HELD: Final = """
SELECT c.version, e.number AS edition, e.url, e.current, t.number, t.code, t.ancestors
FROM term_closure_concept c
LEFT JOIN term_edition e ON e.number = c.edition
LEFT JOIN term_concept t ON t.edition = c.edition AND t.number = c.concept
WHERE c.closure = $1
"""
_ADD: Final = """
INSERT INTO term_closure_concept (closure, edition, concept, version)
SELECT $1, a.edition, a.concept, $4 FROM unnest($2::int[], $3::int[]) AS a (edition, concept)
"""
_GROWN: Final = "UPDATE term_closure SET version = $2 WHERE number = $1"


@dataclass(frozen=True, slots=True)
class Grown:
    """What there is to know since a version: pairs of a code and one it is a kind of, by code system."""

    version: int
    pairs: Sequence[tuple[str, str, str]]


class ClosureTables:
    """Keeps the tables of all clients; `owner` is whose they are."""

    def __init__(self, database: Database, terminology: Terminology, clock: Clock) -> None:
        self._database: Final = database
        self._terminology: Final = terminology
        self._clock: Final = clock

    async def begin(self, owner: str, name: str) -> None:
        """Begin a table, or begin it anew. Raises HubError TOO_LARGE for more than TABLES."""
        async with self._database.transaction() as tx:
            if await tx.fetchval(_COUNT, owner, name) >= TABLES:
                raise HubError(Category.TOO_LARGE, f"has {TABLES} tables already", where="name", code="too-costly")
            number = await tx.fetchval(_BEGIN, owner, name, self._clock())
            await tx.execute(_EMPTY, number)

    async def grow(self, owner: str, name: str, codings: Sequence[Coding]) -> Grown:
        """Add concepts; the pairs that came with them. Raises HubError NOT_FOUND for a table that was not begun, a code
        or a system that is not there, CONFLICT once a code system in it is another, TOO_LARGE.
        """
        asked = dict.fromkeys(codings)
        _check_room(len(asked))
        found = [await self._terminology.kind(coding) for coding in asked]
        async with self._database.transaction() as tx:
            number, version = await _standing(tx, owner, name)
            held = await _held(tx, number)
            known = {(row["edition"], row["number"]) for row in held}
            keys = dict.fromkeys((edition.number, concept.number) for edition, concept in found)
            added = [key for key in keys if key not in known]
            _check_room(len(held) + len(added))
            if not added:
                return Grown(version, ())
            await tx.execute(_ADD, number, [one for one, _ in added], [one for _, one in added], version + 1)
            await tx.execute(_GROWN, number, version + 1)
            return Grown(version + 1, _pairs(await _held(tx, number), version))

    async def since(self, owner: str, name: str, version: int) -> Grown:
        """The pairs that were added after a version. Raises as `grow`."""
        async with self._database.transaction() as tx:
            number, newest = await _standing(tx, owner, name)
            return Grown(newest, _pairs(await _held(tx, number), version))


def _check_room(concepts: int) -> None:
    if concepts > CONCEPTS:
        raise HubError(Category.TOO_LARGE, f"has over {CONCEPTS} concepts", where="name", code="too-costly")


async def _standing(tx: Tx, owner: str, name: str) -> tuple[int, int]:
    row = await tx.fetchrow(_LOCK, owner, name)
    if row is None:
        todo = "begin it: $closure with its name alone"
        raise HubError(Category.NOT_FOUND, "no such table was begun", where="name", todo=todo, code="no-closure")
    return row["number"], row["version"]


async def _held(tx: Tx, number: int) -> list[Record]:
    """The concepts of a table. What is a kind of what may be otherwise in another version of their code system."""
    rows = await tx.fetch(_HELD, number)
    if not all(row["current"] for row in rows):
        what, todo = "was made by a version of a code system that is not in force any more", "begin it anew"
        raise HubError(Category.CONFLICT, what, where="name", todo=todo, code="closure-outdated")
    return list(rows)


def _pairs(held: Iterable[Record], after: int) -> list[tuple[str, str, str]]:
    """(system, code, a code it is a kind of), of pairs one of which came after a version."""
    by_place = {(row["edition"], row["number"]): row for row in held}
    return sorted(
        (row["url"], row["code"], above["code"])
        for row in by_place.values()
        for number in row["ancestors"]
        if (above := by_place.get((row["edition"], number))) is not None
        and max(row["version"], above["version"]) > after
    )
