"""The queue in SQL: taking messages in lane order, and settling what became of them. No transaction control inside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from asyncpg import Record
from msgspec import Struct

from hub.db.database import Tx
from hub.fhir.json import dumps
from hub.kernel.types import State
from hub.pipeline.claim import Plan, Share, Waiting
from hub.pipeline.reason import Reason
from hub.pipeline.sealed import TO_PROCESS, opened

#: The channel on which those who wait for a final state are told that some message reached one.
SETTLED: Final = "yilian_settled"

#: Stretches of the queue looked at for one batch, each as long as the batch: past them the next batch goes on.
_STRETCHES: Final = 8

# Locked rows are skipped: they are in another worker's hands. Locks end with the transaction, however it ends.
_HOLD: Final = """
SELECT id, lanes FROM inbox
WHERE state = 'queued' AND id > $1 AND NOT lanes && $2::bigint[]
ORDER BY id LIMIT $3
FOR UPDATE SKIP LOCKED
"""

#: Of the share of one worker, near the head of the queue: what stands behind can wait until others were here.
_HOLD_SHARE: Final = """
SELECT id, lanes FROM inbox
WHERE state = 'queued' AND id > $1 AND NOT lanes && $2::bigint[]
  AND (coalesce(lanes[1], id) & 1048575) % $5 = $4
  AND id <= (
    SELECT max(id)
    FROM (SELECT id FROM inbox WHERE state = 'queued' AND id > $1 ORDER BY id LIMIT 16 * $3::bigint) AS near
  )
ORDER BY id LIMIT $3
FOR UPDATE SKIP LOCKED
"""

_OTHERS: Final = """
SELECT id, lanes FROM inbox
WHERE state = 'queued' AND id > $1 AND id <= $2 AND id <> ALL($3::bigint[])
ORDER BY id
"""

#: Bytes of messages taken at a time, of which the last may reach beyond: they are in memory together.
_MOST_BYTES: Final = 8 * 1024 * 1024

_READ: Final = f"""
SELECT id, feed, facility, received_at, processed_at IS NOT NULL AS again, {TO_PROCESS}
FROM (
  SELECT *, sum(octet_length(coalesce(repaired, raw))) OVER before AS bytes FROM inbox WHERE id = ANY($1::bigint[])
  WINDOW before AS (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) AS held
WHERE coalesce(bytes, 0) < $2 ORDER BY id
"""

# What a message said before is read in the same statement, from rows that are locked: it is taken back exactly once.
_SETTLE: Final = """
WITH before AS MATERIALIZED (
  SELECT id, report, edition FROM inbox WHERE id = ANY($1::bigint[]) AND state = 'queued' ORDER BY id FOR UPDATE
)
UPDATE inbox
SET state = new.state, reason = new.reason::jsonb, report = new.report, edition = new.edition, processed_at = $7,
  raw_key = coalesce(new.raw_key, inbox.raw_key)
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::int[], $6::bytea[])
  AS new (id, state, reason, report, edition, raw_key)
JOIN before USING (id)
WHERE inbox.id = new.id
RETURNING inbox.id, before.report, before.edition
"""

_ATTEMPT: Final = "UPDATE inbox SET attempts = attempts + 1 WHERE id = $1 RETURNING attempts"
_FORGIVE: Final = "UPDATE inbox SET attempts = greatest(attempts - 1, 0) WHERE id = $1"


class Message(Struct, frozen=True):
    """A message to process: `raw` is its repaired form if it was repaired; `again`: it was processed before.

    `raw_key` is the wrapped key of a sealed one; of an `erased` one nothing is left to process.
    """

    id: int
    feed: str
    facility: str
    received_at: datetime
    raw: bytes
    again: bool
    raw_key: bytes | None = None
    erased: bool = False


class Settled(Struct, frozen=True):
    """What became of a message. `report`: the conversion report, compressed; `edition`: what it was converted by;
    `raw_key`: its key wrapped anew, None where it stays."""

    message: int
    state: State
    reason: Reason | None = None
    report: bytes | None = None
    edition: int | None = None
    raw_key: bytes | None = None


class Before(Struct, frozen=True):
    """A message that was settled now, with the report and edition it had from before; None for its first time."""

    id: int
    report: bytes | None
    edition: int | None


async def take(tx: Tx, limit: int, share: Share | None = None) -> list[Message]:
    """Hold up to `limit` queued messages that nothing earlier in their lanes waits before; in order of arrival, and no
    more than may be in memory together.

    Those of a `share` alone, if any near the head of the queue can be taken. They stay queued for everybody else until
    the transaction ends.
    """
    taken = await _planned(tx, limit, share)
    if not taken and share is not None:
        taken = await _planned(tx, limit, None)
    if not taken:
        return []
    rows = await tx.fetch(_READ, taken, _MOST_BYTES)
    return [_message(row, raw) for row, raw in zip(rows, await opened(tx, rows), strict=True)]


async def _planned(tx: Tx, limit: int, share: Share | None) -> list[int]:
    """The numbers of messages that may be taken; they are held now, and maybe others."""
    plan = Plan()
    seen = 0
    for _ in range(_STRETCHES):
        held = await _held(tx, seen, plan.busy, limit, share)
        if not held:
            break
        last = held[-1].message
        # Read after the locks were taken: a message that is queued now and not ours is waited for.
        others = await tx.fetch(_OTHERS, seen, last, [w.message for w in held])
        plan.walk(held, [_waiting(row) for row in others], limit)
        if len(plan.taken) >= limit or len(held) < limit:
            break
        seen = last
    return plan.taken


async def _held(tx: Tx, seen: int, busy: Collection[int], limit: int, share: Share | None) -> list[Waiting]:
    arguments = (seen, sorted(busy), limit)
    rows = await (tx.fetch(_HOLD, *arguments) if share is None else tx.fetch(_HOLD_SHARE, *arguments, *share))
    return [_waiting(row) for row in rows]


def _message(row: Record, raw: bytes | None) -> Message:
    names = ("id", "feed", "facility", "received_at", "again", "raw_key")
    return Message(**{name: row[name] for name in names}, raw=raw or b"", erased=raw is None)


async def settle(tx: Tx, settled: Sequence[Settled], at: datetime) -> list[Before]:
    """Write the state each message reached; returns those that were queued. `SETTLED` is told after the commit."""
    found = await tx.fetch(
        _SETTLE,
        [s.message for s in settled],
        [s.state.value for s in settled],
        [None if s.reason is None else dumps(s.reason.as_json()).decode() for s in settled],
        [s.report for s in settled],
        [s.edition for s in settled],
        [s.raw_key for s in settled],
        at,
    )
    return [Before(**dict(row)) for row in found]


async def count_attempt(tx: Tx, message: int) -> int:
    """Count one more try of a message that may have brought a worker down; returns the tries so far."""
    return int(await tx.fetchval(_ATTEMPT, message))


async def forgive_attempt(tx: Tx, message: int) -> None:
    """Take one try back: it failed through no fault of the message."""
    await tx.execute(_FORGIVE, message)


def _waiting(row: Record) -> Waiting:
    return Waiting(row["id"], frozenset(row["lanes"]))
