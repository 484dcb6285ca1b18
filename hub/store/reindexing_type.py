"""Indexes the rows of a type anew that an earlier release of the hub indexed.

All of a row's index is made again, as a write would make it: whatever changed since is right afterwards, and a row that
was indexed already stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from hub.db.database import Tx
from hub.fhir.custom import Custom
from hub.fhir.json import loads
from hub.kernel.errors import HubError
from hub.store import codec
from hub.store.batch import Batch
from hub.store.index_rows import IndexRows
from hub.store.index_walk import bodies
from hub.store.phrases import Phrases
from hub.store.registry import read_registry
from hub.store.whole_index import INDEX_COLUMNS, index_arguments, whole_index
from hub.store.write import INDEX_TABLES, clearing, copy

#: Whoever changes definitions waits for this step, and each knows what the other did. Before the walk is taken, as
#: whoever raises the version does it (arrears.py).
_SHARE: Final = "SELECT 1 FROM search_registry WHERE EXISTS (SELECT FROM search_arrears) FOR SHARE"
_TAKE: Final = "SELECT * FROM search_arrears ORDER BY type LIMIT 1 FOR UPDATE SKIP LOCKED"
_END: Final = "DELETE FROM search_arrears WHERE type = $1"
#: Those that are still at the version that was looked at, locked in the order of everybody.
_LOCK: Final = """
SELECT r.key FROM resource r JOIN unnest($1::uuid[], $2::uuid[], $3::integer[]) AS g (pkey, key, version)
    ON r.pkey = g.pkey AND r.key = g.key AND r.version = g.version
ORDER BY r.pkey, r.key FOR UPDATE OF r
"""
_CLEAR: Final = f"""
WITH given AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS g (pkey, key)),
{clearing(INDEX_TABLES)} SELECT
"""
_PUT: Final = "UPDATE resource SET {columns}, reindexed = pg_current_xact_id() WHERE pkey = $1 AND key = $2".format(
    columns=", ".join(f"{name} = ${number}" for number, name in enumerate(INDEX_COLUMNS, 3))
)


async def take(tx: Tx) -> Record | None:
    """A type that is behind and that nobody else is at."""
    return await tx.fetchrow(_TAKE) if await tx.fetchval(_SHARE) else None


async def end(tx: Tx, work: Record) -> None:
    """None of its rows is behind."""
    await tx.execute(_END, work["type"])


async def renew(tx: Tx, found: Sequence[Record], phrases: Phrases, *, full_text: bool) -> None:
    """Index some rows anew."""
    custom = await read_registry(tx)
    made = [(row, _rows(row, body, custom, full_text=full_text)) for row, body in await bodies(tx, found)]
    made = [(row, rows) for row, rows in made if rows is not None]
    standing = await _locked(tx, [row for row, _ in made])
    batch = Batch()
    batch.indexed.update(
        {row["key"]: (row["pkey"], row["type"], rows) for row, rows in made if rows and row["key"] in standing}
    )
    if batch.indexed:
        await _replaced(tx, batch)
        await phrases.add(tx, batch.phrases)


def _rows(row: Record, body: bytes, custom: Custom, *, full_text: bool) -> IndexRows | None:
    """The index of a row; None for one that could not be written today, which stays as it is."""
    text = codec.decode(body)
    try:
        return whole_index(
            row["key"],
            loads(text),
            row["patient"],
            text,
            custom=custom,
            full_text=full_text,
            trimmed=bool(row["flags"]),
        )
    except HubError:
        return None


async def _locked(tx: Tx, rows: Sequence[Record]) -> set[UUID]:
    columns = [[row[name] for row in rows] for name in ("pkey", "key", "version")]
    return {row["key"] for row in await tx.fetch(_LOCK, *columns)}


async def _replaced(tx: Tx, batch: Batch) -> None:
    owners = [(pkey, key) for key, (pkey, _, _) in batch.indexed.items()]
    await tx.execute(_CLEAR, *map(list, zip(*owners, strict=True)))
    columns: list[tuple[Any, ...]] = [
        (pkey, key, *index_arguments(rows)) for key, (pkey, _, rows) in batch.indexed.items()
    ]
    await tx.executemany(_PUT, columns)
    await copy(tx, batch)
