"""The conversion report over time: exact whatever is replayed, and what an edition changed."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from hub.kernel.errors import Category, HubError
from hub.kernel.ports import Translator
from hub.kernel.types import Edition, ReportRow, Translation
from hub.pipeline.chosen import Filter
from hub.pipeline.engineer import Engineer
from hub.pipeline.reports import Line, Reports, Window
from tests.pipeline.desk import ENGINEER, repairs
from tests.pipeline.fake_feed import FACILITIES, FEED, NOON, message, received, story, translate
from tests.pipeline.hub_in_a_box import Box, box, run
from tests.pipeline.recount import counters, recounted

REFUSED: Final = ReportRow(source="ZPD-3[1]", outcome="refused", reason="no mapping")
MAPPED: Final = ReportRow(source="ZPD-3[1]", outcome="mapped", targets=("Patient.extension[]",))


def reporting(*rows: ReportRow) -> Translator:
    """The translator, which reports these rows besides its own."""

    def translator(raw: bytes) -> Translation:
        translation = translate(raw)
        return replace(translation, report=(*translation.report, *rows))

    return translator


def changed(hub: Box, digest: str, *rows: ReportRow) -> None:
    """Let the feed have another profile."""
    hub.translators = {**hub.translators, FEED: reporting(*rows)}
    hub.editions = {**hub.editions, FEED: Edition(profile="test", digest=digest)}


async def replay(hub: Box, *numbers: int) -> None:
    await repairs(hub).replay(Filter(numbers=numbers), ENGINEER)
    await hub.drain()


def reports(hub: Box) -> Reports:
    return Reports(hub.database, FACILITIES)


def with_box(url: str, visit: Callable[[Box], Awaitable[None]]) -> None:
    async def story() -> None:
        async with box(url) as hub:
            await visit(hub)

    run(story())


def test_a_report_says_how_often_and_since_when(database_url: str) -> None:
    async def visit(hub: Box) -> None:
        changed(hub, "1", REFUSED, REFUSED)
        await hub.send(message("1"), message("2", "B"))
        await hub.inbox.accept(received(message("3", "C"), at=NOON + timedelta(days=2)))
        await hub.drain()
        found = await reports(hub).report(Window(feed=FEED, outcome="refused"), ENGINEER)
        (line,) = found.lines
        assert line == Line(
            position="ZPD-3",
            outcome="refused",
            targets=(),
            reason="no mapping",
            messages=3,
            leaves=6,
            first=date(2026, 3, 1),
            last=date(2026, 3, 3),
        )
        assert found.messages == 3
        later = await reports(hub).report(Window(feed=FEED, since=date(2026, 3, 2), position="PID"), ENGINEER)
        assert [(one.position, one.targets, one.messages) for one in later.lines] == [
            ("PID-3", ("Patient.identifier",), 1)
        ]
        daily = await reports(hub).report(Window(feed=FEED, outcome="refused", daily=True), ENGINEER)
        assert [(one.first.day, one.messages) for one in daily.lines] == [(1, 2), (3, 1)]

    with_box(database_url, visit)


def test_a_replayed_message_counts_once_as_it_stands_now(database_url: str) -> None:
    async def visit(hub: Box) -> None:
        changed(hub, "1", REFUSED)
        await hub.send(message("1"), message("2", "B"))
        changed(hub, "2", MAPPED)
        await replay(hub, 1, 1)
        await replay(hub, 1)
        found = await reports(hub).report(Window(feed=FEED, position="ZPD"), ENGINEER)
        assert [(one.outcome, one.messages) for one in found.lines] == [("mapped", 1), ("refused", 1)]
        assert await counters(hub) == await recounted(hub)

    with_box(database_url, visit)


def test_what_an_edition_changed_is_told_by_what_came_and_what_went(database_url: str) -> None:
    async def visit(hub: Box) -> None:
        changed(hub, "1", REFUSED)
        await hub.send(message("1"), message("2", "B"))
        assert (await reports(hub).changes(FEED, ENGINEER)).lines == ()
        changed(hub, "2", MAPPED)
        await hub.send(message("3", "C"))
        told = await reports(hub).changes(FEED, ENGINEER)
        assert [(one.position, one.outcome, one.before, one.after) for one in told.lines] == [
            ("ZPD-3", "refused", 2, 0),
            ("ZPD-3", "mapped", 0, 1),
        ]
        assert told.before is not None
        assert told.after is not None
        assert (told.before.messages, told.after.messages) == (2, 1)
        assert told.before.number < told.after.number
        first = await reports(hub).changes(FEED, ENGINEER, edition=told.before.number)
        assert (first.before, first.after) == (None, told.before)
        with pytest.raises(HubError, match="no such edition"):
            await reports(hub).changes(FEED, ENGINEER, edition=99)

    with_box(database_url, visit)


def test_counters_are_what_the_reports_say_after_any_story(database_url: str) -> None:
    """Two workers, dead letters, duplicates, changing profiles, replays of anything, and now and then a sum."""

    async def visit(hub: Box) -> None:
        chance = random.Random(7)
        raws = story(120, seed=7)
        for turn in range(6):
            changed(hub, str(turn % 3), *chance.sample([REFUSED, MAPPED, REFUSED], turn % 3))
            await hub.accept(*raws[turn * 20 : turn * 20 + 20])
            numbers = chance.sample(range(1, turn * 20 + 21), 8)
            await repairs(hub).replay(Filter(numbers=tuple(numbers)), ENGINEER)
            await hub.drain(hub.worker(batch_size=7))
            if turn == 3:
                assert await counters(hub) == await recounted(hub)
        found = await counters(hub)
        assert found == await recounted(hub)
        assert len({key[2] for key in found}) > 2

    with_box(database_url, visit)


def test_a_worker_adds_up_what_waits_by_itself(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.pipeline.counting._BATCHES", 2)

    async def visit(hub: Box) -> None:
        await hub.accept(message("1"), message("2", "B"))
        await hub.drain(hub.worker(batch_size=1))
        async with hub.database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM conversion_delta") == 0
            assert await connection.fetchval("SELECT messages FROM conversion_count WHERE position = ''") == 2

    with_box(database_url, visit)


def test_feeds_of_other_facilities_are_not_there(database_url: str) -> None:
    async def visit(hub: Box) -> None:
        theirs = Engineer(name="engineer", facilities=frozenset({"F03"}))
        for feed in (FEED, "nobody"):
            with pytest.raises(HubError) as refusal:
                await reports(hub).report(Window(feed=feed), theirs)
            assert refusal.value.category is Category.NOT_FOUND
        assert (await reports(hub).report(Window(feed="F03.lis"), theirs)).lines == ()

    with_box(database_url, visit)
