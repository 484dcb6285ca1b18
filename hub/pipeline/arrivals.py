"""How many messages came, by feed and minute, over the last day: read once, then added to with each look."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from hub.db.database import Tx

#: How far back it is known.
SPAN: Final = timedelta(days=1)
#: Minutes that may still get messages: two processes store at the same time, and not in the order of their clocks.
_OPEN: Final = 5

_NEW: Final = """
SELECT feed, floor(extract(epoch FROM received_at) / 60)::bigint AS minute, count(*) AS count, max(id) AS last
FROM inbox WHERE id >= $1 AND received_at >= $2 GROUP BY feed, minute
"""
_AT: Final = "SELECT id, received_at FROM inbox WHERE id >= $1 ORDER BY id LIMIT 1"
_LAST: Final = "SELECT max(id) FROM inbox"


class Arrivals:
    """The memory of one process. Numbers of messages rise with time, which is what it goes by."""

    def __init__(self) -> None:
        self._counts: Final[dict[str, Counter[int]]] = {}
        self._closed: tuple[int, int] | None = None  # the first minute that is open, the first number behind it

    async def look(self, connection: Tx, now: datetime) -> None:
        """Take in what came since the last look."""
        since = _minute(now - SPAN)
        minute, number = self._closed or (since, await first_since(connection, now - SPAN))
        for counts in self._counts.values():
            for old in [one for one in counts if one >= minute or one < since]:
                del counts[old]
        begin = datetime.fromtimestamp(minute * 60, now.tzinfo)
        closing = _minute(now) - _OPEN
        for row in await connection.fetch(_NEW, number, begin):
            self._counts.setdefault(row["feed"], Counter())[row["minute"]] += row["count"]
            if row["minute"] < closing:
                number = max(number, row["last"] + 1)
        self._closed = max(minute, closing), number

    def since(self, feed: str, moment: datetime) -> int:
        """Messages of a feed from a moment on, by the minute, at most those of a day."""
        first = _minute(moment)
        return sum(count for minute, count in self._counts.get(feed, Counter()).items() if minute >= first)


async def first_since(connection: Tx, moment: datetime) -> int:
    """The number from which on messages came at `moment` or later, found by halving."""
    low, high = 1, (await connection.fetchval(_LAST) or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = await connection.fetchrow(_AT, middle)
        if row is None or row["received_at"] >= moment:
            high = middle
        else:
            low = row["id"] + 1
    return low


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
