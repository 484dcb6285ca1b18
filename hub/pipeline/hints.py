"""Told by messages that something has happened elsewhere: an order or a report by HL7 v2 means images in an archive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hub.db.database import Database
from hub.kernel.errors import HubError

#: Messages of orders and results (HL7 table 0076): their status changes when images are made, and reported.
ORDERS: Final = ("ORM", "OMG", "OMI", "ORU", "ORR", "ORI", "ORG")
#: Seconds between two looks at most that are not due: a busy feed tells of much that is nothing new.
SOONEST: Final = 5.0

_LATEST: Final = "SELECT coalesce(max(id), 0) FROM inbox"
_NEW: Final = "SELECT max(id) FROM inbox WHERE id > $1 AND feed = ANY($2) AND left(kind, 3) = ANY($3)"


class Hints:
    """Listens to some feeds. `wait` returns when messages were processed, or after the seconds it is given."""

    def __init__(
        self,
        database: Database,
        feeds: Sequence[str],
        wait: Callable[[float], Awaitable[None]],
        *,
        soonest: float = SOONEST,
    ) -> None:
        self._database: Final = database
        self._feeds: Final = list(feeds)
        self._wait: Final = wait
        self._soonest: Final = soonest
        self._seen: int | None = None

    async def within(self, seconds: float) -> None:
        """Return when an order or a report has come since the last call, or after `seconds`."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        if self._seen is None:
            await self._heard()
        await asyncio.sleep(min(self._soonest, seconds))
        while not await self._heard() and clock() < end:
            await self._wait(max(end - clock(), 0))

    async def _heard(self) -> bool:
        """Whether there is something new; the first look only learns what there was."""
        try:
            async with self._database.connection() as connection:
                if self._seen is None:
                    self._seen = await connection.fetchval(_LATEST)
                found: int | None = await connection.fetchval(_NEW, self._seen, self._feeds, list(ORDERS))
        except HubError:
            return False
        self._seen = found or self._seen
        return found is not None
