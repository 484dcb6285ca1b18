"""What changed, in an order that loses nothing.

A number drawn from a sequence, or a timestamp, can commit after a larger one was read. So only changes of
transactions older than every running one are given, in the order (transaction, number): nothing can come before them.
"""

from __future__ import annotations

from typing import Final

from hub.db.database import Tx
from hub.store.resource_types import type_name
from hub.store.values import Change

_CHANGES: Final = """
SELECT xid, seq, type, id, version, outcome, updated, pkey FROM outbox
WHERE (xid, seq) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, seq LIMIT $3
"""

START: Final = (0, 0)


async def changes(tx: Tx, after: tuple[int, int], limit: int) -> list[Change]:
    """At most `limit` changes after a position; `START` begins."""
    return [
        Change(
            position=(row[0], row[1]),
            type=type_name(row[2]),
            id=row[3],
            version=row[4],
            outcome=row[5],
            updated=row[6],
            pkey=row[7],
        )
        for row in await tx.fetch(_CHANGES, *after, limit)
    ]
