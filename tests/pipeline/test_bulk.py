"""Many messages by one rule: previewed, in order, resumable, and nothing a newer message settled is undone."""

from __future__ import annotations

import pytest

from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import State
from hub.pipeline.bulk import Rule
from hub.pipeline.chosen import Filter
from hub.pipeline.deeds import Kind
from hub.pipeline.engineer import Engineer
from tests.pipeline.desk import ENGINEER, Remembering, bulk, repairs
from tests.pipeline.fake_feed import FEED, message, patient_id
from tests.pipeline.hub_in_a_box import Box, box, run

RULE = Rule(only=Filter(feed=FEED), steps=({"drop": "trick"},))


def broken(control: str, patient: str = "A", **parts: object) -> bytes:
    return message(control, patient, trick="refuse", **parts)


async def applied(hub: Box, rule: Rule, *, most: int = 2, witness: Remembering | None = None) -> tuple[int, int, int]:
    """Run a bulk repair to its end, the worker at work between the chunks: queued, unchanged, refused."""
    desk = bulk(hub, witness)
    begun = await desk.begin(rule, ENGINEER, "the sender was wrong")
    while begun.ended is None:
        begun = await desk.advance(begun.id, ENGINEER, most=most)
        await hub.drain()
    return begun.queued, begun.unchanged, begun.refused


def test_a_preview_tells_how_many_would_be_mended_and_does_nothing(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(broken("1"), broken("2", issues=["x"]), message("3", trick="fail"), message("4"))
            found = await bulk(hub).preview(RULE, ENGINEER)
            assert (found.total, found.looked, found.unchanged, found.last) == (3, 3, 0, None)
            assert dict(found.states) == {"done": 2, "warnings": 1}
            assert await hub.states([1, 2, 3]) == ["dead", "dead", "dead"]
            page = await bulk(hub).preview(RULE, ENGINEER, most=2)
            assert (page.looked, page.last) == (2, 2)
            rest = await bulk(hub).preview(RULE, ENGINEER, most=2, after=2)
            assert (rest.looked, rest.last) == (1, None)
            with pytest.raises(HubError) as refusal:
                await bulk(hub).preview(Rule(only=Filter(), steps=({"burn": "all"},)), ENGINEER)
            assert refusal.value.category is Category.INVALID

    run(story())


def test_messages_are_mended_in_their_order_and_newer_ones_keep_their_word(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(
                broken("1", set={"gender": "male"}),
                broken("2", set={"gender": "other", "active": True}),
                broken("3", "B", set={"gender": "male"}),
                message("4", "B", set={"gender": "female"}),
                broken("5", set={"gender": "female"}),
            )
            assert await applied(hub, RULE, most=1) == (4, 0, 0)
            assert await hub.states([1, 2, 3, 4, 5]) == ["done", "done", "superseded", "done", "done"]
            first, second = [await hub.read("Patient", patient_id(each)) for each in ("A", "B")]
            assert first is not None
            assert second is not None
            assert (first["gender"], first["active"], second["gender"]) == ("female", True, "female")

    run(story())


def test_the_record_is_that_of_messages_that_were_right_at_once(database_url: str, undisturbed_url: str) -> None:
    """Whatever the size of the chunks: letters of one patient, chunks apart, in their order."""

    async def story(url: str, *, mended: bool) -> list[object]:
        async with box(url) as hub:
            make = broken if mended else message
            raws = [make(str(n), f"P{n % 3}", set={"gender": ("male", "female")[n % 2]}) for n in range(9)]
            await hub.send(*raws)
            if mended:
                await applied(hub, RULE, most=4)
            return [(await hub.read("Patient", patient_id(f"P{n}")) or {}).get("gender") for n in range(3)]

    assert run(story(database_url, mended=True)) == run(story(undisturbed_url, mended=False))


def test_it_goes_on_where_it_stopped_and_touches_nothing_that_came_later(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(*(broken(str(n)) for n in range(1, 6)))
            begun = await bulk(hub).begin(RULE, ENGINEER, "why")
            assert (begun.left, begun.queued) == (5, 0)
            await bulk(hub).advance(begun.id, ENGINEER, most=2)
            await hub.send(broken("6"))
            with pytest.raises(HubError):  # whatever happens half way takes the whole chunk back
                await bulk(hub, Remembering(fails=True)).advance(begun.id, ENGINEER, most=2)
            assert await hub.states([3]) == ["dead"]
            again = bulk(hub)
            assert (await again.progress(begun.id, ENGINEER)).left == 3
            done = [await again.advance(begun.id, ENGINEER, most=2) for _ in range(3)]
            assert (done[-1].queued, done[-1].left) == (5, 0)
            assert done[-1].ended is not None
            await hub.drain()
            assert await hub.states([1, 2, 3, 4, 5, 6]) == ["done"] * 5 + ["dead"]

    run(story())


def test_what_a_rule_does_not_change_or_cannot_read_is_left_and_counted(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(broken("1"), message("2", trick="fail"))
            await hub.accept(b"junk")
            rule = Rule(only=Filter(feed=FEED), steps=({"set": "trick", "to": "refuse"},))
            assert await applied(hub, rule) == (0, 2, 1)
            assert await hub.states([1, 2, 3]) == ["dead", "dead", "dead"]

    run(story())


def test_every_repair_is_noted_beside_its_message_and_every_chunk_in_the_trail(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(broken("1"), broken("2"), broken("3"))
            told = Remembering()
            assert await applied(hub, RULE, witness=told) == (3, 0, 0)
            kinds = [(deed.kind, deed.reason, deed.engineer) for deed in told.deeds]
            assert kinds == [(Kind.BULK, "the sender was wrong", ENGINEER)] * 3
            begin, first, second = (deed.detail for deed in told.deeds)
            assert loads(begin["filter"]) == {"feed": FEED, "states": ["dead"]}
            assert loads(begin["steps"]) == [{"drop": "trick"}]
            assert (begin["count"], first["first"], first["last"], second["queued"]) == ("3", "1", "2", "1")
            async with hub.database.connection() as connection:
                (note,) = loads(await connection.fetchval("SELECT repair FROM inbox WHERE id = 3"))
            assert (note["by"], note["reason"], note["bulk"]) == ("engineer", "the sender was wrong", begin["begin"])

    run(story())


def test_without_steps_it_is_a_replay_with_the_profile_in_force(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", "A", trick="fail"), message("2", "B"))
            rule = Rule(only=Filter(feed=FEED))
            assert dict((await bulk(hub).preview(rule, ENGINEER)).codes) == {"ZeroDivisionError": 1}
            translate = hub.translators[FEED]
            hub.translators = {FEED: lambda raw: translate(raw.replace(b"fail", b""))}
            assert dict((await bulk(hub).preview(rule, ENGINEER)).states) == {"done": 1}
            assert await applied(hub, rule) == (1, 0, 0)
            assert await hub.states([1]) == ["done"]
            both = Rule(only=Filter(feed=FEED, states=(State.DONE,)))
            assert await applied(hub, both) == (2, 0, 0)

    run(story())


def test_a_bulk_repair_is_its_engineers_and_needs_a_reason(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(broken("1"))
            with pytest.raises(HubError) as refusal:
                await bulk(hub).begin(RULE, ENGINEER, " ")
            assert refusal.value.code == "reason"
            theirs = Engineer(name="theirs", facilities=frozenset({"F03"}))
            assert (await bulk(hub).preview(RULE, theirs)).total == 0
            begun = await bulk(hub).begin(RULE, ENGINEER, "why")
            for number, who in ((begun.id, theirs), ("none", ENGINEER)):
                with pytest.raises(HubError) as refusal:
                    await bulk(hub).advance(number, who)
                assert refusal.value.category is Category.NOT_FOUND

    run(story())


def test_a_single_replay_is_in_the_trail_too(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(broken("1"))
            told = Remembering()
            await repairs(hub, told).replay(Filter(feed=FEED), ENGINEER, "a new profile")
            await repairs(hub, told).replay(Filter(feed=FEED), ENGINEER)
            assert [(d.kind, d.reason, d.detail["count"]) for d in told.deeds] == [
                (Kind.REPLAY, "a new profile", "1"),
                (Kind.REPLAY, "", "0"),
            ]

    run(story())
