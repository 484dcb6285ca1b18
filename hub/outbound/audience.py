"""Outbound feeds as an audience of the gathering: what they are told of, and their messages kept in the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.db.database import Database, Tx
from hub.events.matching import Compiled
from hub.gate.changes import Changed
from hub.gate.dispatches import Dispatches
from hub.gate.notices import Pointer
from hub.kernel.outbound_feed import OutboundFeed
from hub.outbound import queue
from hub.outbound.catalogue import TELLS
from hub.outbound.queue import Kept

#: Between the name of a feed and the kind of message in the id of a member: in neither, nor in ids of subscriptions.
_BETWEEN: Final = " "
_OBSERVATION: Final = "Observation"


class FeedAudience:
    """All outbound feeds of the consortium. A member is one kind of message of one feed."""

    def __init__(self, feeds: Sequence[OutboundFeed], dispatches: Dispatches) -> None:
        self._feeds: Final = tuple(feeds)
        self._dispatches: Final = dispatches

    async def register(self, database: Database) -> None:
        """Make the feeds known, before anything is gathered. Raises HubError UNAVAILABLE."""
        if self._feeds:
            async with database.transaction() as tx:
                await queue.register(tx, [feed.name for feed in self._feeds])

    async def tidy(self, tx: Tx) -> None:
        """Nothing: a feed is there as long as the consortium file names it."""

    async def compiled(self, tx: Tx) -> Sequence[Compiled]:
        """Every kind of every feed."""
        since = await queue.since(tx, [feed.name for feed in self._feeds])
        return [
            Compiled(
                id=f"{feed.name}{_BETWEEN}{kind}{_BETWEEN}{number}", topic=topic, filters={}, since=since[feed.name]
            )
            for feed in self._feeds
            if feed.name in since
            for kind in feed.events
            for number, topic in enumerate(TELLS[kind])
        ]

    async def keep(self, tx: Tx, found: Sequence[tuple[str, Changed]]) -> None:
        """Let messages wait; what is about no patient is for nobody. What one transaction says is told once."""
        about = [(member, change) for member, change in found if change.patient is not None]
        results = {(change.patient or "", change.id) for _, change in about if change.type == _OBSERVATION}
        reports = await self._dispatches.reports(tx, sorted(results)) if results else {}
        kept: dict[object, Kept] = {}
        for member, change in about:
            feed, kind, _ = member.split(_BETWEEN)
            for pointer in reports.get(change.id, ()) if change.type == _OBSERVATION else [_pointer(change)]:
                once = (feed, kind, pointer[:2], change.position[0])
                kept.setdefault(once, _kept(feed, kind, change, pointer))
        await queue.keep(tx, list(kept.values()))


def _pointer(change: Changed) -> Pointer:
    return change.type, change.id, change.version


def _kept(feed: str, kind: str, change: Changed, pointer: Pointer) -> Kept:
    lanes = dict.fromkeys(filter(None, (change.patient, change.person)))
    rtype, rid, version = pointer
    return Kept(feed=feed, kind=kind, type=rtype, rid=rid, version=version, lanes=tuple(lanes), happened=change.updated)
