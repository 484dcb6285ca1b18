"""What one process knows of the installation's own search parameters, and how it learns that they changed.

Writers hold what they wrote against the version in the database (`hold`), searchers look again after a second.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from asyncpg import Record

from hub.db.database import Database, Tx
from hub.fhir.custom import Custom, Defined, Partial, custom
from hub.kernel.errors import Category, HubError
from hub.store.definitions import parameter_in
from hub.store.index_versions import VERSION, gained

#: Seconds for which a search may go by what is known.
FRESH: Final = 1.0

#: One statement, so that rows and version are of one state.
_LOAD: Final = """
SELECT r.version AS registry, r.indexed,
    d.number, d.type, d.code, d.kind, d.expression, d.targets, d.url, d.components, d.ready, d.done, d.total
FROM search_registry r LEFT JOIN search_definition d ON true ORDER BY d.number
"""
_ARREARS: Final = "SELECT type, since, done, total FROM search_arrears"


class Registry:
    """The parameters as they were last read; belongs to one database."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now: Final = now
        self._known: Custom | None = None
        self._read_at = 0.0

    async def current(self, tx: Tx) -> Custom:
        """For a writer, who holds it against the database afterwards.

        Raises HubError UNAVAILABLE where another release of the hub keeps the index: rows of this one would be missed.
        """
        found = self._known or await self._load(tx)
        if found.indexed not in (None, VERSION):
            self._known = None
            raise HubError(
                Category.UNAVAILABLE,
                "the index is kept by another release of the hub",
                where="store",
                todo="run the same release everywhere, or `yilian up` of this one",
                code="index-version",
            )
        return found

    async def fresh(self, database: Database) -> Custom:
        """For a searcher: at most a second old."""
        if self._known is not None and self._now() - self._read_at < FRESH:
            return self._known
        async with database.connection() as tx:
            return await self._load(tx)

    def hold(self, used: Custom, version: int) -> None:
        """Raises HubError UNAVAILABLE (code `race`) if what was used is not the version in the database."""
        if used.version != version:
            self._known = None
            raise HubError(
                Category.UNAVAILABLE,
                "the search parameters changed meanwhile",
                where="store",
                todo="try again",
                code="race",
            )

    async def _load(self, tx: Tx) -> Custom:
        began = self._now()
        found = await read_registry(tx)
        if self._known is None or found.version >= self._known.version:
            self._known, self._read_at = found, began
        return self._known


async def read_registry(tx: Tx) -> Custom:
    """The parameters as they are now."""
    found, behind = await tx.fetch(_LOAD), await tx.fetch(_ARREARS)
    defined = [_defined(row) for row in found if row["number"] is not None]
    return custom(found[0]["registry"], defined, found[0]["indexed"], {row["type"]: _partial(row) for row in behind})


def _partial(row: Record) -> Partial:
    codes = gained(row["since"]).get(row["type"], frozenset())
    return Partial(codes=codes, done=row["done"], total=row["total"])


def _defined(row: Record) -> Defined:
    return Defined(
        parameter=parameter_in(row), number=row["number"], ready=row["ready"], done=row["done"], total=row["total"]
    )
