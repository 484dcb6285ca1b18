"""Notifications beside their callers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.db.database import Database, tell
from hub.db.notifier import Notifier
from hub.kernel.errors import Category, HubError


class Line:
    """A connection that keeps what it was asked, one statement at a time, each as long as `open` says."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.away = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Line]:
        if self.away:
            raise HubError(Category.UNAVAILABLE, "is away", where="database")
        yield self

    async def execute(self, statement: str) -> None:
        self.asked.append(statement)
        await self.open.wait()


def test_what_is_told_while_a_notification_is_sent_goes_together_into_the_next() -> None:
    async def story() -> None:
        line = Line()
        notifier = Notifier(line.connection)
        notifier.tell("one")
        await asyncio.sleep(0)
        for _ in range(100):
            notifier.tell("one")
            notifier.tell("other")
        line.open.set()
        await notifier.close()
        assert line.asked == ["NOTIFY one", "NOTIFY one; NOTIFY other"]

    asyncio.run(story())


def test_a_database_that_is_away_costs_the_teller_nothing_and_later_ones_are_told() -> None:
    async def story() -> None:
        line = Line()
        line.open.set()
        line.away = True
        notifier = Notifier(line.connection)
        notifier.tell("one")
        await notifier.close()
        line.away = False
        notifier.tell("other")
        await notifier.close()
        assert line.asked == ["NOTIFY other"]

    asyncio.run(story())


def test_a_listener_hears_what_was_told_before_the_database_was_closed(database_url: str) -> None:
    async def story() -> None:
        heard = asyncio.Event()
        listening = await Database.connect(database_url, size=1)
        ear = await listening.dedicated()
        await ear.add_listener("a_channel", lambda *_: heard.set())
        telling = await Database.connect(database_url, size=1)
        telling.notify("a_channel")
        await telling.close()
        await asyncio.wait_for(heard.wait(), 10)
        await ear.close()
        await listening.close()

    asyncio.run(story())


def test_what_a_transaction_tells_is_heard_once_it_is_committed_and_never_if_it_is_rolled_back(
    database_url: str,
) -> None:
    async def story() -> list[str]:
        heard: asyncio.Queue[str] = asyncio.Queue()
        listening = await Database.connect(database_url, size=1)
        ear = await listening.dedicated()
        for channel in ("undone", "done", "plain"):
            await ear.add_listener(channel, lambda _, __, channel, ___: heard.put_nowait(channel))
        telling = await Database.connect(database_url, size=1)
        with pytest.raises(ValueError, match="undone"):
            async with telling.transaction() as tx:
                tell(tx, "undone")
                raise ValueError("undone")
        async with telling.transaction() as tx:
            tell(tx, "done")
        first = await asyncio.wait_for(heard.get(), 10)
        async with telling.connection() as tx:
            tell(tx, "plain")
        await telling.close()
        told = [first, await asyncio.wait_for(heard.get(), 10)]
        await ear.close()
        await listening.close()
        return told

    assert asyncio.run(story()) == ["done", "plain"]


def test_no_statement_of_the_hub_notifies_in_a_transaction() -> None:
    root = Path(__file__).resolve().parents[2] / "hub"
    notifies = re.compile(r"\bNOTIFY \S|\bpg_notify\b")
    telling = (path for path in root.rglob("*.py") if notifies.search(path.read_text("utf-8")))
    assert {path.relative_to(root).as_posix() for path in telling} == {"db/notifier.py"}
