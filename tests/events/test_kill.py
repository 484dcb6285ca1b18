"""The events process killed at random instants: nothing is missed, numbers have no gap, order is kept; and the tree
over the audit trail, which it appends to, is whole.

At least once: what was sent and not known to have arrived is sent again under its number, and nothing else is.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hub.audit.export import export
from hub.audit.verify import verify
from hub.auth.keys import KeyStore
from hub.bootstrap.audit import signers_of
from hub.db.database import Database
from tests.api.house import BASE, house, observation, patient
from tests.events.house import subscription, telling
from tests.events.receiver import Receiver, receiving

ROOT: Final = Path(__file__).parents[2]
VALUES: Final = 60
ROUNDS: Final = 3
SECONDS: Final = 60


def consortium(folder: Path, receiver: Receiver) -> Path:
    """The file of a consortium whose clinic may send to the receiver."""
    path = folder / "consortium.yaml"
    path.write_text(
        "facilities:\n  - {code: F01, name: 云泽县人民医院}\n  - {code: F05, name: 石桥社区卫生服务中心}\n"
        f"receivers:\n  - {{facility: F05, host: 127.0.0.1, port: {receiver.port}, "
        "networks: [127.0.0.0/8], plaintext: true}\n",
        encoding="utf-8",
    )
    return path


@contextmanager
def events_process(url: str, folder: Path, receiver: Receiver) -> Iterator[subprocess.Popen[bytes]]:
    """The real process, dead when the block ends."""
    settings = {
        "DATABASE_URL": url,
        "CONFIG": str(consortium(folder, receiver)),
        "DATA_DIR": str(folder / "data"),
        "BASE_URL": BASE,
        "SUBSCRIPTION_DAYS": "10000",  # the test's clock stands years away from the machine's
    }
    environment = os.environ | {f"YILIAN_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "hub.cli.main", "worker", "events"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.kill()


async def arrived(receiver: Receiver, count: int) -> None:
    """Wait until so many notifications came."""
    async with asyncio.timeout(SECONDS):
        while len(receiver.posts) < count:
            await asyncio.sleep(0.005)


async def all_told(receiver: Receiver, count: int) -> None:
    """Wait until an event of that number came."""
    async with asyncio.timeout(SECONDS):
        while max((number for number, _ in receiver.events), default=0) < count:
            await asyncio.sleep(0.02)


async def all_leaves(database: Database) -> int:
    """Wait until every row of the audit trail is a leaf; how many there are."""
    async with asyncio.timeout(SECONDS):
        while True:
            async with database.connection() as tx:
                rows, leaves = [await tx.fetchval(f"SELECT count(*) FROM {name}") for name in ("audit", "audit_leaf")]
            if rows == leaves:
                return int(rows)
            await asyncio.sleep(0.05)


async def proved(database: Database, folder: Path) -> str:
    """What the verifier says of the trail the killed processes left."""
    verifiers = signers_of(KeyStore(folder / "data" / "keys")).verifiers
    await export(database, folder / "export", verifiers, lambda *_: None)
    return verify(folder / "export", folder / "export" / "keys.txt")


def test_a_killed_process_leaves_no_gap_and_no_other_order(database_url: str, tmp_path: Path) -> None:
    chance = random.Random(7)

    async def play() -> tuple[list[str], Receiver]:
        async with receiving(pause=0.01) as receiver, house(database_url, receivers=[receiver.allowed()]) as home:
            telled = await telling(home, receiver, [receiver.allowed()])
            wanted = subscription("resource-changed", "Observation?", endpoint=receiver.url, max_count=3)
            await telled.subscribe(wanted)
            who = (await home.create(patient()))["id"]
            made = [await home.create(observation(who, str(n))) for n in range(VALUES)]
            for _ in range(ROUNDS):
                before = len(receiver.posts)
                with events_process(database_url, tmp_path, receiver) as child:
                    await arrived(receiver, before + 1)
                    await asyncio.sleep(chance.uniform(0, 0.1))
                    child.send_signal(signal.SIGKILL)
                    await asyncio.to_thread(child.wait)
            assert len({number for number, _ in receiver.events}) < VALUES, "no kill came in time to prove anything"
            with events_process(database_url, tmp_path, receiver):
                await all_told(receiver, VALUES)
                rows = await all_leaves(home.database)
            assert (await proved(home.database, tmp_path)).startswith(f"{rows} leaves are as ")
            return [f"{BASE}/Observation/{one['id']}" for one in made], receiver

    expected, receiver = asyncio.run(play())
    told = dict(receiver.events)
    assert sorted(told) == list(range(1, VALUES + 1))
    assert [told[number] for number in sorted(told)] == expected
    assert len(set(receiver.events)) == VALUES, "a number was told of two resources"
    firsts = [post.events[0][0] for post in receiver.of("event-notification")]
    assert firsts == sorted(firsts)
    assert len(firsts) - len(set(firsts)) <= ROUNDS


def test_of_two_processes_one_delivers(database_url: str, tmp_path: Path) -> None:
    async def play() -> Receiver:
        async with receiving() as receiver, house(database_url, receivers=[receiver.allowed()]) as home:
            telled = await telling(home, receiver, [receiver.allowed()])
            await telled.subscribe(subscription("resource-changed", "Observation?", endpoint=receiver.url, max_count=1))
            who = (await home.create(patient()))["id"]
            with (
                events_process(database_url, tmp_path, receiver),
                events_process(database_url, tmp_path, receiver),
            ):
                for n in range(20):
                    await home.create(observation(who, str(n)))
                    await asyncio.sleep(0.1)
                await all_told(receiver, 20)
            return receiver

    receiver = asyncio.run(play())
    assert [number for number, _ in receiver.events] == list(range(1, 21))
