"""What an integration engineer sees of subscriptions: where they stand and what did not arrive. Never what about whom.

Filters, ids of resources, paths of receivers and headers are left out: they may tell of patients or hold secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from asyncpg import Record

from hub.db.database import Database
from hub.events import kept, queue
from hub.events.owners import unpack
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError

_LIST: Final = """
SELECT s.id, s.actor, s.organization, s.topic, s.channel, s.body, s.status, s.error, s.tries, s.due, s.contact,
    s.counter, s.updated, s.ends, c.waiting, c.open, c.dead
FROM subscription s LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'open') AS open,
        count(*) FILTER (WHERE state = 'dead') AS dead
    FROM subscription_event e WHERE e.subscription = s.id) c ON true
WHERE $1::text IS NULL OR s.id = $1 ORDER BY s.organization, s.id
"""
_COUNTS: Final = "SELECT channel, status, count(*) FROM subscription GROUP BY channel, status ORDER BY channel, status"
#: Those that wait were not judged yet: a count of them could tell that something hidden happened.
_STATES: Final = """
SELECT state, count(*) FROM subscription_event WHERE number IS NOT NULL GROUP BY state ORDER BY state
"""
_AGAIN: Final = """
UPDATE subscription SET status = CASE WHEN status = 'error' THEN 'requested' ELSE status END, tries = 0, due = NULL
WHERE id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One subscription. `host` is its receiver's; `waiting`, `open` and `dead` count events (hub.events.queue)."""

    id: str
    organization: str
    role: str
    client: str
    topic: str
    channel: str
    host: str
    status: str
    error: str
    tries: int
    due: datetime | None
    contact: datetime | None
    told: int
    waiting: int
    open: int
    dead: int
    updated: datetime
    ends: datetime | None


class EventsDesk:
    """Looks and lets things be sent again. Raises HubError NOT_FOUND, CONFLICT, UNAVAILABLE."""

    def __init__(self, database: Database) -> None:
        self._database: Final = database

    async def listed(self) -> list[Seen]:
        """All subscriptions, by organisation."""
        async with self._database.connection() as tx:
            return [_seen(row) for row in await tx.fetch(_LIST, None)]

    async def shown(self, sid: str) -> Seen:
        """One subscription."""
        async with self._database.connection() as tx:
            rows = await tx.fetch(_LIST, sid)
        if not rows:
            raise _absent()
        return _seen(rows[0])

    async def resend(self, sid: str) -> int:
        """Send again what was laid aside, and what waits; after an error with a new handshake. How many lay aside.

        Raises HubError CONFLICT for one that is off: only its owner switches it on.
        """
        async with self._database.transaction() as tx:
            await kept.raise_generation(tx)
            found = await kept.one(tx, sid, lock=True)
            if found is None:
                raise _absent()
            if found.status == kept.OFF:
                raise HubError(Category.CONFLICT, "is off", where="subscription", todo="its owner switches it on")
            count = await queue.raise_dead(tx, sid)
            await tx.execute(_AGAIN, sid)
        return count

    async def switch_off(self, sid: str) -> None:
        """Let a subscription be off, for an owner who is gone or a receiver that must not be told."""
        async with self._database.transaction() as tx:
            await kept.raise_generation(tx)
            if await kept.one(tx, sid, lock=True) is None:
                raise _absent()
            await kept.stop(tx, [sid], kept.OFF, "switched-off")

    async def counts(self) -> tuple[Sequence[tuple[str, str, int]], Sequence[tuple[str, int]]]:
        """Subscriptions by channel and status, and events that were told by state: for monitors."""
        async with self._database.connection() as tx:
            standing = [(row[0], row[1], row[2]) for row in await tx.fetch(_COUNTS)]
            states = [(row[0], row[1]) for row in await tx.fetch(_STATES)]
        return standing, states


def _seen(row: Record) -> Seen:
    owner = unpack(row["actor"])
    endpoint = loads(row["body"])["channel"].get("endpoint", "")
    return Seen(
        id=row["id"],
        organization=row["organization"],
        role=owner.role,
        client=owner.client,
        topic=row["topic"],
        channel=row["channel"],
        host=urlsplit(endpoint).netloc,
        status=row["status"],
        error=row["error"],
        tries=row["tries"],
        due=row["due"],
        contact=row["contact"],
        told=row["counter"],
        waiting=row["waiting"],
        open=row["open"],
        dead=row["dead"],
        updated=row["updated"],
        ends=row["ends"],
    )


def _absent() -> HubError:
    return HubError(Category.NOT_FOUND, "no such subscription", where="subscription")
