"""Which editions were in force at a moment (R4 operations of the terminology module, `date`)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from terminology.catalogue import Catalogue, Catalogues, catalogue_of, editions_in

_THEN: Final = "SELECT edition, kind, url FROM term_force WHERE since <= $1 AND (until IS NULL OR until > $1)"
_BEGAN: Final = "SELECT min(since) FROM term_force"


class PastCatalogues(Catalogues):
    """Gives the catalogue as it was in force at a moment, of what is still held."""

    def __init__(self, database: Database, moment: datetime) -> None:
        super().__init__(database)
        self._moment: Final = moment

    async def _read(self) -> Catalogue:
        """Raises HubError UNSUPPORTED for a moment before anything was noted."""
        async with self._database.transaction() as tx:
            await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            began = await tx.fetchval(_BEGAN)
            if began is None or began > self._moment:
                what = "is before the hub began to keep what was in force"
                todo = "name the versions of that time (url|version)"
                raise HubError(Category.UNSUPPORTED, what, where="date", todo=todo, code="date")
            then = await tx.fetch(_THEN, self._moment)
            editions = await editions_in(tx)
        numbers, held = {row["edition"] for row in then}, {one.number for one in editions}
        found = catalogue_of(0, (replace(one, current=one.number in numbers) for one in editions))
        gone = frozenset((row["kind"], row["url"]) for row in then if row["edition"] not in held)
        return replace(found, gone=gone)
