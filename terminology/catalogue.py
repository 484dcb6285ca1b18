"""Which editions there are, and which of them is current.

A reader takes one `Catalogue` for all it does, so that a switch in between does not mix editions. A process learns of
a switch at most `_RESTS` seconds late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final

from asyncpg import Record

from hub.db.database import Database, Tx
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from terminology.force import noted
from terminology.model import CODE_SYSTEM, Edition
from terminology.shelf import UNSHELVED, Shelf

#: The number of no edition: small ones have negative numbers.
_NO_EDITION: Final = 0
#: Seconds a catalogue is used before the database is asked whether it changed.
_RESTS: Final = 1.0

_REVISION: Final = "SELECT number FROM term_revision"
_EDITIONS: Final = """
SELECT number, kind, url, version, current, total, loaded, head, coalesce(resource, '') AS resource
FROM term_edition WHERE ready
ORDER BY kind, url, abs(number)
"""
_FIND: Final = "SELECT number, current, ready, resource FROM term_edition WHERE kind = $1 AND url = $2 AND version = $3"
_UNSET: Final = "UPDATE term_edition SET current = false WHERE kind = $1 AND url = $2 AND current AND number <> $3"
_IN_FORCE: Final = "SELECT EXISTS (SELECT FROM term_edition WHERE kind = $1 AND url = $2 AND current)"
_SET: Final = "UPDATE term_edition SET current = true WHERE number = $1"
_CHANGED: Final = """
INSERT INTO term_revision (number) VALUES (1) ON CONFLICT (single) DO UPDATE SET number = term_revision.number + 1
"""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Editions at one moment, by kind and URL, in the order they were loaded.

    `gone`: of what an edition was in force that is dropped since.
    """

    revision: int
    editions: Mapping[tuple[str, str], tuple[Edition, ...]]
    supplements: Mapping[str, tuple[Edition, ...]]
    gone: frozenset[tuple[str, str]] = frozenset()

    def find(self, kind: str, canonical: str, version: str = "") -> Edition | None:
        """By `url` or `url|version`; without a version the current one.

        Raises HubError UNSUPPORTED for one that is gone.
        """
        url, _, stated = canonical.partition("|")
        wanted = stated or version
        if not wanted and (kind, url) in self.gone:
            todo = "load that version again, and name it (url|version)"
            raise HubError(Category.UNSUPPORTED, "what was in force then is dropped", where=url, todo=todo, code="date")
        found = self.editions.get((kind, url), ())
        return next((one for one in found if (one.version == wanted if wanted else one.current)), None)

    def named(self, kind: str, canonical: str, version: str = "") -> Edition:
        """As `find`. Raises HubError NOT_FOUND."""
        found = self.find(kind, canonical, version)
        if found is None:
            raise HubError(
                Category.NOT_FOUND,
                f"the hub holds no such {kind}, or not in this version",
                where="url",
                todo="load it (yilian terminology load), or name another version",
                code="unknown-definition",
            )
        return found

    def versions(self, kind: str) -> list[Edition]:
        """All editions of a kind, current or not."""
        return [one for (of, _), group in self.editions.items() if of == kind for one in group]

    def all(self, kind: str) -> list[Edition]:
        """Current editions of a kind."""
        return [one for one in self.versions(kind) if one.current]


class Catalogues:
    """Gives the catalogue as it stood within the last second."""

    def __init__(self, database: Database, clock: Callable[[], float] = monotonic) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._held = Catalogue(-1, {}, {})
        self._until = -1.0
        self._lock: Final = asyncio.Lock()

    async def now(self) -> Catalogue:
        """Raises HubError UNAVAILABLE."""
        if self._clock() >= self._until:
            async with self._lock:
                if self._clock() >= self._until:
                    self._held = await self._read()
                    self._until = self._clock() + _RESTS
        return self._held

    async def latest(self) -> Catalogue:
        """As it stands in the database at this moment: one round trip where nothing changed."""
        async with self._database.connection() as connection:
            revision = await connection.fetchval(_REVISION) or 0
        if revision != self._held.revision:
            self.forget()
        return await self.now()

    def forget(self) -> None:
        """Ask again next time."""
        self._until = -1.0

    async def _read(self) -> Catalogue:
        # One snapshot: a revision that was read before its editions would be believed for ever.
        async with self._database.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            revision = await tx.fetchval(_REVISION) or 0
            if revision == self._held.revision:
                return self._held
            return catalogue_of(revision, await editions_in(tx))


async def editions_in(tx: Tx) -> list[Edition]:
    """All editions that are ready."""
    return list(map(_edition, await tx.fetch(_EDITIONS)))


def catalogue_of(revision: int, editions: Iterable[Edition]) -> Catalogue:
    found: dict[tuple[str, str], tuple[Edition, ...]] = {}
    supplements: dict[str, tuple[Edition, ...]] = {}
    for one in editions:
        found[one.kind, one.url] = (*found.get((one.kind, one.url), ()), one)
        if one.kind == CODE_SYSTEM and one.current and one.head.get("content") == "supplement":
            base = one.head.get("supplements", "").partition("|")[0]
            supplements[base] = (*supplements.get(base, ()), one)
    return Catalogue(revision, found, supplements)


def _edition(row: Record) -> Edition:
    return Edition(
        number=row["number"],
        kind=row["kind"],
        url=row["url"],
        version=row["version"],
        current=row["current"],
        total=row["total"],
        loaded=row["loaded"],
        head=loads(row["head"]),
        resource=row["resource"],
    )


def has_own_table(edition: int) -> bool:
    """Whether the concepts of an edition stand in a table of their own, told by its number."""
    return edition > 0


def table_of(edition: int) -> str:
    """The table to copy the concepts of an edition to."""
    return f"term_concept_{edition}" if has_own_table(edition) else "term_concept"


async def changed(tx: Tx) -> None:
    """Tell every process that editions changed; whoever changes them waits here for the others."""
    await tx.execute(_CHANGED)


async def known_everywhere() -> None:
    """Wait until no process goes by a catalogue from before now: what is dropped then is read by nobody."""
    await asyncio.sleep(2 * _RESTS)


async def use(tx: Tx, kind: str, url: str, version: str) -> None:
    """Make a version the current one; whoever reads has the old or the new one. Raises HubError NOT_FOUND."""
    await changed(tx)
    row = await _ready(tx, kind, url, version)
    await tx.execute(_UNSET, kind, url, row["number"])
    await tx.execute(_SET, row["number"])
    await noted(tx)


async def in_force(tx: Tx, kind: str, url: str) -> bool:
    """Whether some version of this is the current one."""
    found: bool = await tx.fetchval(_IN_FORCE, kind, url)
    return found


async def drop(tx: Tx, kind: str, url: str, version: str, shelf: Shelf = UNSHELVED) -> None:
    """Forget a version that is not current, or half loaded. Raises HubError NOT_FOUND, CONFLICT for the current one."""
    await changed(tx)
    row = await tx.fetchrow(_FIND, kind, url, version)
    if row is None:
        raise _unknown()
    if row["current"]:
        todo = "use another version first, or withdraw this one (use --none)"
        raise HubError(Category.CONFLICT, "is current", where="version", todo=todo, code="in-use")
    await remove(tx, row["number"])
    if row["resource"] is not None:
        await shelf.remove(tx, kind, row["resource"])


async def withdraw(tx: Tx, kind: str, url: str) -> None:
    """No version of this is current any more."""
    await changed(tx)
    await tx.execute(_UNSET, kind, url, _NO_EDITION)
    await noted(tx)


async def remove(tx: Tx, edition: int) -> None:
    """Delete an edition with all that is in it."""
    if has_own_table(edition):
        await tx.execute(f"DROP TABLE IF EXISTS {table_of(edition)}")
    else:
        await tx.execute(f"DELETE FROM {table_of(edition)} WHERE edition = $1", edition)
    await tx.execute("DELETE FROM term_mapping WHERE edition = $1", edition)
    await tx.execute("DELETE FROM term_edition WHERE number = $1", edition)


async def _ready(tx: Tx, kind: str, url: str, version: str) -> Record:
    row = await tx.fetchrow(_FIND, kind, url, version)
    if row is None or not row["ready"]:
        raise _unknown()
    return row


def _unknown() -> HubError:
    return HubError(
        Category.NOT_FOUND,
        "no such version is loaded",
        where="url and version",
        todo="see `yilian terminology list`",
        code="unknown-definition",
    )
