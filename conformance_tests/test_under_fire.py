"""Messages are sent while processes of the hub are killed at random; afterwards nothing is missing or twice."""

import asyncio
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from bench.mix import mix
from conformance_tests.running_hub import RunningHub, running_hub
from connectors.mllp.sender import Sender
from hub.kernel.errors import HubError

TYPES = ("Patient", "Encounter", "Observation", "DiagnosticReport", "ServiceRequest")

SHORT = 6
LONG = 200
BURST = 40
#: Seconds between two messages of a feed: the fire must find work in hand.
PACE = 0.015


async def deliver(hub: RunningHub, feed: str, raws: list[bytes]) -> int:
    """Send every message until it is acknowledged, as a sender must: after a lost connection it sends it again."""
    repeats = 0
    for raw in raws:
        while True:
            try:
                async with Sender("127.0.0.1", hub.ready["mllp"][feed], seconds=20) as sender:
                    codes = [answer.code async for answer in sender.send([raw])]
            except HubError:
                codes = []
            if codes == ["AA"]:
                break
            repeats += 1
            await asyncio.sleep(0.05)
        await asyncio.sleep(PACE)
    return repeats


async def shoot(hub: RunningHub, source: random.Random, done: asyncio.Event, most: int) -> int:
    """Kill a random process again and again until everything was delivered, at most so often."""
    killed = 0
    while not done.is_set() and killed < most:
        await asyncio.sleep(source.uniform(0.05, 0.6))
        victim = source.choice(list(hub.ready["pids"].values()))
        try:
            hub.kill(victim)
            killed += 1
        except ProcessLookupError:
            continue
    return killed


def record(hub: RunningHub) -> dict[str, Any]:
    """What the record says, without versions and times, which a repeated message may not change but a retry may."""
    found: dict[str, Any] = {}
    for organization in ("F01", "F03"):
        client = hub.client("clinician", organization)
        for resource_type in TYPES:
            path: str | None = f"fhir/{resource_type}?_count=500"
            while path:
                bundle = client.get(path)
                for entry in bundle.get("entry", []):
                    resource = dict(entry["resource"])
                    resource.pop("meta", None)
                    found[f"{resource_type}/{resource['id']}"] = resource
                links = {link["relation"]: link["url"] for link in bundle["link"]}
                path = links["next"].removeprefix(hub.base + "/") if "next" in links else None
    return found


SOAKED = os.environ.get("YILIAN_SOAK") == "1"
ROUNDS = [
    pytest.param(SHORT, id="short"),
    pytest.param(
        LONG, id="long", marks=[pytest.mark.soak, pytest.mark.skipif(not SOAKED, reason="long run: make soak")]
    ),
]


@pytest.mark.parametrize("kills", ROUNDS)
def test_every_acknowledged_message_is_in_one_state_and_in_the_record_once(tmp_path: Path, kills: int) -> None:
    messages = list(mix(kills * BURST, kills * 4, seed=7))
    feeds = {feed: [raw for name, raw in messages if name == feed] for feed in ("F01-his", "F03-lis")}

    async def fight(hub: RunningHub) -> tuple[int, int]:
        done = asyncio.Event()
        hunter = asyncio.create_task(shoot(hub, random.Random(7), done, 2 * kills))
        repeats = await asyncio.gather(*(deliver(hub, feed, raws) for feed, raws in feeds.items()))
        done.set()
        return await hunter, sum(repeats)

    with running_hub(tmp_path / "fire") as hub:
        killed, repeats = asyncio.run(fight(hub))
        time.sleep(1)
        states = hub.settled(180)
        fought = record(hub)
        assert killed >= kills // 2, killed
        # A message whose acknowledgement was lost is sent again and stored as a duplicate: never more than once new.
        assert states.get("done", 0) + states.get("warnings", 0) == len(messages)
        assert states.get("duplicate", 0) <= repeats
        assert states.keys() <= {"done", "warnings", "duplicate"}

    # The same messages in peace, with the same keys (both folders are copies of one): the same record.
    with running_hub(tmp_path / "peace") as hub:
        asyncio.run(_in_peace(hub, feeds))
        hub.settled(180)
        assert record(hub) == fought


async def _in_peace(hub: RunningHub, feeds: dict[str, list[bytes]]) -> None:
    await asyncio.gather(*(deliver(hub, feed, raws) for feed, raws in feeds.items()))
