"""Orders and reports of a feed make those look who listen to it; other messages and other feeds do not."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from connectors.pacs.polling import Polling
from hub.kernel.log import Log
from hub.pipeline.hints import Hints
from tests.connectors.test_dicomweb import Box, Shelf, pull
from tests.pipeline.fake_feed import FEED, message, received
from tests.pipeline.hub_in_a_box import box, run


def test_an_order_or_a_report_is_a_reason_to_look_and_an_admission_is_none(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:

            async def come(number: str, kind: str, feed: str = FEED) -> None:
                one = received(message(number), feed)
                await hub.inbox.accept(replace(one, envelope=replace(one.envelope, kind=kind)))

            async def hinted(hints: Hints) -> bool:
                """Whether it returns before its time is over."""
                clock = asyncio.get_running_loop().time
                begun = clock()
                await hints.within(0.2)
                return clock() - begun < 0.19

            await come("0", "ORU^R01")  # came before anybody listened
            hints = Hints(hub.database, [FEED], asyncio.sleep, soonest=0)
            assert not await hinted(hints)
            await come("1", "ADT^A01")
            await come("2", "ORU^R01", "F03.lis")
            assert not await hinted(hints)
            await come("3", "ORM^O01")
            assert await hinted(hints)
            assert not await hinted(hints)

    run(story())


def test_an_archive_is_asked_again_at_once_when_there_is_reason(tmp_path: Path) -> None:
    async def story() -> Shelf:
        shelf, log, reason, stop = Shelf(), Log("test", stream=io.StringIO()), asyncio.Event(), asyncio.Event()
        now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
        polling = Polling("f", shelf, pull(shelf, Box(), log), lambda: now, log, tmp_path / "f.json")

        async def within(_: float) -> None:
            await reason.wait()
            reason.clear()

        watching = asyncio.create_task(polling.watch(stop, 3600, within))
        for looks in (1, 2, 3):
            while len(shelf.asked) < looks:
                await asyncio.sleep(0)
            reason.set()
        stop.set()
        await watching
        return shelf

    assert len(asyncio.run(story()).asked) >= 3
