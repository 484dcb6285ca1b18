"""What an earlier release of the hub indexed, and how far it is indexed anew."""

from __future__ import annotations

from typing import Final

from hub.db.database import Tx
from hub.store import definitions
from hub.store.definitions import Progress
from hub.store.index_versions import VERSION, gained

_CURRENT: Final = "SELECT indexed = $1 FROM search_registry"
#: What stands in a version nobody stated is taken for the first.
_SINCE: Final = """
SELECT coalesce(indexed, CASE WHEN EXISTS (SELECT FROM resource) THEN 1 ELSE $1::integer END) FROM search_registry
"""
_RAISE: Final = "UPDATE search_registry SET indexed = $1"
#: A type that was behind already begins anew, from the version it was behind.
_BEHIND: Final = """
INSERT INTO search_arrears (type, since) SELECT type, $2 FROM unnest($1::text[]) AS t (type)
ON CONFLICT (type) DO UPDATE SET since = least(search_arrears.since, excluded.since),
    done = 0, total = NULL, horizon = NULL, after_low = NULL, after_key = NULL
"""
_PROGRESS: Final = "SELECT type, since, done, total FROM search_arrears ORDER BY type"


async def raise_version(tx: Tx) -> None:
    """State that the index is kept in the version of this release from now on, and what is behind it.

    Rows that were written before are indexed anew afterwards (reindexing_type.py); writers of other releases are
    refused from now on.
    """
    if await tx.fetchval(_CURRENT, VERSION):
        return
    await definitions.lock(tx)
    since = await tx.fetchval(_SINCE, VERSION)
    await tx.execute(_RAISE, VERSION)
    if since != VERSION:
        await tx.execute(_BEHIND, list(gained(since)), since)


async def progress(tx: Tx) -> list[Progress]:
    """The types that are behind, with the parameters that find too little meanwhile."""
    return [
        Progress(
            parameter="",
            type=row["type"],
            code=", ".join(sorted(gained(row["since"]).get(row["type"], ()))),
            kind="built-in",
            ready=False,
            done=row["done"],
            total=row["total"],
        )
        for row in await tx.fetch(_PROGRESS)
    ]
