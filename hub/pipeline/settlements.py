"""Telling when messages have reached a final state; implements `hub.kernel.ports.AcknowledgementWaiter`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Final

from hub.db.database import Database
from hub.kernel.errors import HubError
from hub.pipeline.bell import SILENT, Bell
from hub.pipeline.queue import SETTLED
from hub.pipeline.wakeup import Wakeup

#: Seconds after which it is looked without a notification.
_LOOK_SECONDS: Final = 1.0

_STATES: Final = "SELECT id, state FROM inbox WHERE id = ANY($1::bigint[]) AND state <> 'queued'"


class Settlements:
    """One ear on the channel of settled messages, shared by all who wait."""

    def __init__(self, database: Database, bell: Bell = SILENT) -> None:
        self._database: Final = database
        self._wakeup: Final = Wakeup(database, SETTLED, bell)
        self._bell = asyncio.Event()
        self._ear: asyncio.Task[None] | None = None

    async def settled(self, messages: Sequence[int], seconds: float) -> dict[int, str]:
        """State by message number for those that settled within `seconds`; none of them while the database is away."""
        if self._ear is None:
            self._ear = asyncio.create_task(self._listen())
        end = monotonic() + seconds
        found: dict[int, str] = {}
        while True:
            bell = self._bell
            found.update(await self._states([message for message in messages if message not in found]))
            left = end - monotonic()
            if len(found) == len(set(messages)) or left <= 0:
                return found
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _LOOK_SECONDS)):
                    await bell.wait()

    async def close(self) -> None:
        """Stop listening."""
        if self._ear is not None:
            self._ear.cancel()
            with suppress(asyncio.CancelledError):
                await self._ear
        await self._wakeup.close()

    async def _listen(self) -> None:
        while True:
            await self._wakeup.wait(_LOOK_SECONDS)
            bell, self._bell = self._bell, asyncio.Event()
            bell.set()

    async def _states(self, messages: Sequence[int]) -> dict[int, str]:
        with suppress(HubError):
            async with self._database.connection() as connection:
                return {row["id"]: row["state"] for row in await connection.fetch(_STATES, messages)}
        return {}
