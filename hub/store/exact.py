"""Versions named exactly, many at once, wherever they are now: for what looks at changes after they were made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.store.read import COLUMNS, opened
from hub.store.values import Stored

_OF_R: Final = ", ".join(f"r.{name}" for name in COLUMNS.split(", "))
_LOAD: Final = f"""
WITH given AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS g (pkey, key, version))
SELECT {_OF_R} FROM given g JOIN resource r ON r.pkey = g.pkey AND r.key = g.key AND r.version = g.version
UNION ALL
SELECT {_OF_R} FROM given g JOIN history r ON r.pkey = g.pkey AND r.key = g.key AND r.version = g.version
"""

#: A version that another one followed is never the one that stands.
_DELETIONS: Final = f"""
WITH given AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS g (pkey, key, version))
SELECT {_OF_R} FROM given g JOIN history r ON r.pkey = g.pkey AND r.key = g.key AND r.version = g.version AND r.deleted
"""

#: (source-patient key, key, version).
Exact = tuple[UUID, UUID, int]


async def load(tx: Tx, wanted: Iterable[Exact]) -> list[Stored]:
    """Those of the versions that there are, in no order."""
    return await _load(tx, _LOAD, wanted)


async def load_deletions(tx: Tx, wanted: Iterable[Exact]) -> list[Stored]:
    """Those of the superseded versions that were deletions, in no order."""
    return await _load(tx, _DELETIONS, wanted)


async def _load(tx: Tx, text: str, wanted: Iterable[Exact]) -> list[Stored]:
    asked = list(dict.fromkeys(wanted))
    if not asked:
        return []
    pkeys, keys, versions = zip(*asked, strict=True)
    return await opened(tx, await tx.fetch(text, pkeys, keys, versions))
