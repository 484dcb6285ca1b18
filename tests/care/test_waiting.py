"""The queue of alerts: what cannot be looked at is looked at again, and kept for as long as it may be news."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from hub.care.waiting import Waiting, pause, waited
from hub.db.database import Database
from hub.kernel.clock import fixed_clock

NOW: Final = datetime(2026, 5, 20, 1, 0, tzinfo=UTC)


def test_the_pause_doubles_from_a_second_and_is_never_longer_than_a_minute() -> None:
    assert [pause(tries).total_seconds() for tries in (0, 1, 5, 6, 5000)] == [1, 2, 32, 60, 60]


def test_what_fails_is_given_up_when_it_can_be_no_news_any_more_and_not_before(database_url: str) -> None:
    day = timedelta(hours=24)
    last = next(tries for tries in count() if waited(tries) > day)
    assert waited(last - 1) <= day

    async def visit() -> None:
        database = await Database.connect(database_url, size=2)
        try:
            waiting = Waiting(database, fixed_clock(NOW), day)
            await waiting.add(["o-1"])
            (seq,) = await waiting.due()
            assert await waiting.later(seq, 12)
            assert await waiting.due() == []
            assert await waiting.one(seq) == ("o-1", 1)
            assert await waiting.later(seq, last - 1)
            assert not await waiting.later(seq, last)
            assert await waiting.one(seq) is None
        finally:
            await database.close()

    asyncio.run(visit())
