"""Writing the trail: concurrent releases share one commit, and none goes on before it is on disk."""

from __future__ import annotations

import asyncio
from typing import Final

from sqlalchemy import bindparam, insert

from hub.audit.entry import Entry
from hub.audit.tables import audit, row_of
from hub.db.database import Database
from hub.db.group_commit import GroupCommit
from hub.db.statement import compiled
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log

_COLUMNS: Final = [column.name for column in audit.columns if column.identity is None]
_INSERT: Final = compiled(insert(audit).values({name: bindparam(name) for name in _COLUMNS}))


class Trail:
    """The only writer of the audit table. Belongs to the event loop it is used in."""

    def __init__(self, database: Database, log: Log, *, seconds: float = 5.0) -> None:
        self._database: Final = database
        self._log: Final = log
        self._seconds: Final = seconds
        self._commit: Final[GroupCommit[Entry, None]] = GroupCommit(self._flush)

    async def record(self, entry: Entry) -> None:
        """Return when `entry` is durable.

        Raises HubError UNAVAILABLE when it is not within `seconds`, whatever the cause: who cannot record must not
        release. The entry may then be in the trail all the same, which only says too much, never too little.
        """
        try:
            async with asyncio.timeout(self._seconds):
                await self._commit.submit(entry)
        except Exception as error:
            # The cause may quote the row, so it goes no further than its class and position.
            self._log.failure("audit-not-written", error)
            raise HubError(
                Category.UNAVAILABLE, "the audit trail cannot be written", where="audit", todo="try again later"
            ) from None

    async def close(self) -> None:
        """Take nothing more, and return when everything submitted has been answered."""
        await self._commit.close()

    async def _flush(self, entries: list[Entry]) -> list[None]:
        rows = [_INSERT.args(row_of(entry)) for entry in entries]
        async with self._database.connection() as connection:
            # Outside a transaction of ours this is one of its own: all rows or none, one commit.
            await connection.executemany(_INSERT.sql, rows)
        return [None] * len(entries)
