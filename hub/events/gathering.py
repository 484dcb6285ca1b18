"""From the outbox to waiting events: one batch at a time, in one transaction that also moves the cursor.

What kills the process leaves the cursor where it was: no change is missed, none is gathered twice. Whoever gathers
holds the lock of the cursor, so several processes take turns. Who is told is an `Audience`; all of them are matched
together, and each keeps what is for its own members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from hub.db.database import Database, Tx
from hub.events.matching import Compiled, Matcher
from hub.gate.changes import Changed, Position
from hub.gate.notices import Notices
from hub.kernel.log import Log

#: Changes looked at in one transaction.
_BATCH: Final = 500

_HOLD: Final = "SELECT xid, seq, generation FROM subscription_cursor FOR UPDATE"
_MOVE: Final = "UPDATE subscription_cursor SET xid = $1::xid8, seq = $2"
_SKIP: Final = "UPDATE subscription_cursor SET xid = pg_snapshot_xmin(pg_current_snapshot()), seq = 0"


class Audience(Protocol):
    """Those who are told: subscriptions of clients, or feeds. All run inside the transaction that moves the cursor."""

    async def tidy(self, tx: Tx) -> None:
        """Take leave of members whose time is over."""
        ...

    async def compiled(self, tx: Tx) -> Sequence[Compiled]:
        """The members as they are matched; their ids are those of no other audience."""
        ...

    async def keep(self, tx: Tx, found: Sequence[tuple[str, Changed]]) -> None:
        """Keep events, by member, in their order."""
        ...


class Gathering:
    """Gathers events; keeps the members of all audiences compiled between turns."""

    def __init__(self, database: Database, notices: Notices, log: Log, audiences: Sequence[Audience]) -> None:
        self._database: Final = database
        self._notices: Final = notices
        self._log: Final = log
        self._audiences: Final = tuple(audiences)
        self._matcher = Matcher(())
        self._owners: Mapping[str, Audience] = {}
        self._generation = 0

    async def turn(self) -> bool:
        """Look at one batch; True if there may be more. Raises HubError UNAVAILABLE when the database is away."""
        async with self._database.transaction() as tx:
            for audience in self._audiences:
                await audience.tidy(tx)
            held = await tx.fetchrow(_HOLD)
            if held is None:
                return False  # there is nobody yet
            xid, seq, generation = held
            matcher, owners = self._matcher, self._owners
            if generation != self._generation:
                matcher, owners = await self._compiled(tx)
            more = await self._gathered(tx, matcher, owners, (xid, seq))
        # Not before the transaction stands: what was read of one that failed may never have been.
        self._matcher, self._owners, self._generation = matcher, owners, generation
        return more

    async def _gathered(self, tx: Tx, matcher: Matcher, owners: Mapping[str, Audience], after: Position) -> bool:
        if not matcher.types:
            await tx.execute(_SKIP)
            return False
        stretch = await self._notices.changes(tx, after, _BATCH, matcher.types)
        if stretch.end is None:
            return False
        found = [(member, change) for change in stretch.changes for member in self._met(matcher, change)]
        for audience in self._audiences:
            await audience.keep(tx, [one for one in found if owners[one[0]] is audience])
        await tx.execute(_MOVE, *stretch.end)
        self._log.event("events-gathered", level="DEBUG", count=len(found))
        return True

    async def _compiled(self, tx: Tx) -> tuple[Matcher, dict[str, Audience]]:
        members = [(audience, one) for audience in self._audiences for one in await audience.compiled(tx)]
        return Matcher(one for _, one in members), {one.id: audience for audience, one in members}

    def _met(self, matcher: Matcher, change: Changed) -> list[str]:
        """A resource of a shape no topic expects is no event, and keeps nobody else's back."""
        try:
            return matcher.match(change)
        except (TypeError, AttributeError, ValueError) as error:
            self._log.failure("event-unreadable", error, resource_type=change.type)
            return []
