"""Writing the trail: concurrent releases share one commit, and none goes on before it is on disk.

A write to the record brings its entries into its own transaction: both are kept, or neither.

A release that was decided by consents is recorded only while their epoch stands: whoever changes a consent waits until
the flush is durable, and whoever comes after the change is refused and has to decide again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Final, TypeVar

import msgspec

from hub.audit.entry import Entry
from hub.audit.row_copy import COLUMNS, copied
from hub.audit.tables import audit, row_of
from hub.db.binary_copy import copy_rows
from hub.db.database import Database, Tx
from hub.db.group_commit import GroupCommit
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log

T = TypeVar("T")

#: Number and transaction are given by the database.
_COLUMNS: Final = [column.name for column in audit.columns if column.name not in {"number", "xid"}]
#: Few rows go as one JSON text: one round trip, and half the CPU of asyncpg's arrays (most columns would be some).
_INSERT: Final = (
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1)".format(
        table=audit.name, columns=", ".join(_COLUMNS)
    )
)
#: FOR SHARE: the epoch (a table of hub.auth) stands until the rows are durable; who waited for it reads the new one.
_INSERT_OF_EPOCH: Final = (
    "WITH standing AS MATERIALIZED (SELECT number FROM epoch FOR SHARE) "
    f"{_INSERT} AS given WHERE given.epoch IS NULL"
    " OR given.epoch = coalesce((SELECT max(number) FROM standing), 0) RETURNING id"
)
_ENCODER: Final = msgspec.json.Encoder()
#: From so many rows on COPY is cheaper, which takes one round trip more.
_MANY: Final = 16

#: Code of the refusal of a row whose epoch has passed.
EPOCH_PASSED: Final = "epoch-passed"


class Trail:
    """The only writer of the audit table. Belongs to the event loop it is used in."""

    def __init__(self, database: Database, log: Log, *, seconds: float = 5.0) -> None:
        self._database: Final = database
        self._log: Final = log
        self._seconds: Final = seconds
        self._commit: Final[GroupCommit[Entry, bool]] = GroupCommit(self._flush)

    async def record(self, entry: Entry) -> None:
        """Return when `entry` is durable.

        Raises HubError UNAVAILABLE when it is not within `seconds`, whatever the cause: who cannot record must not
        release. The entry may then be in the trail all the same, which only says too much, never too little.
        Raises HubError CONFLICT, code EPOCH_PASSED, when `entry.epoch` is no longer the epoch; nothing is written.
        """
        if not await self._written(self._commit.submit(entry)):
            raise HubError(Category.CONFLICT, "was decided before a consent changed", where="audit", code=EPOCH_PASSED)

    async def append(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """Write `entries` in the caller's transaction `tx`: they become durable with what it does, or not at all.

        Raises HubError UNAVAILABLE as `record` does; the transaction can then only be rolled back.
        """
        await self._written(_insert(tx, entries))

    async def _written(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await work
        except Exception as error:
            # The cause may quote the row, so it goes no further than its class and position.
            self._log.failure("audit-not-written", error)
            raise HubError(
                Category.UNAVAILABLE, "the audit trail cannot be written", where="audit", todo="try again later"
            ) from None

    async def close(self) -> None:
        """Take nothing more, and return when everything submitted has been answered."""
        await self._commit.close()

    async def _flush(self, entries: list[Entry]) -> list[bool]:
        async with self._database.connection() as connection:
            # Outside a transaction of ours this is one of its own: all rows or none, one commit.
            if all(entry.epoch is None for entry in entries):
                await _insert(connection, entries)
                return [True] * len(entries)
            written = {row[0] for row in await connection.fetch(_INSERT_OF_EPOCH, _rows(entries))}
        return [entry.id in written for entry in entries]


async def _insert(tx: Tx, entries: Sequence[Entry]) -> None:
    if len(entries) < _MANY:
        await tx.execute(_INSERT, _rows(entries))
    else:
        await copy_rows(tx, audit.name, COLUMNS, copied(entries))


def _rows(entries: Sequence[Entry]) -> str:
    return _ENCODER.encode([row_of(entry) for entry in entries]).decode()
