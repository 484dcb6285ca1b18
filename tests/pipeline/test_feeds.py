"""The feeds as engineers watch them, by their messages in a database."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.kernel.consortium import Feed
from hub.pipeline.arrivals import first_since
from hub.pipeline.engineer import Engineer
from hub.pipeline.feeds import Feeds
from tests.pipeline.desk import ENGINEER
from tests.pipeline.fake_feed import FACILITIES, FEED, NOON, message, received
from tests.pipeline.hub_in_a_box import Box, box, run

MINUTE = timedelta(minutes=1)


class Watched(Feeds):
    """Feeds whose clock and profiles the test has in hand."""

    def __init__(self, hub: Box) -> None:
        self.now: datetime = NOON
        self.problems: dict[str, str] = {}
        feeds = {name: Feed(name=name, facility=code, transport="mllp") for name, code in FACILITIES.items()}
        super().__init__(hub.database, feeds, lambda: self.problems, lambda: self.now)


async def accept(hub: Box, control: str, at: datetime, feed: str = FEED, **parts: str) -> None:
    await hub.inbox.accept(received(message(control, **parts), feed, at))


def test_messages_are_counted_by_feed_as_they_come_and_leave_the_hour_and_the_day(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            watched = Watched(hub)

            async def counts() -> list[tuple[int, int]]:
                return [(one.figures.hour, one.figures.day) for one in await watched.all()]

            for n in range(4):
                await accept(hub, f"old{n}", NOON - timedelta(days=2))
            await accept(hub, "1", NOON - 90 * MINUTE)
            await accept(hub, "2", NOON - 30 * MINUTE)
            await accept(hub, "3", NOON, "F03.lis")
            assert await counts() == [(1, 2), (1, 1)]
            watched.now += MINUTE
            await accept(hub, "4", watched.now)
            assert await counts() == await counts() == [(2, 3), (1, 1)]
            watched.now += 10 * MINUTE
            await accept(hub, "5", watched.now)
            assert await counts() == [(3, 4), (1, 1)]
            watched.now += 55 * MINUTE
            assert await counts() == [(1, 4), (0, 1)]
            watched.now += timedelta(hours=23)
            assert await counts() == [(0, 1), (0, 0)]
            again = Watched(hub)
            again.now = watched.now - timedelta(hours=23)
            assert [(one.figures.hour, one.figures.day) for one in await again.all()] == [(1, 4), (0, 1)]

    run(story())


def test_what_waits_and_what_is_dead_is_there_with_first_and_last(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            watched = Watched(hub)
            await accept(hub, "1", NOON - 100 * MINUTE, trick="refuse")
            await hub.drain()
            await accept(hub, "2", NOON - 3 * MINUTE)
            await accept(hub, "3", NOON - 2 * MINUTE)
            his, lis = await watched.all()
            assert (his.figures.first, his.figures.last) == (NOON - 100 * MINUTE, NOON - 2 * MINUTE)
            assert (his.figures.waits, his.figures.oldest) == (2, NOON - 3 * MINUTE)
            assert (his.figures.dead, his.figures.dead_hour) == (1, 0)
            assert [one.code for one in his.findings] == ["waits", "dead"]
            assert (lis.figures.first, lis.figures.last, lis.colour.value) == (None, None, "blue")
            assert his.as_json()["state"] == "yellow"
            watched.problems = {FEED: "wrong"}
            assert [one.colour.value for one in await watched.all()] == ["red", "blue"]

    run(story())


def test_an_engineer_sees_the_feeds_of_the_own_organisation(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            theirs = Engineer(name="engineer", facilities=frozenset({"F03"}))
            assert [one.feed.name for one in await Watched(hub).seen(theirs)] == ["F03.lis"]
            assert [one.feed.name for one in await Watched(hub).seen(ENGINEER)] == [FEED, "F03.lis"]

    run(story())


def test_the_first_number_since_a_moment_is_found_by_halving(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub, hub.database.connection() as connection:
            assert await first_since(connection, NOON) == 1
            for n in range(20):
                await accept(hub, str(n), NOON + n * MINUTE)
            for n in range(20):
                assert await first_since(connection, NOON + n * MINUTE) == n + 1
            assert await first_since(connection, NOON + 30 * MINUTE) == 21

    run(story())
