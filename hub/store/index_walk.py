"""Walking once through all rows of a resource type, a step at a time, while others write.

A writer reads the version of the registry after it has written; so it either knows what the walk is for, or it was at
work when that could first be seen. Those transactions are waited for, then every row is looked at once, in the order of
an index. What is written meanwhile needs no look. How far a walk is stands in its row of a table (tables.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from asyncpg import Record

from hub.db.database import Tx
from hub.sealing.keyring import keyring_of
from hub.store.index_rows import FIRST
from hub.store.resource_types import type_number
from hub.store.sealed import unsealed

#: Seconds the counting of what is to be looked at may take.
_PATIENCE: Final = 3600
#: Before every key.
_NO_KEY: Final = "00000000-0000-0000-0000-000000000000"
#: Columns that name the place of a body.
_PLACE: Final = ("type", "id", "version", "pkey")

_BEGIN: Final = """
UPDATE {table} SET horizon = pg_snapshot_xmax(pg_current_snapshot()),
    total = (SELECT count(*) FROM resource WHERE type = $2)
WHERE {name} = $1
"""
_SETTLED: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= horizon FROM {table} WHERE {name} = $1"
_NEXT: Final = """
SELECT pkey, key, type, id, version, patient, body, deleted, flags, date_low FROM resource
WHERE type = $1 AND (date_low, key) > ($2::timestamptz, $3::uuid) ORDER BY date_low, key LIMIT $4
"""
_MOVE: Final = "UPDATE {table} SET done = done + $2, after_low = $3, after_key = $4 WHERE {name} = $1"


@dataclass(frozen=True, slots=True)
class Walks:
    """The walks a table keeps; `name` is the column that names one."""

    table: str
    name: str

    async def begin(self, tx: Tx, work: Record) -> None:
        """Count what stands, and note who is at work."""
        await tx.execute(f"SET LOCAL statement_timeout = '{_PATIENCE}s'")
        await tx.execute(self._sql(_BEGIN), work[self.name], type_number(work["type"]), timeout=_PATIENCE)

    async def settled(self, tx: Tx, work: Record) -> bool:
        """Whether all who were at work when it began have ended."""
        ended: bool = await tx.fetchval(self._sql(_SETTLED), work[self.name])
        return ended

    async def page(self, tx: Tx, work: Record, rows: int) -> list[Record]:
        """The rows after those that were looked at."""
        low, key = work["after_low"] or FIRST, work["after_key"] or _NO_KEY
        return await tx.fetch(_NEXT, type_number(work["type"]), low, key, rows)

    async def move(self, tx: Tx, work: Record, found: Sequence[Record]) -> None:
        """Note that the rows of a page were looked at."""
        if found:
            last = found[-1]
            await tx.execute(self._sql(_MOVE), work[self.name], len(found), last["date_low"], last["key"])

    def _sql(self, text: str) -> str:
        return text.format(table=self.table, name=self.name)


async def bodies(tx: Tx, found: Sequence[Record]) -> list[tuple[Record, bytes]]:
    """What stands of a page, encoded, in the order in which everybody locks rows; not what was deleted or erased."""
    keys = await keyring_of(tx).opened(tx, [row["body"] for row in found])
    opened: list[tuple[Record, Any]] = [
        (row, None if row["deleted"] else unsealed(row["body"], keys, *(row[name] for name in _PLACE)))
        for row in sorted(found, key=lambda row: (row["pkey"], row["key"]))
    ]
    return [(row, body) for row, body in opened if body is not None]
