"""From the outbox to waiting events: one batch at a time, in one transaction that also moves the cursor.

What kills the process leaves the cursor where it was: no change is missed, none is gathered twice. Whoever gathers
holds the lock of the cursor, so several processes take turns.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hub.db.database import Database, Tx
from hub.events import kept, queue
from hub.events.matching import Compiled, Matcher
from hub.events.wanted import read_wanted
from hub.gate.changes import Changed, Position
from hub.gate.notices import Notices
from hub.kernel.clock import Clock
from hub.kernel.errors import HubError
from hub.kernel.log import Log

#: Changes looked at in one transaction.
_BATCH: Final = 500

_HOLD: Final = "SELECT xid, seq, generation FROM subscription_cursor FOR UPDATE"
_MOVE: Final = "UPDATE subscription_cursor SET xid = $1::xid8, seq = $2"
_SKIP: Final = "UPDATE subscription_cursor SET xid = pg_snapshot_xmin(pg_current_snapshot()), seq = 0"
_ENDED: Final = "SELECT id FROM subscription WHERE ends <= $1 AND status <> 'off' ORDER BY id"


class Gathering:
    """Gathers events; keeps the subscriptions compiled between turns."""

    def __init__(
        self, database: Database, notices: Notices, clock: Clock, log: Log, *, canonical_base: str, base_url: str
    ) -> None:
        self._database: Final = database
        self._notices: Final = notices
        self._clock: Final = clock
        self._log: Final = log
        self._canonical_base: Final = canonical_base
        self._base_url: Final = base_url
        self._matcher = Matcher(())
        self._generation = 0

    async def turn(self) -> bool:
        """Look at one batch; True if there may be more. Raises HubError UNAVAILABLE when the database is away."""
        async with self._database.transaction() as tx:
            await self._end(tx, self._clock())
            held = await tx.fetchrow(_HOLD)
            if held is None:
                return False  # nobody has subscribed yet
            xid, seq, generation = held
            matcher = self._matcher if generation == self._generation else Matcher(await self._compiled(tx))
            more = await self._gathered(tx, matcher, (xid, seq))
        # Not before the transaction stands: what was read of one that failed may never have been.
        self._matcher, self._generation = matcher, generation
        return more

    async def _gathered(self, tx: Tx, matcher: Matcher, after: Position) -> bool:
        if not matcher.types:
            await tx.execute(_SKIP)
            return False
        stretch = await self._notices.changes(tx, after, _BATCH, matcher.types)
        if stretch.end is None:
            return False
        found = [(sid, change) for change in stretch.changes for sid in self._met(matcher, change)]
        count = await queue.gather(tx, found)
        await tx.execute(_MOVE, *stretch.end)
        self._log.event("events-gathered", level="DEBUG", count=count)
        return True

    def _met(self, matcher: Matcher, change: Changed) -> list[str]:
        """A resource of a shape no topic expects is no event, and keeps nobody else's back."""
        try:
            return matcher.match(change)
        except (TypeError, AttributeError, ValueError) as error:
            self._log.failure("event-unreadable", error, resource_type=change.type)
            return []

    async def _end(self, tx: Tx, now: datetime) -> None:
        ended = [row[0] for row in await tx.fetch(_ENDED, now)]
        if ended:
            await kept.stop(tx, ended, kept.OFF)

    async def _compiled(self, tx: Tx) -> list[Compiled]:
        found = []
        for one in await kept.told(tx):
            try:
                wanted = read_wanted(one.resource, canonical_base=self._canonical_base, base_url=self._base_url)
            except HubError as error:  # kept under other settings: a topic that is no more
                self._log.event("subscription-unreadable", level="ERROR", code=error.code)
                continue
            found.append(Compiled(id=one.id, topic=wanted.topic, filters=wanted.filters, since=one.since or 0))
        return found
