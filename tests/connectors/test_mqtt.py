"""MQTT with a real broker: acknowledged when durable, sent again when not, and never twice in the record."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import paho.mqtt.publish as publishing
import pytest

import connectors.devices.mqtt
from connectors.devices.mqtt import MOST_BYTES, Subscription
from connectors.devices.topics import device_of
from connectors.files.intake import FileIntake
from hub.kernel.broker import Broker
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import FileTaker
from hub.kernel.types import Taken
from mappings.devices import feed
from mappings.devices.vendormap import vendor
from tests.pipeline.fake_feed import FEED, NOON
from tests.pipeline.hub_in_a_box import Box, box, run

BROKER: Final = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
BAND: Final = vendor("wristband")


def reading(pulse: int, device: str = "W-1") -> bytes:
    body = {"deviceNum": device, "createTime": int(NOON.timestamp() * 1000) - pulse, "pulse": pulse}
    return json.dumps({"data": [body]}).encode()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker on a port of loopback, for this test alone."""
    if BROKER is None:
        pytest.skip("needs mosquitto")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n", encoding="utf-8")
    process = subprocess.Popen([BROKER, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Broker(host="127.0.0.1", port=port, topics=("bands/+",), plaintext=True)
    finally:
        process.terminate()
        process.wait(timeout=10)


class Feed:
    """A feed over a real inbox. `take` may be made to fail or to hang."""

    def __init__(self, hub: Box, broker: Broker) -> None:
        self.hub: Final = hub
        self.broker: Final = broker
        self.intake: Final = FileIntake(
            FEED,
            inbox=hub.inbox,
            read_envelope=feed.envelope_reader(BAND),
            split=lambda raw, received: feed.messages(raw, BAND, received),
            to_mend=lambda *_: b"",
            clock=fixed_clock(NOON),
        )

    @asynccontextmanager
    async def subscribed(self, take: FileTaker | None = None) -> AsyncIterator[None]:
        stop, told = asyncio.Event(), io.StringIO()
        subscription = Subscription(
            FEED,
            self.broker,
            take=take or self.intake,
            devices=lambda raw: feed.devices(raw, BAND),
            inbox=self.hub.inbox,
            clock=fixed_clock(NOON),
            log=Log("files", stream=told),
        )
        running = asyncio.create_task(subscription.run(stop))
        try:
            while "mqtt-joined" not in told.getvalue():
                await asyncio.sleep(0.01)
            yield
        finally:
            stop.set()
            await running

    async def publish(self, payload: bytes, topic: str = "bands/W-1", qos: int = 1) -> None:
        for _ in range(50):
            with suppress(ConnectionRefusedError):
                port = self.broker.port
                await asyncio.to_thread(publishing.single, topic, payload, qos, hostname="127.0.0.1", port=port)
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the broker never came up")

    async def states(self, count: int) -> list[str]:
        """States of all messages once there are so many, in their order."""
        for _ in range(200):
            async with self.hub.database.connection() as tx:
                found = [row["state"] for row in await tx.fetch("SELECT state FROM inbox ORDER BY id")]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"only {len(found)} messages came")


@asynccontextmanager
async def connected(url: str, broker: Broker) -> AsyncIterator[Feed]:
    async with box(url) as hub:
        one = Feed(hub, broker)
        await one.publish(b"", "elsewhere")
        taken = asyncio.Event()

        async def first(raw: bytes, peer: str) -> Taken:
            found = await one.intake(raw, peer)
            taken.set()  # it is acknowledged before anybody hears of it, and does not come again
            return found

        # The persistent session begins.
        async with one.subscribed(first):
            await one.publish(reading(60))
            await taken.wait()
        assert await one.states(1) == ["queued"]
        yield one


def test_what_was_stored_and_not_acknowledged_comes_again_and_counts_once(database_url: str, broker: Broker) -> None:
    async def story() -> None:
        async with connected(database_url, broker) as one:

            async def dies(raw: bytes, peer: str) -> Taken:
                await one.intake(raw, peer)
                await asyncio.Event().wait()
                raise AssertionError

            async with one.subscribed(dies):
                await one.publish(reading(61))
                await one.states(2)
            taken = asyncio.Event()

            async def tells(raw: bytes, peer: str) -> Taken:
                found = await one.intake(raw, peer)
                if raw == reading(62):
                    taken.set()  # it is acknowledged before anybody hears of it
                return found

            async with one.subscribed(tells):
                assert await one.states(3) == ["queued", "queued", "duplicate"]
                await one.publish(reading(62))
                await taken.wait()
                assert len(await one.states(4)) == 4
            # All were acknowledged: nothing comes a third time.
            async with one.subscribed():
                await one.publish(reading(63))
                assert await one.states(5) == ["queued", "queued", "duplicate", "queued", "queued"]

    run(story())


def test_what_cannot_be_stored_waits_with_the_broker_and_what_came_meanwhile_too(
    database_url: str, broker: Broker
) -> None:
    async def story() -> None:
        async with connected(database_url, broker) as one:
            tries: list[bytes] = []

            async def away(raw: bytes, peer: str) -> Taken:
                tries.append(raw)
                if len(tries) == 1:
                    raise HubError(Category.UNAVAILABLE, "the database is away", where="inbox")
                return await one.intake(raw, peer)

            await one.publish(reading(64))
            async with one.subscribed(away):
                assert await one.states(2) == ["queued", "queued"]
            assert tries == [reading(64)] * 2

    run(story())


def test_a_device_that_tells_of_another_is_kept_and_becomes_nobodys_reading(database_url: str, broker: Broker) -> None:
    async def story() -> None:
        async with connected(database_url, broker) as one, one.subscribed():
            await one.publish(reading(65, "W-2"))
            assert await one.states(2) == ["queued", "dead"]
            assert (await one.hub.reason(2))["code"] == "other-device"

    run(story())


def test_what_can_never_be_stored_is_told_and_does_not_come_for_ever(database_url: str, broker: Broker) -> None:
    async def story() -> None:
        async with connected(database_url, broker) as one:
            faults = iter((HubError(Category.INVALID, "is wrong", where="payload"), ArithmeticError()))

            async def refuses(raw: bytes, peer: str) -> Taken:
                raise next(faults)

            async with one.subscribed(refuses):
                await one.publish(reading(66), qos=0)
                await one.publish(b" " * (MOST_BYTES + 1))
                await one.publish(reading(67))
                await one.states(2)
                await one.publish(reading(68))
                assert await one.states(3) == ["queued", "dead", "dead"]
                assert [(await one.hub.reason(number))["code"] for number in (2, 3)] == ["invalid", "fault"]
            async with one.subscribed():
                await one.publish(reading(69))
                assert await one.states(4) == ["queued", "dead", "dead", "queued"]

    run(story())


def test_no_more_is_in_hand_than_there_is_room_for_and_the_rest_follows(
    database_url: str, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.devices.mqtt, "_IN_HAND", 2)

    async def story() -> None:
        async with connected(database_url, broker) as one:
            hand: list[int] = [0, 0]

            async def slowly(raw: bytes, peer: str) -> Taken:
                hand[0] += 1
                hand[1] = max(hand)
                await asyncio.sleep(0.1)
                hand[0] -= 1
                return await one.intake(raw, peer)

            async def hangs(raw: bytes, peer: str) -> Taken:
                hand[0] += 1
                await asyncio.Event().wait()
                raise AssertionError

            # It can leave while more waits than there is room for.
            async with one.subscribed(hangs):
                for pulse in range(70, 75):
                    await one.publish(reading(pulse))
                while hand[0] < 2:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.2)  # for a third, which must not come
                assert hand == [2, 0]
            hand[0] = 0
            async with one.subscribed(slowly):
                assert await one.states(6) == ["queued"] * 6
            assert hand == [0, 2]

    run(story())


def test_a_file_of_the_broker_that_cannot_be_used_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connectors.devices.mqtt, "_PAUSE", (0.01, 0.01))
    password = tmp_path / "password"
    password.write_text("secret", encoding="utf-8")
    password.chmod(0o644)
    broker = Broker(host="127.0.0.1", port=9, topics=("bands/+",), user="hub", password=password)
    told, stop = io.StringIO(), asyncio.Event()

    async def nobody(*_: Any, **__: Any) -> Any:
        raise AssertionError

    subscription = Subscription(
        FEED,
        broker,
        take=nobody,
        devices=lambda _: frozenset(),
        inbox=SimpleNamespace(accept=nobody),
        clock=fixed_clock(NOON),
        log=Log("files", stream=told),
    )

    async def story() -> None:
        running = asyncio.create_task(subscription.run(stop))
        while told.getvalue().count("mqtt-not-usable") < 2:
            assert not running.done()
            await asyncio.sleep(0.01)
        stop.set()
        await running

    run(asyncio.wait_for(story(), 5))
    assert '"category": "forbidden"' in told.getvalue()


@pytest.mark.parametrize(
    ("topic", "filters", "device"),
    [
        ("bands/W-1", ("bands/+",), "W-1"),
        ("a/W-1/up", ("bands/+", "a/+/up"), "W-1"),
        ("a/b/W-1", ("a/+/+",), None),
        ("a/b", ("a/#",), None),
        ("a/W-1/x/y", ("a/+/#",), "W-1"),
        ("other", ("bands/+",), None),
        ("bands/W-1", ("bands/#", "bands/+"), "W-1"),
        ("bands/W-1", ("$share/hubs/bands/+",), "W-1"),
        ("bands/W-1", ("$share/hubs/bands/#",), None),
    ],
)
def test_a_topic_names_the_device_where_its_filter_says_so(
    topic: str, filters: tuple[str, ...], device: str | None
) -> None:
    assert device_of(topic, filters) == device
