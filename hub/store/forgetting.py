"""Everything a source-patient key leads, taken away for good: versions, index, relations, changes."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.store import tables

#: The tables that a source-patient key leads, and those that name it beside.
SHARDED: Final = (
    tables.resource,
    tables.history,
    tables.coding,
    tables.string_value,
    tables.date_value,
    tables.number_value,
    tables.position_value,
    tables.text_value,
    tables.relation,
)
BESIDE: Final = ("outbox", "former_home")
_HOME: Final = """
DELETE FROM resource_home h USING (SELECT key FROM resource WHERE pkey = $1) AS r WHERE h.key = r.key AND h.pkey = $1
"""
_MESSAGES: Final = """
SELECT source FROM resource WHERE pkey = $1 AND source IS NOT NULL
UNION SELECT source FROM history WHERE pkey = $1 AND source IS NOT NULL
"""


async def messages(tx: Tx, pkey: UUID) -> set[int]:
    """Numbers of the messages that made what is kept of a source patient."""
    return {row[0] for row in await tx.fetch(_MESSAGES, pkey)}


async def forget(tx: Tx, pkey: UUID) -> int:
    """Delete the rows of a source patient; how many versions there were."""
    await tx.execute(_HOME, pkey)
    counts = [await tx.execute(f"DELETE FROM {table.name} WHERE pkey = $1", pkey) for table in SHARDED]
    for beside in BESIDE:
        await tx.execute(f"DELETE FROM {beside} WHERE pkey = $1", pkey)
    return sum(int(tag.rpartition(" ")[2]) for tag in counts[:2])


async def is_kept(tx: Tx, pkey: UUID) -> bool:
    """Whether there is any version of anything a source-patient key leads."""
    found: bool = await tx.fetchval("SELECT EXISTS (SELECT FROM resource WHERE pkey = $1)", pkey)
    return found
