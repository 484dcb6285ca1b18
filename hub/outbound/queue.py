"""Outbound messages in SQL: kept, chosen, settled, sent again. No transaction control inside.

    waiting -> done
            -> dead (refused, tried too often, or not to be written) -> waiting, when it is sent again
            -> gone, when the receiver may not see it at the moment it would be sent

A message that waits for its next try holds back those behind it that share a lane, and no other. One that is dead lets
its lanes pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.db.database import Tx, tell
from hub.events.kept import CHANNEL, raise_generation
from hub.gate.notices import Pointer

WAITING: Final = "waiting"
DONE: Final = "done"
DEAD: Final = "dead"

_COLUMNS: Final = ("feed", "kind", "type", "rid", "version", "lanes", "happened")
_REGISTER: Final = """
INSERT INTO outbound_feed (name, since)
SELECT name, pg_snapshot_xmin(pg_current_snapshot()) FROM unnest($1::text[]) AS g (name)
ON CONFLICT (name) DO UPDATE SET tries = 0, due = NULL
"""
_SINCE: Final = "SELECT name, since FROM outbound_feed WHERE name = ANY($1::text[])"
_DUE: Final = """
SELECT f.name FROM outbound_feed f
WHERE f.name = ANY($1::text[]) AND (f.due IS NULL OR f.due <= $2) AND EXISTS (
    SELECT FROM outbound_message m WHERE m.feed = f.name AND m.state = 'waiting' AND (m.due IS NULL OR m.due <= $2))
ORDER BY f.name
"""
_READY: Final = """
SELECT m.seq, m.kind, m.type, m.rid, m.version, m.lanes, m.tries, m.happened FROM outbound_message m
WHERE m.feed = $1 AND m.state = 'waiting' AND (m.due IS NULL OR m.due <= $2) AND NOT EXISTS (
    SELECT FROM outbound_message e
    WHERE e.feed = $1 AND e.state = 'waiting' AND e.due > $2 AND e.seq < m.seq AND e.lanes && m.lanes)
ORDER BY m.seq LIMIT $3
"""
_FORGET: Final = "DELETE FROM outbound_message WHERE seq = $1 AND state = 'waiting'"
_SETTLE: Final = """
UPDATE outbound_message SET state = $2, error = $3, control = $4, settled = $5, tries = tries + $6, due = NULL
WHERE seq = $1 AND state = 'waiting'
"""
_AGAIN: Final = "UPDATE outbound_message SET tries = tries + 1, due = $2, error = $3, control = $4 WHERE seq = $1"
_REACHED: Final = "UPDATE outbound_feed SET tries = 0, due = NULL, error = '', contact = $2 WHERE name = $1"
_MISSED: Final = "UPDATE outbound_feed SET tries = tries + 1, due = $2, error = $3 WHERE name = $1"
_TRIES: Final = "SELECT tries FROM outbound_feed WHERE name = $1"
_RESEND: Final = """
UPDATE outbound_message SET state = 'waiting', tries = 0, due = NULL, settled = NULL
WHERE state = 'dead' AND (seq = ANY($1::bigint[]) OR feed = $2)
RETURNING feed
"""
_WAKE: Final = "UPDATE outbound_feed SET tries = 0, due = NULL WHERE name = ANY($1::text[])"
_PRUNE: Final = "DELETE FROM outbound_message WHERE state = 'done' AND settled < $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message that may be sent now."""

    seq: int
    kind: str
    type: str
    rid: str
    version: int
    lanes: tuple[str, ...]
    tries: int
    happened: datetime

    @property
    def pointer(self) -> Pointer:
        """The version it tells of."""
        return self.type, self.rid, self.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One message to keep; fields are the columns of the table."""

    feed: str
    kind: str
    type: str
    rid: str
    version: int
    lanes: tuple[str, ...]
    happened: datetime


async def register(tx: Tx, feeds: Sequence[str]) -> None:
    """Let feeds be told of what changes from here on; those that are known go on, and are tried at once."""
    await tx.execute(_REGISTER, feeds)
    await raise_generation(tx)


async def since(tx: Tx, feeds: Sequence[str]) -> dict[str, int]:
    """From which transaction on each feed is told."""
    return {row[0]: row[1] for row in await tx.fetch(_SINCE, feeds)}


async def keep(tx: Tx, messages: Sequence[Kept]) -> None:
    """Let messages wait in their order, one COPY for all."""
    if messages:
        records = [(m.feed, m.kind, m.type, m.rid, m.version, list(m.lanes), m.happened) for m in messages]
        await tx.copy_records_to_table("outbound_message", records=records, columns=_COLUMNS)
        tell(tx, CHANNEL)


async def due(tx: Tx, feeds: Sequence[str], now: datetime) -> list[str]:
    """Feeds whose receiver may be tried now and that have something to send."""
    return [row[0] for row in await tx.fetch(_DUE, feeds, now)]


async def ready(tx: Tx, feed: str, now: datetime, limit: int) -> list[Message]:
    """The first messages that may be sent now, in their order."""
    return [Message(**{**dict(row), "lanes": tuple(row["lanes"])}) for row in await tx.fetch(_READY, feed, now, limit)]


async def forget(tx: Tx, seq: int) -> None:
    """Let a message never have been."""
    await tx.execute(_FORGET, seq)


async def settle(
    tx: Tx, seq: int, state: str, now: datetime, *, sent: bool, error: str = "", control: str = ""
) -> None:
    """Say what became of a message: done or dead; `sent` counts the try that settled it."""
    await tx.execute(_SETTLE, seq, state, error, control, now, int(sent))


async def again(tx: Tx, seq: int, when: datetime, *, error: str, control: str) -> None:
    """Let a message that failed wait for its next try."""
    await tx.execute(_AGAIN, seq, when, error, control)


async def reached(tx: Tx, feed: str, now: datetime) -> None:
    """The receiver answers."""
    await tx.execute(_REACHED, feed, now)


async def missed(tx: Tx, feed: str, when: datetime, error: str) -> None:
    """The receiver cannot be reached, or does not answer; not before `when` again."""
    await tx.execute(_MISSED, feed, when, error)


async def tries(tx: Tx, feed: str) -> int:
    """How often the receiver could not be reached in a row."""
    return int(await tx.fetchval(_TRIES, feed) or 0)


async def resend(tx: Tx, seqs: Sequence[int], feed: str | None) -> int:
    """Let dead letters wait again, by number or all of a feed, and try their receivers at once; how many."""
    feeds = [row[0] for row in await tx.fetch(_RESEND, list(seqs), feed)]
    await tx.execute(_WAKE, [*set(feeds), *([feed] if feed else [])])
    tell(tx, CHANNEL)
    return len(feeds)


async def prune(tx: Tx, before: datetime) -> int:
    """Forget what arrived before an instant; how many."""
    return int(str(await tx.execute(_PRUNE, before)).rpartition(" ")[2])
