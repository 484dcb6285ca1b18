"""Waiting for messages to reach a final state."""

from __future__ import annotations

import asyncio
from time import monotonic

from hub.pipeline.settlements import Settlements
from tests.pipeline.fake_feed import message
from tests.pipeline.hub_in_a_box import box, run


def test_those_who_wait_are_told_at_once(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.accept(message("1", "A"), message("2", "B", trick="refuse"))
            settlements = Settlements(hub.database)
            waiting = asyncio.create_task(settlements.settled([1, 2], 5))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            await hub.drain()
            began = monotonic()
            assert await waiting == {1: "done", 2: "dead"}
            assert monotonic() - began < 0.5
            await settlements.close()

    run(story())


def test_what_does_not_settle_in_time_is_left_out(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", "A"))
            await hub.accept(message("2", "A"))
            settlements = Settlements(hub.database)
            assert await settlements.settled([1, 2], 0.2) == {1: "done"}
            await settlements.close()

    run(story())
