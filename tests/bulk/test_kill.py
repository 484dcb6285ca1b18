"""Workers of bulk jobs killed at random instants: the job is done by another, no line twice and none missing."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
import pytest

from hub.bulk.claims import Claims, given_up
from hub.bulk.model import LostError
from tests.api.house import BASE, house, patient
from tests.bulk.house import Bulk, bulk_in
from tests.bulk.test_import import asked, put, values

T = TypeVar("T")

ROOT: Final = Path(__file__).parents[2]
COUNT: Final = 3000
ROUNDS: Final = 3


@contextmanager
def process(url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker that is dead when the block ends."""
    command = [sys.executable, "-m", "tests.bulk.worker_process", url, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            yield child
        finally:
            child.kill()


def in_folder(url: str, folder: Path, visit: Callable[[Bulk], Awaitable[T]]) -> T:
    """Run `visit` in a house on a folder that stays."""

    async def run() -> T:
        async with house(url, folder=folder) as home:
            return await visit(bulk_in(home))

    return asyncio.run(run())


def killed_in_between(url: str, folder: Path, begun: Callable[[], object]) -> int:
    """Start a worker some times, and kill it when what `begun` tells has changed; how often the job was not done."""
    caught = 0
    for _ in range(ROUNDS):
        before = begun()
        if standing(url)[0] == "done":
            break
        with process(url, folder) as child:
            while begun() in (before, [], None) and standing(url)[0] != "done":
                time.sleep(0.002)
            child.send_signal(signal.SIGKILL)
            child.wait()
        caught += standing(url)[0] == "running"
    return caught


def standing(url: str) -> tuple[str, str | None]:
    """The state of the only job, and how far it is."""

    async def ask() -> tuple[str, str | None]:
        connection = await asyncpg.connect(url)
        try:
            row = await connection.fetchrow("SELECT state, progress::text FROM bulk_job")
        finally:
            await connection.close()
        assert row is not None
        return row["state"], row["progress"]

    return asyncio.run(ask())


def files(folder: Path) -> list[str]:
    """The files of the only job."""
    return sorted(path.name for path in (folder / "bulk").glob("*/*"))


def test_an_export_whose_workers_are_killed_is_whole(database_url: str, tmp_path: Path) -> None:
    async def begin(bulk: Bulk) -> tuple[str, set[str]]:
        put(bulk, "a.ndjson", values(COUNT))
        await bulk.done("/$import", asked(("Observation", "a.ndjson")), who="feed")
        async with bulk.home.database.transaction() as tx:
            await tx.execute("DELETE FROM bulk_job")
            rows = await tx.fetch("SELECT id FROM resource")
        return await bulk.start("/$export"), {row["id"] for row in rows}

    where, expected = in_folder(database_url, tmp_path, begin)
    assert len(expected) == COUNT
    caught = killed_in_between(database_url, tmp_path, lambda: files(tmp_path))
    assert caught, "no kill came in time to prove anything"
    assert files(tmp_path), "nothing of the last attempt was there"

    async def end(bulk: Bulk) -> list[str]:
        await bulk.worker.drain()
        manifest = (await bulk.ask(where)).json()
        lines = [line["id"] for item in manifest["output"] for line in await bulk.lines(item)]
        (folder,) = (bulk.home.folder / "bulk").iterdir()
        assert len(list(folder.iterdir())) == len(manifest["output"]), "files of an attempt that was killed are left"
        return lines

    found = in_folder(database_url, tmp_path, end)
    assert sorted(found) == sorted(expected)


def test_an_import_whose_workers_are_killed_goes_on_and_makes_nothing_twice(database_url: str, tmp_path: Path) -> None:
    async def begin(bulk: Bulk) -> str:
        broken: list[Any] = [*values(COUNT)]
        for number in range(0, COUNT, 100):
            broken[number] = "{"
        put(bulk, "a.ndjson", broken)
        return await bulk.start("/$import", asked(("Observation", "a.ndjson")), who="feed")

    where = in_folder(database_url, tmp_path, begin)
    caught = killed_in_between(database_url, tmp_path, lambda: standing(database_url)[1])
    assert caught, "no kill came in time to prove anything"

    async def end(bulk: Bulk) -> Any:
        await bulk.worker.drain()
        manifest = (await bulk.ask(where, who="feed")).json()
        places = [
            outcome["issue"][0]["expression"][0]
            for item in manifest["error"]
            for outcome in await bulk.lines(item, who="feed")
        ]
        async with bulk.home.database.connection() as tx:
            rows = await tx.fetch("SELECT version FROM resource")
            superseded = await tx.fetchval("SELECT count(*) FROM history")
        return manifest["output"], places, [row["version"] for row in rows], superseded

    output, places, versions, superseded = in_folder(database_url, tmp_path, end)
    refused = COUNT // 100
    assert [one["count"] for one in output] == [COUNT - refused]
    assert places == [f"input[0] line {number + 1}: end of the text" for number in range(0, COUNT, 100)]
    assert (versions, superseded) == ([1] * (COUNT - refused), 0)


def test_a_job_is_taken_by_one_worker_at_a_time(database_url: str, tmp_path: Path) -> None:
    async def visit(bulk: Bulk) -> list[int]:
        await bulk.home.create(patient())
        for _ in range(2):
            await bulk.start("/$export")
        await asyncio.gather(*(bulk_in(bulk.home).worker.drain() for _ in range(3)))
        async with bulk.home.database.connection() as tx:
            return [row["attempt"] for row in await tx.fetch("SELECT attempt FROM bulk_job WHERE state = 'done'")]

    assert in_folder(database_url, tmp_path, visit) == [1, 1]


def test_a_worker_that_was_overtaken_changes_nothing(database_url: str, tmp_path: Path) -> None:
    async def visit(bulk: Bulk) -> None:
        await bulk.home.create(patient())
        where = await bulk.start("/$export")
        session = await bulk.home.database.dedicated()
        claims = Claims(bulk.home.database, session)
        job = await claims.take()
        assert job is not None
        async with bulk.home.database.transaction() as tx:
            await tx.execute("UPDATE bulk_job SET attempt = attempt + 1")
        for end in (bulk.exporter.run(job, claims), claims.fail(job, given_up(), bulk.home.services.clock())):
            with pytest.raises(LostError):
                await end
        async with bulk.home.database.connection() as tx:
            assert await tx.fetchval("SELECT count(*) FROM bulk_file") == 0
        waits = await bulk.ask(where)
        assert (waits.status_code, waits.headers["x-progress"]) == (
            202,
            "begun anew after an interruption (attempt 2), 0 resources so far",
        )
        await session.close()
        await bulk.worker.drain()
        (item,) = (await bulk.ask(where)).json()["output"]
        assert len(await bulk.lines(item)) == 1

    in_folder(database_url, tmp_path, visit)


def test_a_job_that_ends_every_worker_is_given_up(database_url: str, tmp_path: Path) -> None:
    async def visit(bulk: Bulk) -> None:
        where = await bulk.start("/$export")
        async with bulk.home.database.transaction() as tx:
            await tx.execute("UPDATE bulk_job SET attempt = 10, state = 'running'")
        await bulk.worker.drain()
        answer = await bulk.ask(where)
        assert answer.status_code == 500
        assert "10 times" in answer.text

    in_folder(database_url, tmp_path, visit)


def test_the_address_of_a_job_outlives_the_process(database_url: str, tmp_path: Path) -> None:
    where = in_folder(database_url, tmp_path, lambda bulk: bulk.start("/$export"))

    async def visit(bulk: Bulk) -> str:
        await bulk.home.create(patient())
        await bulk.worker.drain()
        (item,) = (await bulk.ask(where)).json()["output"]
        url: str = item["url"]
        return url

    url = in_folder(database_url, tmp_path, visit)
    answer = in_folder(database_url, tmp_path, lambda bulk: bulk.ask(url.removeprefix(BASE)))
    assert len([json.loads(line) for line in answer.content.splitlines()]) == 1
