"""The loops of the events process."""

from __future__ import annotations

import asyncio
import io

from hub.db.database import Database
from hub.events.running import deliver
from hub.kernel.log import Log
from hub.pipeline.wakeup import Wakeup


class Asked:
    """Has nothing to deliver, and ends its loop when it was asked so often."""

    def __init__(self, stop: asyncio.Event, often: int) -> None:
        self._stop = stop
        self._often = often

    async def due(self) -> list[str]:
        self._often -= 1
        if not self._often:
            self._stop.set()
        return []

    async def serve(self, receiver: str) -> None:
        raise AssertionError(receiver)


def test_a_process_that_was_killed_before_it_notified_keeps_nobody_waiting_for_long(database_url: str) -> None:
    async def story() -> None:
        stop = asyncio.Event()
        database = await Database.connect(database_url, size=1)
        wakeup = Wakeup(database, "nobody_tells_of_it")
        async with asyncio.timeout(20):
            await deliver(database, Asked(stop, 4), wakeup.wait, stop, Log("events", stream=io.StringIO()))
        await wakeup.close()
        await database.close()

    asyncio.run(story())
