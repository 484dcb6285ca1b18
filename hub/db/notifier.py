"""Notifications of PostgreSQL, sent beside their callers once what they tell of is committed.

A transaction that notifies holds a lock of the whole database while its commit is written to the disk: commits that
notify go one after the other and share no write. A notification alone writes nothing, and holds it for a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final

import asyncpg

from hub.kernel.errors import HubError


class Notifier:
    """Sends over a `connection` at a time. What is told while one is sent goes together into the next.

    Nobody waits for it, and one that is lost is nobody's loss: who listens looks by itself after a while.
    """

    def __init__(self, connection: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        self._connection: Final = connection
        self._due: Final[dict[str, None]] = {}
        self._sending: asyncio.Task[None] | None = None

    def tell(self, channel: str) -> None:
        """Notify a channel (an SQL name); returns at once."""
        self._due[channel] = None
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    async def close(self) -> None:
        """Return when what was told is sent."""
        if self._sending is not None:
            await asyncio.wait([self._sending])

    async def _send(self) -> None:
        while self._due:
            channels = list(self._due)
            self._due.clear()
            with suppress(HubError, asyncpg.PostgresError):
                async with self._connection() as connection:
                    await connection.execute("; ".join(f"NOTIFY {channel}" for channel in channels))
