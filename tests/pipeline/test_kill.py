"""Processes killed at random instants: nothing is lost, nothing counts twice, the record is that of a quiet run.

A short form runs always; `make soak` plays 200 rounds.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.db.database import Database
from tests.pipeline.fake_feed import received, story
from tests.pipeline.hub_in_a_box import box, run
from tests.pipeline.recount import counters, recounted
from tests.pipeline.whole_record import Record, whole_record

#: Messages accepted before each kill: more than two workers do before the last kill comes.
BURST = 120
ROOT = Path(__file__).parents[2]
ROUNDS = [pytest.param(4, id="short"), pytest.param(200, id="soak", marks=pytest.mark.soak)]


@contextmanager
def process(module: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process that is dead when the block ends."""
    command = [sys.executable, "-m", f"tests.pipeline.{module}", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def ready(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"


async def quiet_run(url: str, raws: list[bytes]) -> Record:
    async with box(url) as hub:
        await hub.send(*raws)
        return await whole_record(hub)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_workers_killed_at_any_instant_lose_nothing_and_do_nothing_twice(
    database_url: str, undisturbed_url: str, rounds: int
) -> None:
    soak_only(rounds)
    chance = random.Random(rounds)
    raws = story(3 + BURST * rounds, seed=rounds)

    async def accept(part: list[bytes]) -> None:
        async with box(database_url) as hub:
            await hub.accept(*part)

    run(quiet_run(database_url, raws[:3]))
    left_over = 0
    for number in range(rounds):
        run(accept(raws[3:][BURST * number : BURST * (number + 1)]))
        with process("worker_process", database_url) as one, process("worker_process", database_url) as other:
            ready(one)
            ready(other)
            time.sleep(chance.uniform(0, 0.1))
            for child in chance.sample([one, other], 2):
                child.send_signal(signal.SIGKILL)
                time.sleep(chance.uniform(0, 0.02))
        left_over += run(queued(database_url)) > 0
    assert left_over, "no kill came in time to prove anything"

    async def finish() -> Record:
        async with box(database_url) as hub:
            await hub.drain()
            assert await counters(hub) == await recounted(hub) != {}
            return await whole_record(hub)

    assert run(finish()) == run(quiet_run(undisturbed_url, raws))


async def queued(url: str) -> int:
    database = await Database.connect(url)
    async with database.connection() as connection:
        count = await connection.fetchval("SELECT count(*) FROM inbox WHERE state = 'queued'")
    await database.close()
    return int(count)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_what_was_accepted_survives_the_death_of_the_acceptor(
    database_url: str, undisturbed_url: str, rounds: int
) -> None:
    soak_only(rounds)
    chance = random.Random(rounds)
    count = 40 * rounds
    accepted: set[int] = set()
    while len(accepted) < count:
        first = min(set(range(count)) - accepted)
        with process("acceptor_process", database_url, first, count, rounds) as child:
            assert child.stdout is not None
            told = [child.stdout.readline()]
            time.sleep(chance.uniform(0, 0.05))
            child.send_signal(signal.SIGKILL)
            told += child.stdout.readlines()
        accepted |= {int(line) for line in told if line.endswith("\n") and line.strip()}

    async def finish() -> tuple[Record, set[str]]:
        async with box(database_url) as hub:
            await hub.drain()
            async with hub.database.connection() as connection:
                rows = await connection.fetch("SELECT identity FROM inbox WHERE state NOT IN ('duplicate', 'queued')")
            return await whole_record(hub), {row["identity"] for row in rows}

    raws = story(count, seed=rounds)
    record, identities = run(finish())
    assert identities == {received(raw).envelope.identity for raw in raws}
    quiet = run(quiet_run(undisturbed_url, raws))
    assert (record.versions, record.sizes) == (quiet.versions, quiet.sizes)
    settled = {key: number for key, number in record.states.items() if key[1] != "duplicate"}
    assert settled == {key: number for key, number in quiet.states.items() if key[1] != "duplicate"}


def soak_only(rounds: int) -> None:
    if rounds > 10 and not os.environ.get("YILIAN_SOAK"):
        pytest.skip("long run: make soak")
