"""From waiting events to told ones: the gate judges, the audit row stands, numbers are given; then it is sent.

What the owner may not see when it would first be told is dropped, and had no number: the numbers count what was
told. What was numbered and may not be seen when it is told again keeps its number, without its focus.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.auth.actor import Actor
from hub.db.database import Database
from hub.events import queue
from hub.events.kept import Kept
from hub.events.notification import Told
from hub.events.owners import unpack
from hub.events.queue import Event
from hub.gate.notices import Notices, Notification
from hub.gate.origin import UNKNOWN_ORIGIN, Origin

#: Waiting events that are judged at a time, at most: first as many as are wanted, then more and more.
_CHUNK: Final = 200


class Telling:
    """Judges and numbers the events of subscriptions. Raises HubError as the gate and the database do."""

    def __init__(self, database: Database, notices: Notices) -> None:
        self._database: Final = database
        self._notices: Final = notices

    async def choose(self, kept: Kept, most: int) -> list[Event]:
        """The first waiting events that the owner may be told now, at most `most`; the denied before them are dropped.

        Looks on until it has them or there are no more, so what is denied does not shape what is sent.
        """
        chosen: list[Event] = []
        after, size = 0, most
        while len(chosen) < most:
            async with self._database.connection() as tx:
                chunk = await queue.waiting(tx, kept.id, after, size)
            size = min(2 * size, _CHUNK)
            if not chunk:
                break
            seen = await self._notices.sift(unpack(kept.actor), [event.pointer for event in chunk])
            chosen += [event for event in chunk if event.pointer in seen][: most - len(chosen)]
            after = chosen[-1].seq if len(chosen) == most else chunk[-1].seq
            denied = [event for event in chunk if event.pointer not in seen and event.seq <= after]
            async with self._database.connection() as tx:
                await queue.drop(tx, kept.id, denied)
        return chosen

    async def first(
        self, kept: Kept, events: Sequence[Event], what: str, *, origin: Origin = UNKNOWN_ORIGIN
    ) -> list[Told]:
        """Number what `choose` gave, judged once more; what is denied by now is dropped.

        Raises HubError CONFLICT (code `race`) when somebody else tells the same events.
        """
        told = await self._notices.release(unpack(kept.actor), _notification(kept, what, origin), _pointers(events))
        left = [event for event in events if event.pointer in told]
        async with self._database.transaction() as tx:
            await queue.drop(tx, kept.id, [event for event in events if event.pointer not in told])
            numbers = await queue.number(tx, kept.id, left) if left else []
        return [
            Told(number=number, happened=event.happened, outcome=event.outcome, released=told[event.pointer])
            for number, event in zip(numbers, left, strict=True)
        ]

    async def again(
        self,
        kept: Kept,
        events: Sequence[Event],
        what: str,
        *,
        origin: Origin = UNKNOWN_ORIGIN,
        asker: Actor | None = None,
    ) -> list[Told]:
        """Numbered events as they may be told now, to the owner or to its token of today."""
        actor = asker or unpack(kept.actor)
        told = await self._notices.release(actor, _notification(kept, what, origin), _pointers(events))
        return [
            Told(
                number=event.number,
                happened=event.happened,
                outcome=event.outcome,
                released=told.get(event.pointer),
            )
            for event in events
            if event.number is not None
        ]


def _pointers(events: Sequence[Event]) -> list[tuple[str, str, int]]:
    return [event.pointer for event in events]


def _notification(kept: Kept, what: str, origin: Origin) -> Notification:
    return Notification(subscription=kept.id, what=what, origin=origin)
