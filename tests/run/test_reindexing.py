"""The loop that indexes new search parameters, and how the command line tells of it."""

from __future__ import annotations

import asyncio
import io
import json

import pytest

from hub.api.metrics import index_gauges
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.records.indexing import Indexing, Progress, Step
from hub.run import reindexing
from hub.run.reindexing import run_reindexing
from hub.store.phrases import Phrases
from hub.store.reindexing import step
from hub.store.store import Store
from tests.commands import yilian
from tests.store.support import run, save
from tests.store.test_reindexing import NICKNAME, define, found, named


async def _indexed(database: Database, log: Log) -> None:
    stop = asyncio.Event()
    loop = asyncio.create_task(run_reindexing(Indexing(database), log, stop))
    while True:
        async with database.connection() as tx:
            if await tx.fetchval("SELECT bool_and(ready) FROM search_definition"):
                break
        await asyncio.sleep(0.01)
    stop.set()
    await loop


def test_it_indexes_what_is_defined_and_stops_when_told(database_url: str) -> None:
    async def work(database: Database, store: Store) -> list[str]:
        await save(database, store, named("a", "Lan"))
        await define(database, NICKNAME)
        await asyncio.wait_for(_indexed(database, Log("test", stream=io.StringIO())), 30)
        return await found(database, "nickname=lan")

    assert run(database_url, work) == ["a"]


def test_a_step_that_fails_is_taken_again_and_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    failures = [HubError(Category.UNAVAILABLE, "is away", code="database-away"), ZeroDivisionError()]

    sound = Indexing.step

    async def failing(indexing: Indexing) -> Step:
        if failures:
            raise failures.pop()
        return await sound(indexing)

    monkeypatch.setattr(Indexing, "step", failing)
    monkeypatch.setattr(reindexing, "_BACK_OFF", 0.01)

    async def work(database: Database, store: Store) -> list[str]:
        await save(database, store, named("a", "Lan"))
        await define(database, NICKNAME)
        await asyncio.wait_for(_indexed(database, Log("test", stream=stream)), 30)
        return await found(database, "nickname=lan")

    assert run(database_url, work) == ["a"]
    assert "reindexing-waits" in stream.getvalue()
    assert "reindexing-broke" in stream.getvalue()


def test_now_and_then_it_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    where = {"parameter": "", "type": "Patient", "code": "", "kind": "identity"}
    behind = [Progress(**where, ready=False, done=2000, total=3000)]
    stream, stop = io.StringIO(), asyncio.Event()

    class Moving(Indexing):
        def __init__(self) -> None:
            pass

        async def step(self) -> Step:
            return Step.MOVED

        async def progress(self) -> list[Progress]:
            stop.set()
            return behind

    monkeypatch.setattr(reindexing, "_SAID", 0.0)
    asyncio.run(run_reindexing(Moving(), Log("bulk", stream=stream), stop))
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert {"event": "indexing", "kind": "identity", "count": 2000, "total": 3000}.items() <= line.items()
    assert 'yilian_indexing_done{type="Patient",kind="identity",code=""} 2000' in index_gauges(behind).splitlines()


def test_the_command_line_lists_them_with_progress(database_url: str) -> None:
    async def begun(database: Database, store: Store) -> None:
        await save(database, store, named("a", "Lan"), named("b", "Mei"))
        await define(database, NICKNAME)
        for _ in range(2):
            async with database.transaction() as tx:
                await step(tx, Phrases(), rows=1)

    run(database_url, begun)
    (row,) = json.loads(yilian("search-parameters", "list", "--json", "--url", database_url).stdout)
    assert (row["type"], row["code"], row["ready"], row["done"], row["total"]) == ("Patient", "nickname", False, 1, 2)
    assert "1 of 2" in yilian("search-parameters", "list", "--url", database_url).stdout

    async def ended(database: Database, _: Store) -> None:
        await _indexed(database, Log("test", stream=io.StringIO()))

    run(database_url, ended)
    assert "searchable" in yilian("search-parameters", "list", "--wait", "--url", database_url).stdout
