"""Subscriptions as an audience: those that are told of events, compiled, and their events kept in the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.db.database import Tx
from hub.events import kept, queue
from hub.events.matching import Compiled
from hub.events.wanted import read_wanted
from hub.gate.changes import Changed
from hub.kernel.clock import Clock
from hub.kernel.errors import HubError
from hub.kernel.log import Log

_ENDED: Final = "SELECT id FROM subscription WHERE ends <= $1 AND status <> 'off' ORDER BY id"


class Subscribers:
    """All Subscriptions of clients."""

    def __init__(self, clock: Clock, log: Log, *, canonical_base: str, base_url: str) -> None:
        self._clock: Final = clock
        self._log: Final = log
        self._canonical_base: Final = canonical_base
        self._base_url: Final = base_url

    async def tidy(self, tx: Tx) -> None:
        """Switch off those whose `end` has come."""
        ended = [row[0] for row in await tx.fetch(_ENDED, self._clock())]
        if ended:
            await kept.stop(tx, ended, kept.OFF)

    async def compiled(self, tx: Tx) -> Sequence[Compiled]:
        """Those that are active or in error."""
        found = []
        for one in await kept.told(tx):
            try:
                wanted = read_wanted(one.resource, canonical_base=self._canonical_base, base_url=self._base_url)
            except HubError as error:  # kept under other settings: a topic that is no more
                self._log.event("subscription-unreadable", level="ERROR", code=error.code)
                continue
            found.append(Compiled(id=one.id, topic=wanted.topic, filters=wanted.filters, since=one.since or 0))
        return found

    async def keep(self, tx: Tx, found: Sequence[tuple[str, Changed]]) -> None:
        """Let events wait."""
        await queue.gather(tx, found)
