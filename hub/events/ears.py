"""Who waits for events of which subscription: one look for all connections of a process, while there are any."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from hub.db.database import Database
from hub.events import queue
from hub.kernel.errors import HubError

#: Returns when something may have happened, at the latest after so many seconds.
Wait = Callable[[float], Awaitable[None]]

#: Seconds after which it looks without having been told.
_LOOK_SECONDS: Final = 1.0


class Ears:
    """Wakes those whose subscription has events. Belongs to the event loop it is used in."""

    def __init__(self, database: Database, wait: Wait) -> None:
        self._database: Final = database
        self._wait: Final = wait
        self._waiting: Final[defaultdict[str, set[asyncio.Event]]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None

    async def heard(self, sid: str, seconds: float) -> None:
        """Return when a subscription may have events to tell, at the latest after so many seconds."""
        event = asyncio.Event()
        self._waiting[sid].add(event)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting[sid].discard(event)
            if not self._waiting[sid]:
                del self._waiting[sid]

    async def close(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        while self._waiting:
            with suppress(HubError):
                async with self._database.connection() as tx:
                    for sid in await queue.with_events(tx, list(self._waiting)):
                        for event in self._waiting.get(sid, ()):
                            event.set()
            await self._wait(_LOOK_SECONDS)
