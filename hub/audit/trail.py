"""Writing the trail: concurrent releases share one commit, and none goes on before it is on disk.

A write to the record brings its entries into its own transaction: both are kept, or neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Final

import msgspec

from hub.audit.entry import Entry
from hub.audit.tables import audit, row_of
from hub.db.database import Database, Tx
from hub.db.group_commit import GroupCommit
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log

_COLUMNS: Final = [column.name for column in audit.columns if column.identity is None]
#: All rows go as one JSON text: one round trip, and half the CPU of asyncpg's arrays (most columns would be some).
_INSERT: Final = (
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1)".format(
        table=audit.name, columns=", ".join(_COLUMNS)
    )
)
_ENCODER: Final = msgspec.json.Encoder()


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
        await self._written(self._commit.submit(entry))

    async def append(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """Write `entries` in the caller's transaction `tx`: they become durable with what it does, or not at all.

        Raises HubError UNAVAILABLE as `record` does; the transaction can then only be rolled back.
        """
        await self._written(_insert(tx, entries))

    async def _written(self, work: Awaitable[object]) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await work
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
        async with self._database.connection() as connection:
            # Outside a transaction of ours this is one of its own: all rows or none, one commit.
            await _insert(connection, entries)
        return [None] * len(entries)


async def _insert(tx: Tx, entries: Sequence[Entry]) -> None:
    await tx.execute(_INSERT, _ENCODER.encode([row_of(entry) for entry in entries]).decode())
