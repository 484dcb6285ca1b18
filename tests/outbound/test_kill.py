"""The events process killed at random instants, most of all between a message and its answer: nothing is lost.

At least once: a message that was sent and not known to have arrived is sent again as the same bytes under the same
control id, and nothing else is; the order of each patient is kept.
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

from tests.api.house import BASE, house
from tests.outbound.hospital import Hospital, hospital
from tests.outbound.house import referral, report, result, sending

ROOT: Final = Path(__file__).parents[2]
VALUES: Final = 20
ROUNDS: Final = 2
SECONDS: Final = 60
PEOPLE: Final = "ab"


@contextmanager
def events_process(url: str, folder: Path, system: Hospital) -> Iterator[subprocess.Popen[bytes]]:
    """The real process, dead when the block ends."""
    path = folder / "consortium.yaml"
    path.write_text(
        "facilities:\n  - {code: F01, name: 云泽县人民医院}\n  - {code: F05, name: 石桥社区卫生服务中心}\n"
        "feeds:\n  - {name: clinic-his, direction: out, facility: F05, transport: mllp, host: 127.0.0.1, "
        f"port: {system.port}, events: [ORU^R01], window: 4, retry: {{first_seconds: 0}}}}\n",
        encoding="utf-8",
    )
    settings = {"DATABASE_URL": url, "CONFIG": str(path), "DATA_DIR": str(folder / "data"), "BASE_URL": BASE}
    environment = os.environ | {f"YILIAN_{name}": value for name, value in settings.items()}
    environment["YILIAN_SUBSCRIPTION_DAYS"] = "10000"  # the test's clock stands years away from the machine's
    command = [sys.executable, "-m", "hub.cli.main", "worker", "events"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.kill()


async def arrived(system: Hospital, count: int) -> None:
    """Wait until so many messages came."""
    async with asyncio.timeout(SECONDS):
        while len(system.messages) < count:
            await asyncio.sleep(0.002)


def test_a_killed_process_loses_nothing_and_repeats_only_what_was_not_answered(
    database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(11)

    async def play() -> Hospital:
        async with hospital(pause=0.02) as system, house(database_url) as home:
            parts = await sending(home, system, [system.feed(events=("ORU^R01",))])
            for who in PEOPLE:
                await parts.known(who, referred=False)
                # The process has the machine's clock: a relation without an end.
                await parts.put(referral(who, occurrencePeriod={"start": "2026-05-01"}))
            for n in range(VALUES):
                who = PEOPLE[n % len(PEOPLE)]
                await parts.put(result(who, f"v{n}", f"{n}"))
                await parts.put(report(who, f"{n}", f"v{n}"))
            for _ in range(ROUNDS):
                before = len(system.messages)
                with events_process(database_url, tmp_path, system) as child:
                    await arrived(system, before + 1)
                    await asyncio.sleep(chance.uniform(0, 0.05))
                    child.send_signal(signal.SIGKILL)
                    await asyncio.to_thread(child.wait)
            assert len(set(system.messages)) < VALUES, "no kill came in time to prove anything"
            with events_process(database_url, tmp_path, system):
                async with asyncio.timeout(SECONDS):
                    while (await parts.desk.feeds())[0].done < VALUES:
                        await asyncio.sleep(0.02)
            return system

    system = asyncio.run(play())
    assert len(set(system.messages)) == len(set(system.controls)) == VALUES
    assert sorted(int(one["OBX"][5]) for one in {one["MSH"][9]: one for one in system.received}.values()) == list(
        range(VALUES)
    )
    assert len(system.messages) > VALUES, "no message was repeated"
    for parity in range(len(PEOPLE)):
        told = [int(one["OBX"][5]) for one in system.received if int(one["OBX"][5]) % len(PEOPLE) == parity]
        firsts = list(dict.fromkeys(told))
        assert firsts == sorted(firsts)
