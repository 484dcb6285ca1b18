"""Messages as engineers see them: lists, counts, repair and replay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.types import State
from hub.pipeline.chosen import Filter
from hub.pipeline.deeds import Deed, Kind
from hub.pipeline.engineer import Engineer
from tests.pipeline.desk import ENGINEER, Remembering, messages, repairs
from tests.pipeline.fake_feed import FEED, NOON, message, patient_id, received
from tests.pipeline.hub_in_a_box import box, run

BROKEN = message("1", "A", trick="refuse")
MENDED = message("1", "A", set={"gender": "female"})


def test_messages_are_listed_by_what_became_of_them(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(BROKEN, message("2", "B"), message("3", "C", issues=["x"]), message("2", "B"))
            await hub.inbox.accept(received(message("9"), "F03.lis", NOON + timedelta(days=1)))

            async def numbers(**only: object) -> list[int]:
                chosen = Filter(**only)  # type: ignore[arg-type]
                return [summary.id for summary in await messages(hub).find(ENGINEER, chosen)]

            assert await numbers() == [5, 4, 3, 2, 1]
            assert await numbers(states=(State.DEAD, State.WARNINGS)) == [3, 1]
            assert await numbers(feed="F03.lis") == [5]
            assert await numbers(code="unreadable") == [1]
            assert await numbers(since=NOON + timedelta(hours=1)) == [5]
            assert await numbers(until=NOON + timedelta(hours=1)) == [4, 3, 2, 1]
            assert await numbers(numbers=(2, 4)) == [4, 2]
            assert await numbers(kind="ADT", control="9") == await numbers(kind="ADT^A08", control="9") == [5]
            assert await numbers(kind="AD") == await numbers(control="|") == []
            theirs = Engineer(name="engineer", facilities=frozenset({"F03"}))
            assert [s.id for s in await messages(hub).find(theirs)] == [5]
            assert [c.feed for c in await messages(hub).counts(theirs)] == ["F03.lis"]
            with pytest.raises(HubError, match="no message"):
                await messages(hub).show(1, theirs)
            with pytest.raises(HubError, match="no message"):
                await repairs(hub).repair(1, MENDED, theirs, "not mine")
            assert await repairs(hub).replay(Filter(numbers=(1,)), theirs) == []
            assert [s.id for s in await messages(hub).find(ENGINEER, limit=2, before=4)] == [3, 2]
            assert [(c.feed, c.state.value, c.count) for c in await messages(hub).counts(ENGINEER)] == [
                ("F01.his", "dead", 1),
                ("F01.his", "done", 1),
                ("F01.his", "duplicate", 1),
                ("F01.his", "warnings", 1),
                ("F03.lis", "queued", 1),
            ]

    run(story())


def test_a_message_is_shown_masked_with_its_reason_and_report(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", "沈桂兰"), message("2", trick="refuse"))
            shown = await messages(hub).show(1, ENGINEER)
            assert "沈" not in shown.text
            assert shown.report[0]["source"] == "PID-3"
            dead = await messages(hub).show(2, ENGINEER)
            assert (dead.summary.reason.where, dead.summary.reason.todo) == ("PID", "send one")

    run(story())


def test_unmasking_needs_a_reason_and_is_told_to_the_audit_first(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.accept(message("1", "沈桂兰"))
            told = Remembering()
            with pytest.raises(HubError) as refusal:
                await messages(hub, told).unmask(1, ENGINEER, " ")
            assert refusal.value.category is Category.INVALID
            assert told.deeds == []
            shown = await messages(hub, told).unmask(1, ENGINEER, "ticket 7")
            assert "沈桂兰" in shown.text
            deed = Deed(kind=Kind.UNMASK, engineer=ENGINEER, reason="ticket 7", message=1, feed=FEED, facility="F01")
            assert told.deeds == [deed]
            assert await messages(hub, told).raw(1, ENGINEER, "ticket 7") == message("1", "沈桂兰")

    run(story())


def test_nothing_is_unmasked_when_the_audit_fails(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.accept(message("1"))
            with pytest.raises(HubError, match="audit"):
                await messages(hub, Remembering(fails=True)).unmask(1, ENGINEER, "ticket 7")

    run(story())


def test_a_repaired_message_is_processed_and_its_original_bytes_stay(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(BROKEN)
            await repairs(hub).repair(1, MENDED, ENGINEER, "PID was missing")
            await hub.drain()
            assert await hub.states([1]) == ["done"]
            patient = await hub.read("Patient", patient_id("A"))
            assert patient is not None
            assert patient["gender"] == "female"
            async with hub.database.connection() as connection:
                kept = [tuple(row) for row in await connection.fetch("SELECT raw, repaired FROM inbox")]
            assert kept == [(BROKEN, MENDED)]
            shown = await messages(hub).show(1, ENGINEER)
            assert [(note["by"], note["reason"]) for note in shown.repairs] == [("engineer", "PID was missing")]
            assert shown.repaired_text is not None

    run(story())


def test_a_repaired_message_waits_in_the_lanes_of_its_new_bytes(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(BROKEN)
            await repairs(hub).repair(1, message("1", "B"), ENGINEER, "wrong patient")
            await hub.accept(message("2", "B"))
            async with hub.database.connection() as connection:
                lanes = [row["lanes"] for row in await connection.fetch("SELECT lanes FROM inbox ORDER BY id")]
            assert lanes[0] == lanes[1]

    run(story())


def test_only_dead_letters_are_repaired_for_a_reason_and_with_bytes_that_can_be_read(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(BROKEN, message("2"))

            async def refusal(number: int, raw: bytes, reason: str) -> Category:
                with pytest.raises(HubError) as refused:
                    await repairs(hub).repair(number, raw, ENGINEER, reason)
                return refused.value.category

            assert await refusal(1, MENDED, "") is Category.INVALID
            assert await refusal(1, b"junk", "why") is Category.UNREADABLE
            assert await refusal(2, MENDED, "why") is Category.CONFLICT
            assert await refusal(99, MENDED, "why") is Category.NOT_FOUND
            assert await hub.states([1, 2]) == ["dead", "done"]

    run(story())


def test_a_replay_keeps_numbers_and_leaves_duplicates_alone(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(BROKEN, message("2", "B"), message("2", "B"), message("2", "C"))
            assert await repairs(hub).replay(Filter(feed=FEED), ENGINEER) == [1, 2]
            await hub.drain()
            assert await hub.states([1, 2, 3, 4]) == ["dead", "done", "duplicate", "conflict"]
            assert await repairs(hub).replay(Filter(states=(State.DUPLICATE,)), ENGINEER) == []
            assert await repairs(hub).replay(Filter(states=(State.DEAD, State.QUEUED)), ENGINEER) == [1]

    run(story())
