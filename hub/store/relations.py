"""Who is tied to a patient: rows that follow from resources, for the panel of the gate's predicate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.store.index_rows import FIRST, LAST
from hub.store.values import Relation

_PUT: Final = """
INSERT INTO relation (pkey, key, kind, party, low, high)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
ON CONFLICT (pkey, key, kind, party, low) DO UPDATE SET high = excluded.high
"""
_OF: Final = """
SELECT pkey, key, kind, party, nullif(low, '-infinity'), nullif(high, 'infinity') FROM relation
WHERE pkey = ANY($1::uuid[]) ORDER BY pkey, key, kind, party, low
"""

_Owner = tuple[UUID, UUID, str, str, datetime]


async def put(tx: Tx, rows: Iterable[Relation]) -> None:
    """Store what some resources say, each of them just written: writing a resource takes its earlier rows away."""
    ends: dict[_Owner, datetime] = {}
    for row in rows:
        owner = (row.pkey, row.key, row.kind, row.party, row.low or FIRST)
        ends[owner] = max(row.high or LAST, ends.get(owner, FIRST))
    if ends:
        # In one order by everybody, so that two writers wait instead of deadlocking.
        ordered = sorted(ends.items())
        columns = zip(*((*owner, high) for owner, high in ordered), strict=True)
        await tx.execute(_PUT, *map(list, columns))


async def of(tx: Tx, pkeys: Sequence[UUID]) -> list[Relation]:
    """The relations of some source patients."""
    rows = await tx.fetch(_OF, list(pkeys)) if pkeys else []
    return [Relation(pkey=row[0], key=row[1], kind=row[2], party=row[3], low=row[4], high=row[5]) for row in rows]
