"""Waiting for a notification, with a time limit, so that a lost one only costs that time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

import asyncpg

from hub.db.database import Database, Tx
from hub.kernel.errors import HubError
from hub.pipeline.bell import SILENT, Bell

_CLOSE_SECONDS: Final = 2


class Wakeup:
    """An ear on one channel: of PostgreSQL, over a connection of its own that is opened anew when it is lost, and of
    the bell."""

    def __init__(self, database: Database, channel: str, bell: Bell = SILENT) -> None:
        self._database: Final = database
        self._channel: Final = channel
        self._bell: Final = bell
        self._hears_bell = False
        self._heard: Final = asyncio.Event()
        self._connection: Tx | None = None

    async def wait(self, seconds: float) -> None:
        """Return when the channel was notified since the last call, or after `seconds`."""
        with suppress(HubError):
            await self.listen()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        self._heard.clear()

    async def listen(self) -> None:
        """Be listening from here on. Raises HubError UNAVAILABLE when the database is away."""
        if not self._hears_bell:
            self._hears_bell = True
            self._bell.hear(self._channel, self._hear)
        if self._connection is not None and not self._connection.is_closed():
            return
        connection = await self._database.dedicated()
        await connection.add_listener(self._channel, self._hear)
        self._connection = connection
        self._heard.set()  # something may have been notified before

    def ring(self) -> None:
        """Wake the waiter from inside this process."""
        self._heard.set()

    async def close(self) -> None:
        """Stop listening."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=_CLOSE_SECONDS)

    def _hear(self, *_: Any) -> None:
        self._heard.set()
