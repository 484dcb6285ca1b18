"""Subscriptions as they are kept: reading and writing rows. No transaction control inside.

Every change of who is told of what raises the cursor's generation under its lock: the matcher holds that lock for a
batch, so a batch sees the change wholly or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asyncpg import Record

from hub.db.database import Tx, tell
from hub.events.notification import Standing
from hub.fhir.json import loads
from hub.kernel.types import Json

REQUESTED: Final = "requested"
ACTIVE: Final = "active"
ERROR: Final = "error"
OFF: Final = "off"

#: The channel on which those who match and deliver are told that there is something to do.
CHANNEL: Final = "yilian_events"

_COLUMNS: Final = (
    "id, owner, actor, organization, version, updated, body, headers, topic, channel, status, error, ends, heartbeat, "
    "since, counter, tries, due, contact, holder"
)
_ONE: Final = f"SELECT {_COLUMNS} FROM subscription WHERE id = $1"
_OF_OWNER: Final = f"SELECT {_COLUMNS} FROM subscription WHERE owner = $1 ORDER BY id"
_TOLD: Final = f"SELECT {_COLUMNS} FROM subscription WHERE status IN ('active', 'error') ORDER BY id"
_INSERT: Final = """
INSERT INTO subscription (id, owner, actor, organization, version, updated, body, headers, topic, channel, status, ends,
                          heartbeat, contact)
VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $5)
"""
_REPLACE: Final = """
UPDATE subscription SET version = version + 1, actor = $2, updated = $3, body = $4, headers = $5, topic = $6,
    channel = $7, status = $8, ends = $9, heartbeat = $10, error = '', tries = 0, due = NULL
WHERE id = $1
"""
# The first to come begins: nothing older can be an event of what does not stand yet.
_RAISE: Final = """
INSERT INTO subscription_cursor (one, xid, seq, generation)
VALUES (1, pg_snapshot_xmin(pg_current_snapshot()), 0, 1)
ON CONFLICT (one) DO UPDATE SET generation = subscription_cursor.generation + 1
"""
_ACTIVATE: Final = """
UPDATE subscription SET status = 'active', error = '', tries = 0, due = NULL, contact = $2,
    since = coalesce(since, pg_snapshot_xmin(pg_current_snapshot()))
WHERE id = $1 AND status IN ('requested', 'error')
"""
_STOP: Final = "UPDATE subscription SET status = $2, error = $3, due = NULL, tries = 0 WHERE id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One subscription; fields are the columns of the table."""

    id: str
    owner: str
    actor: str
    organization: str
    version: int
    updated: datetime
    body: str
    headers: bytes | None
    topic: str
    channel: str
    status: str
    error: str
    ends: datetime | None
    heartbeat: int | None
    since: int | None
    counter: int
    tries: int
    due: datetime | None
    contact: datetime | None
    holder: str = ""

    @property
    def resource(self) -> Json:
        """The resource as it was asked for, without what the hub says of it; its status is the one asked for."""
        found: Json = loads(self.body)
        return found

    def has_ended(self, now: datetime) -> bool:
        """Whether its `end` has come."""
        return self.ends is not None and self.ends <= now

    def standing(self, *, counter: int | None = None) -> Standing:
        """What notifications say of it."""
        return Standing(
            id=self.id,
            topic=self.topic,
            status=self.status,
            counter=self.counter if counter is None else counter,
            error=self.error,
        )


async def one(tx: Tx, sid: str, *, lock: bool = False) -> Kept | None:
    """A subscription by its id; `lock` keeps others from changing it until the transaction ends."""
    row = await tx.fetchrow(_ONE + (" FOR UPDATE" if lock else ""), sid)
    return None if row is None else _kept(row)


async def of_owner(tx: Tx, owner: str) -> list[Kept]:
    """All of an owner, by id."""
    return [_kept(row) for row in await tx.fetch(_OF_OWNER, owner)]


async def told(tx: Tx) -> list[Kept]:
    """All for which events are gathered."""
    return [_kept(row) for row in await tx.fetch(_TOLD)]


async def count_of(tx: Tx, owner: str) -> int:
    """How many an owner has."""
    return int(await tx.fetchval("SELECT count(*) FROM subscription WHERE owner = $1", owner))


async def insert(tx: Tx, kept: Kept) -> None:
    """A new one."""
    await raise_generation(tx)
    await tx.execute(
        _INSERT,
        *(kept.id, kept.owner, kept.actor, kept.organization, kept.updated, kept.body, kept.headers, kept.topic),
        *(kept.channel, kept.status, kept.ends, kept.heartbeat),
    )


async def replace(tx: Tx, kept: Kept) -> None:
    """What its owner asks for now, as the next version."""
    await raise_generation(tx)
    await tx.execute(
        _REPLACE,
        *(kept.id, kept.actor, kept.updated, kept.body, kept.headers, kept.topic, kept.channel, kept.status),
        *(kept.ends, kept.heartbeat),
    )


async def remove(tx: Tx, sid: str) -> None:
    """A subscription and all its events."""
    await raise_generation(tx)
    await tx.execute("DELETE FROM subscription_event WHERE subscription = $1", sid)
    await tx.execute("DELETE FROM subscription WHERE id = $1", sid)


async def activate(tx: Tx, sid: str, now: datetime) -> bool:
    """Let it be told of what changes from here on, or, after an error, from where it stood; False if it is gone."""
    await raise_generation(tx)
    return str(await tx.execute(_ACTIVATE, sid, now)).endswith(" 1")


async def stop(tx: Tx, sids: Sequence[str], status: str, error: str = "") -> None:
    """Let some be off or in error."""
    await raise_generation(tx)
    await tx.executemany(_STOP, [(sid, status, error) for sid in sids])


async def raise_generation(tx: Tx) -> None:
    """Wait for the batch that is matched now, and have the next one look at the subscriptions anew."""
    await tx.execute(_RAISE)
    tell(tx, CHANNEL)


def _kept(row: Record) -> Kept:
    return Kept(**dict(row))
