"""Wake-ups over Redis: heard where notifications of PostgreSQL do not pass, and never needed."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest

from hub.db.database import Database, Tx
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.pipeline import settlements, worker
from hub.pipeline.bell import Bell
from hub.pipeline.chosen import Filter
from hub.pipeline.inbox import CHANNEL, PostgresInbox
from hub.pipeline.redis_bell import RedisBell
from hub.pipeline.repair import Repairs
from hub.pipeline.settlements import Settlements
from hub.pipeline.worker import run_worker
from tests.pipeline.desk import ENGINEER, Remembering
from tests.pipeline.fake_feed import FACILITIES, FEED, NOON, envelope, message, received
from tests.pipeline.hub_in_a_box import Box, box, run
from tests.redis_server import RedisServer

#: Far beyond what a test waits: with it nothing is found by looking.
NEVER = 600.0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notifications of PostgreSQL do not arrive."""

    async def refused(_: Database) -> Tx:
        raise HubError(Category.UNAVAILABLE, "no LISTEN here", where="proxy")

    monkeypatch.setattr(Database, "dedicated", refused)


@pytest.fixture
def never_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks without having been told."""
    monkeypatch.setattr(worker, "_IDLE_SECONDS", NEVER)
    monkeypatch.setattr(settlements, "_LOOK_SECONDS", NEVER)


def bell(url: str, log: io.StringIO | None = None) -> RedisBell:
    return RedisBell(url, Log("test", level="DEBUG", stream=log or io.StringIO()))


class Site:
    """A listener and a worker as two processes have them: each with a bell of its own."""

    def __init__(self, hub: Box, listener: Bell) -> None:
        self.inbox = PostgresInbox(hub.database, FACILITIES, bell=listener)
        self.waiter = Settlements(hub.database, listener)

    async def accept(self, control: str) -> int:
        return (await self.inbox.accept(received(message(control, control)))).message


@asynccontextmanager
async def site(hub: Box, url: str) -> AsyncIterator[Site]:
    listener, working, stop = bell(url), bell(url), asyncio.Event()
    made = Site(hub, listener)
    log, clock = Log("worker", stream=hub.log), fixed_clock(NOON)
    work = run_worker(
        hub.database, hub.ingest, hub.translators, log, clock, batch_size=8, stop=stop, max_attempts=3, bell=working
    )
    task = asyncio.create_task(work)
    try:
        yield made
    finally:
        stop.set()
        await task
        await made.waiter.close()
        await made.inbox.close()
        await listener.close()
        await working.close()


async def rung_until(ringer: RedisBell, heard: asyncio.Event) -> None:
    """Ring until it is heard: Redis promises no single ring."""
    async with asyncio.timeout(15):
        while not heard.is_set():
            ringer.ring("a-channel")
            with suppress(TimeoutError):
                await asyncio.wait_for(heard.wait(), 0.1)


def test_worker_and_waiter_are_woken_over_redis_where_notifications_do_not_pass(
    database_url: str, redis: RedisServer, deaf: None, never_looking: None
) -> None:
    async def story() -> None:
        async with box(database_url) as hub, site(hub, redis.url) as here:
            for control in ("1", "2", "3"):
                number = await here.accept(control)
                assert await here.waiter.settled([number], 20) == {number: "done"}
                await asyncio.sleep(0.3)

    run(story())


def test_a_replay_wakes_a_worker_over_redis(
    database_url: str, redis: RedisServer, deaf: None, never_looking: None
) -> None:
    async def story() -> None:
        async with box(database_url) as hub, site(hub, redis.url) as here:
            number = await here.accept("1")
            assert await here.waiter.settled([number], 20)
            await asyncio.sleep(0.5)  # the worker has looked once more and waits
            desk = bell(redis.url)
            repairs = Repairs(hub.database, {FEED: envelope}, Remembering(), fixed_clock(NOON), desk)
            assert await repairs.replay(Filter(numbers=(number,)), ENGINEER) == [number]
            await desk.close()  # a command ends at once: its ring is let out first
            assert await here.waiter.settled([number], 20) == {number: "done"}

    run(story())


def test_nothing_is_lost_and_no_accept_waits_when_redis_is_killed_in_the_middle(
    database_url: str, redis: RedisServer, deaf: None
) -> None:
    async def story() -> None:
        async with box(database_url) as hub, site(hub, redis.url) as here:
            numbers = []
            for count in range(30):
                if count == 10:
                    redis.kill()
                if count == 20:
                    redis.start()
                began = monotonic()
                numbers.append(await here.accept(str(count)))
                assert monotonic() - began < 3
            assert await here.waiter.settled(numbers, 30) == dict.fromkeys(numbers, "done")

    run(story())


def test_a_bell_rings_again_when_redis_is_back_and_says_so_once(redis: RedisServer) -> None:
    async def story() -> None:
        log = io.StringIO()
        ringer, ear, heard = bell(redis.url), bell(redis.url, log), asyncio.Event()
        ear.hear("a-channel", heard.set)
        await rung_until(ringer, heard)
        redis.kill()
        async with asyncio.timeout(10):
            while "redis_away" not in log.getvalue():
                await asyncio.sleep(0.05)
        await asyncio.sleep(2.5)  # more than one attempt
        heard.clear()
        redis.start()
        await rung_until(ringer, heard)
        await ringer.close()
        await ear.close()
        assert (log.getvalue().count("redis_away"), log.getvalue().count("redis_back")) == (1, 1)

    run(story())


def test_a_redis_that_never_answers_holds_nobody_up(database_url: str) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(silence, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with box(database_url) as hub:
            slow = bell(f"redis://127.0.0.1:{port}/0")
            inbox = PostgresInbox(hub.database, FACILITIES, bell=slow)
            slow.hear(CHANNEL, lambda: None)
            began = monotonic()
            for count in range(50):
                await inbox.accept(received(message(str(count), str(count))))
                slow.ring(CHANNEL)
            assert monotonic() - began < 50 * 0.25  # each publication alone would have waited half a second
            await inbox.close()
            began = monotonic()
            await slow.close()
            assert monotonic() - began < 5
        server.close()
        await server.wait_closed()

    run(story())


def test_a_refused_password_is_told_and_never_shown(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, password="right-secret")
    server.start()

    async def story() -> str:
        log = io.StringIO()
        wrong = bell(server.url.replace("right-secret", "wrong-secret"), log)
        wrong.ring(CHANNEL)
        await wrong.close()
        return log.getvalue()

    try:
        told = run(story())
    finally:
        server.kill()
    assert "AuthenticationError" in told
    assert "secret" not in told
