"""Told by messages of what may be elsewhere: an order or a report by HL7 v2 means images under its number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
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
#: Seconds after which a number that was taken is no longer waited for: storing a message is given up long before.
_LATE: Final = 60.0
#: Numbers looked back for those that are taken and not there yet.
_BACK: Final = 100_000

_LATEST: Final = "SELECT coalesce(max(id), 0) FROM inbox"
# A number is taken before its message is stored, so that a lower one may come after a higher one.
_ABSENT: Final = f"""
SELECT number FROM generate_series(greatest($1::bigint, $2::bigint - {_BACK}) + 1, $2::bigint) AS number
WHERE NOT EXISTS (SELECT FROM inbox WHERE id = number)
"""
_NEW: Final = f"""
SELECT id, feed, {TO_PROCESS} FROM inbox
WHERE (id > $1 AND id <= $2 OR id = ANY($3)) AND feed = ANY($4) AND left(kind, 3) = ANY($5) ORDER BY id LIMIT {_MOST}
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
        self._absent: dict[int, float] = {}  # numbers that were passed over, and until when they may still come

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
        now = asyncio.get_running_loop().time()
        try:
            async with self._database.transaction() as tx:
                latest: int = await tx.fetchval(_LATEST)
                seen = latest if self._seen is None else self._seen
                absent = await tx.fetch(_ABSENT, seen if self._seen is not None else 0, latest)
                rows = await tx.fetch(_NEW, seen, latest, list(self._absent), list(self._feeds), list(ORDERS))
                raws = await opened(tx, rows)
        except HubError:
            return []
        self._seen = latest if len(rows) < _MOST else max(seen, rows[-1]["id"])
        self._pass_over((row["number"] for row in absent), {row["id"] for row in rows}, now)
        heard = (one for row, raw in zip(rows, raws, strict=True) if raw for one in self._feeds[row["feed"]](raw))
        return list(dict.fromkeys(heard))

    def _pass_over(self, absent: Iterable[int], heard: Collection[int], now: float) -> None:
        """Note which numbers up to the last one seen may still come."""
        up_to = self._seen or 0
        waited_for = {**{number: now + _LATE for number in absent if number <= up_to}, **self._absent}
        self._absent = {number: until for number, until in waited_for.items() if until > now and number not in heard}
