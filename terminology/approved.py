"""Local codes that engineers approve, as a concept map of their feed: an edition each time, so it can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.local_codes import approved_map, local_system
from hub.kernel.types import Coded, Json, UnmappedCode
from terminology.catalogue import changed, remove
from terminology.loading import Loader
from terminology.model import CONCEPT_MAP
from terminology.shelf import UNSHELVED, Shelf

#: Editions of one feed that are kept, the newest.
_KEPT: Final = 10

_ROWS: Final = """
SELECT m.source_system, m.source_code, m.target_system, m.target_code, m.target_display
FROM term_mapping m JOIN term_edition e ON e.number = m.edition
WHERE e.kind = $1 AND e.url = $2 AND e.current ORDER BY m.number
"""
_LAST: Final = """
SELECT coalesce(max(version::integer), 0) FROM term_edition
WHERE kind = $1 AND url = $2 AND version ~ '^[0-9]{1,9}$'
"""
_OLD: Final = """
SELECT number, resource FROM term_edition WHERE kind = $1 AND url = $2 AND NOT current ORDER BY number DESC OFFSET $3
"""


class ApprovedCodes:
    """Keeps what codes of a feed mean (`hub.pipeline.code_entries.CodeApprovals`)."""

    def __init__(self, database: Database, clock: Clock, shelf: Shelf = UNSHELVED) -> None:
        self._shelf: Final = shelf
        self._loader: Final = Loader(database, clock, shelf=shelf)

    async def approve(self, tx: Tx, feed: str, meanings: Mapping[UnmappedCode, Coded]) -> str:
        """Add to what is in force, in the transaction of the caller; gives its version. A code has one meaning."""
        url = approved_map(feed)
        await changed(tx)
        known = {(row[0], row[1]): Coded(*row[2:]) for row in await tx.fetch(_ROWS, CONCEPT_MAP, url)}
        known |= {(local_system(one.field, one.system), one.code): to for one, to in meanings.items()}
        version = str(await tx.fetchval(_LAST, CONCEPT_MAP, url) + 1)
        await self._loader.within(tx, _resource(url, version, known))
        for number, rid in await tx.fetch(_OLD, CONCEPT_MAP, url, _KEPT - 1):
            await remove(tx, number)
            if rid is not None:
                await self._shelf.remove(tx, CONCEPT_MAP, rid)
        return version


def _resource(url: str, version: str, known: Mapping[tuple[str, str], Coded]) -> Json:
    groups: dict[tuple[str, str], list[Json]] = {}
    for (source, code), to in known.items():
        target = {"code": to.code, "equivalence": "equivalent", **({"display": to.display} if to.display else {})}
        groups.setdefault((source, to.system), []).append({"code": code, "target": [target]})
    return {
        **{"resourceType": CONCEPT_MAP, "url": url, "version": version, "status": "active"},
        "group": [
            {"source": source, "target": target, "element": elements} for (source, target), elements in groups.items()
        ],
    }
