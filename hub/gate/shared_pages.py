"""Pages of searches found by one statement, which those of other requests of the same shape share.

What may be seen is part of each, and each row that is found is for one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from asyncpg import Record

from hub.db.database import Database
from hub.db.together import Together
from hub.store.search import Sought

#: Matches on a page that shares its statement: those of all who share it are in memory at once.
_MOST: Final = 100


class SharedPages:
    """Belongs to the event loop it is used in."""

    def __init__(self, database: Database) -> None:
        self._database: Final = database
        self._together: Final = Together(self._fetch)

    async def rows(self, page: Sought) -> list[Record]:
        """What the statement of a page finds. Whoever asks should hold no connection meanwhile."""
        if not page.text:
            return []
        fetch = self._together.fetch if page.count <= _MOST else self._fetch
        return await fetch(page.text, page.values)

    async def _fetch(self, text: str, values: Sequence[Any]) -> list[Record]:
        async with self._database.connection() as tx:
            return await tx.fetch(text, *values)
