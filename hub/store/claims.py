"""Values that may belong to one resource only, and ids that were first given under another key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import asyncpg

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.store.resource_types import type_name, type_number

_CLAIM: Final = "INSERT INTO claim (kind, value, type, id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1"
_HOLDER: Final = "SELECT type, id FROM claim WHERE kind = $1 AND value = $2"
_ALIASES: Final = "SELECT old_id, id FROM alias WHERE old_id = ANY($1::text[])"
_STANDING_FOR: Final = """
WITH RECURSIVE found (id) AS (
    SELECT $1::text UNION SELECT alias.old_id FROM alias JOIN found ON alias.id = found.id
)
SELECT id FROM found WHERE id <> $1 ORDER BY id
"""
_ADD_ALIAS: Final = "INSERT INTO alias (old_id, id) VALUES ($1, $2)"


async def claim(tx: Tx, kind: str, value: str, rtype: str, rid: str) -> tuple[str, str] | None:
    """Claim a value for a resource: None if it is ours now, else (type, id) of who holds it.

    Waits for a concurrent claim of the same value to commit or to roll back.
    """
    if await tx.fetchval(_CLAIM, kind, value, type_number(rtype), rid):
        return None
    holder = await tx.fetchrow(_HOLDER, kind, value)
    if holder is None:
        raise HubError(
            Category.CONFLICT, "was claimed by somebody else meanwhile", where="store", todo="try again", code="race"
        )
    return type_name(holder[0]), holder[1]


async def aliases(tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    """The id first given, for those of `ids` that have one."""
    rows = await tx.fetch(_ALIASES, list(ids)) if ids else []
    return {row[0]: row[1] for row in rows}


async def standing_for(tx: Tx, rid: str) -> list[str]:
    """The ids that stand for one, at once or by another. Looks at all aliases: for what is seldom asked."""
    return [row[0] for row in await tx.fetch(_STANDING_FOR, rid)]


async def add_alias(tx: Tx, old_id: str, rid: str) -> None:
    """Let `old_id` stand for `rid`. Raises HubError CONFLICT if it stands for something already."""
    try:
        await tx.execute(_ADD_ALIAS, old_id, rid)
    except asyncpg.UniqueViolationError:
        raise HubError(Category.CONFLICT, "stands for another resource already", where="alias") from None
