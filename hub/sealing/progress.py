"""How far the sealing of what stands is: one row for each table, so that it goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.db.database import Tx

_TAKE: Final = "SELECT * FROM resealing WHERE part = $1 FOR UPDATE"
_BEGIN: Final = """
INSERT INTO resealing (part, begun, after, looked, changed, total) VALUES ($1, $2, '', 0, 0, $3)
ON CONFLICT (part) DO UPDATE SET begun = excluded.begun, after = '', looked = 0, changed = 0, total = excluded.total,
    ended = NULL
"""
_MOVE: Final = """
UPDATE resealing SET after = $2, looked = looked + $3, changed = changed + $4, ended = CASE WHEN $5 THEN now() END
WHERE part = $1
"""
_ALL: Final = "SELECT part, begun, looked, changed, total, ended FROM resealing ORDER BY part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table: rows looked at and sealed anew so far, of `total` there were at the beginning."""

    part: str
    begun: datetime
    looked: int
    changed: int
    total: int
    ended: datetime | None


async def parts(tx: Tx) -> list[Part]:
    """How far every table is."""
    return [Part(**dict(row)) for row in await tx.fetch(_ALL)]


async def begin(tx: Tx, totals: dict[str, int], at: datetime) -> None:
    """Begin every table anew."""
    for part, total in totals.items():
        await tx.execute(_BEGIN, part, at, total)


async def after(tx: Tx, part: str) -> str | None:
    """The key of the last row looked at, "" for none; None where there is nothing more. Held until `tx` ends."""
    row = await tx.fetchrow(_TAKE, part)
    return None if row is None or row["ended"] is not None else row["after"]


async def moved(tx: Tx, part: str, last: Sequence[object] | None, looked: int, changed: int, *, ended: bool) -> None:
    """Note that rows up to `last` (its key) were looked at."""
    await tx.execute(_MOVE, part, " ".join(map(str, last or ())), looked, changed, ended)
