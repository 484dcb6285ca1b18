"""Token buckets that all processes of a hub share: whoever is served by several is not allowed the more for it.

A bucket holds what a minute allows and fills evenly; one that is full is as one that never was. They stand in an
unlogged table: a charge waits for no disk, and need not outlive a crash.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hub.db.database import Database
from hub.kernel.clock import Clock

#: Who is charged, in two parts.
Key = tuple[str, str]

#: How often a process looks for buckets to forget: it reads all of them.
_PAUSE: Final = timedelta(minutes=1)
#: Seconds in which an empty bucket is full.
MINUTE: Final = 60.0
_FILLED: Final = "least($3, p.tokens + greatest(0, extract(epoch FROM $5::timestamptz - p.at)) * $3::float8 / 60)"
_CHARGE: Final = f"""
INSERT INTO pace AS p (client, organization, tokens, at) VALUES ($1, $2, $3::float8 - $4::float8, $5)
ON CONFLICT (client, organization) DO UPDATE SET tokens = {_FILLED} - $4, at = greatest(p.at, $5)
"""
_TAKE: Final = f"{_CHARGE} WHERE {_FILLED} >= $4 RETURNING p.tokens"
_OWE: Final = f"{_CHARGE} RETURNING p.tokens"
_LEFT: Final = f"SELECT {_FILLED} FROM pace p WHERE (client, organization) = ($1, $2) AND $4::float8 IS NOT NULL"
#: Those that were not charged for so long that they are full, whatever they owed. Names of addresses are many.
_SWEEP: Final = """
DELETE FROM pace WHERE ctid IN (
    SELECT ctid FROM pace WHERE at < $1::timestamptz - interval '1 day' LIMIT 10000 FOR UPDATE SKIP LOCKED)
"""


class Buckets:
    """Charges by the clock given. Raises HubError UNAVAILABLE without the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._swept: datetime | None = None

    async def take(self, key: Key, most: float, cost: float) -> float | None:
        """Take `cost` from a bucket of `most`; what is left, None where it holds less and nothing was taken."""
        return await self._fetch(_TAKE, key, most, cost)

    async def owe(self, key: Key, most: float, cost: float) -> float:
        """Take `cost` whatever the bucket holds; what is left, negative for a debt."""
        left = await self._fetch(_OWE, key, most, cost)
        await self._sweep()
        return left or 0.0

    async def left(self, key: Key, most: float) -> float:
        """What a bucket that was charged before holds now."""
        return await self._fetch(_LEFT, key, most, 0.0) or 0.0

    async def _sweep(self) -> None:
        now = self._clock()
        if self._swept is None or abs(now - self._swept) >= _PAUSE:
            self._swept = now
            async with self._database.connection() as tx:
                await tx.execute(_SWEEP, now)

    async def _fetch(self, statement: str, key: Key, most: float, cost: float) -> float | None:
        async with self._database.connection() as tx:
            left: float | None = await tx.fetchval(statement, *key, most, cost, self._clock())
        return left
