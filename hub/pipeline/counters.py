"""The counters of the conversion report in SQL: what batches add, and the editions of the feeds' profiles.

A batch appends what it adds in its own transaction, so workers never wait for each other's counters; `gather` adds it
up. At any instant counters and deltas together say what the reports kept in the inbox say, no more and no less.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from hub.db.database import Tx
from hub.kernel.types import Edition
from hub.pipeline.tally import Counted, added, pack, unpack

#: Held by whoever adds up the deltas, or puts down editions, until its transaction ends.
_LOCK: Final = "yilian-conversion-counters"
#: Deltas added up in one transaction.
_MOST: Final = 1000

_APPEND: Final = "INSERT INTO conversion_delta (counts) VALUES ($1)"

_HOLD: Final = f"SELECT pg_advisory_xact_lock(hashtextextended('{_LOCK}', 0))"

_TAKE: Final = """
DELETE FROM conversion_delta WHERE id IN (SELECT id FROM conversion_delta ORDER BY id LIMIT $1) RETURNING counts
"""

_ADD: Final = """
INSERT INTO conversion_count AS c
SELECT * FROM unnest(
  $1::text[], $2::date[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[])
ON CONFLICT (feed, day, edition, position, outcome, targets, reason)
DO UPDATE SET messages = c.messages + EXCLUDED.messages, leaves = c.leaves + EXCLUDED.leaves
"""

_SWEEP: Final = """
DELETE FROM conversion_count WHERE messages = 0 AND leaves = 0 AND feed = ANY($1) AND day = ANY($2)
"""

_REGISTER: Final = """
INSERT INTO conversion_edition (feed, profile, digest, since)
SELECT feed, profile, digest, $4 FROM unnest($1::text[], $2::text[], $3::text[]) AS new (feed, profile, digest)
WHERE digest IS DISTINCT FROM
  (SELECT e.digest FROM conversion_edition AS e WHERE e.feed = new.feed ORDER BY id DESC LIMIT 1)
ORDER BY feed
"""

_EDITIONS: Final = "SELECT feed, max(id) AS edition FROM conversion_edition WHERE feed = ANY($1) GROUP BY feed"


async def append(tx: Tx, counted: Sequence[Counted]) -> None:
    """Let what a batch counted be added to the counters once `tx` is committed; one statement."""
    if counted:
        await tx.execute(_APPEND, pack(counted))


async def gather(tx: Tx) -> None:
    """Add all that batches appended to the counters. Others who gather wait until `tx` ends."""
    await tx.execute(_HOLD)
    while packed := await tx.fetch(_TAKE, _MOST):
        counted = added([unpack(row["counts"]) for row in packed])
        if counted:
            await tx.execute(_ADD, *map(list, zip(*counted, strict=True)))
            await tx.execute(_SWEEP, list({one.feed for one in counted}), list({one.day for one in counted}))


async def register(tx: Tx, editions: Mapping[str, Edition], at: datetime) -> dict[str, int]:
    """The number of each feed's edition; one that is not the feed's latest comes into force now."""
    await tx.execute(_HOLD)
    await tx.execute(
        _REGISTER,
        list(editions),
        [edition.profile for edition in editions.values()],
        [edition.digest for edition in editions.values()],
        at,
    )
    return await latest(tx, editions)


async def latest(tx: Tx, feeds: Collection[str]) -> dict[str, int]:
    """The number of the edition in force, by feed; none for feeds no worker knew yet."""
    return {row["feed"]: row["edition"] for row in await tx.fetch(_EDITIONS, list(feeds))}
