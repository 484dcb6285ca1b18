"""Told by messages of what may be elsewhere: an order or a report by HL7 v2 means images under its number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

from hub.db.database import Database
from hub.kernel.errors import HubError
from hub.kernel.types import Accession
from hub.pipeline.sealed import TO_PROCESS, opened

#: Messages of orders and results (HL7 table 0076): their status changes when images are made, and reported.
ORDERS: Final = ("ORM", "OMG", "OMI", "ORU", "ORR", "ORI", "ORG")
#: Seconds between two looks at most that are not due: a busy feed tells of much that is nothing new.
SOONEST: Final = 5.0

#: Messages read at once; what came beside them is heard the next time.
_MOST: Final = 200

_LATEST: Final = "SELECT coalesce(max(id), 0) FROM inbox"
_NEW: Final = f"""
SELECT id, feed, {TO_PROCESS} FROM inbox
WHERE id > $1 AND feed = ANY($2) AND left(kind, 3) = ANY($3) ORDER BY id LIMIT {_MOST}
"""


class Hints:
    """Listens to some feeds; `read` gives the accession numbers a message of each tells of.

    `wait` returns when messages were processed, or after the seconds it is given.
    """

    def __init__(
        self,
        database: Database,
        feeds: Mapping[str, Callable[[bytes], Iterable[Accession]]],
        wait: Callable[[float], Awaitable[None]],
        *,
        soonest: float = SOONEST,
    ) -> None:
        self._database: Final = database
        self._feeds: Final = feeds
        self._wait: Final = wait
        self._soonest: Final = soonest
        self._seen: int | None = None

    async def within(self, seconds: float) -> Sequence[Accession]:
        """The numbers that orders and reports have told of since the last call, each once; none after `seconds`."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        if self._seen is None:
            await self._heard()
        await asyncio.sleep(min(self._soonest, seconds))
        while not (told := await self._heard()) and clock() < end:
            await self._wait(max(end - clock(), 0))
        return told

    async def _heard(self) -> list[Accession]:
        """What is new; the first time only learns what there was."""
        try:
            async with self._database.transaction() as tx:
                if self._seen is None:
                    self._seen = await tx.fetchval(_LATEST)
                rows = await tx.fetch(_NEW, self._seen, list(self._feeds), list(ORDERS))
                raws = await opened(tx, rows)
        except HubError:
            return []
        self._seen = rows[-1]["id"] if rows else self._seen
        heard = (one for row, raw in zip(rows, raws, strict=True) if raw for one in self._feeds[row["feed"]](raw))
        return list(dict.fromkeys(heard))
