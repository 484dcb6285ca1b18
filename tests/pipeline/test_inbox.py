"""Accepting messages."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Envelope, Received, State
from hub.pipeline import plain_messages
from hub.pipeline.entries import lane_of
from hub.pipeline.inbox import CHANNEL, PostgresInbox
from tests.pipeline.fake_feed import FACILITIES, FEED, message, received
from tests.pipeline.hub_in_a_box import Box, box, run


async def rows(hub: Box, columns: str) -> list[tuple[object, ...]]:
    async with hub.database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(f"SELECT {columns} FROM inbox ORDER BY id")]


def test_the_exact_bytes_are_kept(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            raw = "MSH|^~\\&|医院\r".encode("gb18030") + b"\x00\xff"
            envelope = Envelope(identity="1", kind="ADT^A01", lanes=("A",), charset="gb18030")
            await hub.inbox.accept(replace(received(message("1")), raw=raw, envelope=envelope))
            assert await rows(hub, "raw, feed, facility, kind, charset, state") == [
                (raw, FEED, "F01", "ADT^A01", "gb18030", "queued")
            ]

    run(story())


def test_the_same_identity_and_bytes_again_is_a_duplicate_and_other_bytes_are_a_conflict(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            first, same, other = await hub.accept(message("1"), message("1"), message("1", "B"))
            assert [first.state, same.state, other.state] == [State.QUEUED, State.DUPLICATE, State.CONFLICT]
            assert await hub.reason(same.message) == {"repeats": first.message}
            assert await hub.reason(other.message) == {"repeats": first.message}

    run(story())


def test_of_duplicates_that_arrive_together_the_first_counts(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            raws = [message("1"), message("2"), message("1"), message("1", "B")]
            answers = await asyncio.gather(*(hub.inbox.accept(received(raw)) for raw in raws))
            assert [a.state.value for a in answers] == ["queued", "queued", "duplicate", "conflict"]

    run(story())


def test_of_the_states_of_one_thing_only_the_last_repeats(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:

            def state(said: str) -> Received:
                envelope = Envelope(identity="study 1.2", kind="DICOM study", revises=True)
                return replace(received(message("1")), raw=said.encode(), envelope=envelope)

            assert not await hub.inbox.knows(FEED, "study 1.2")
            told = [await hub.inbox.accept(state(said)) for said in "AABAAB"]
            assert [each.state.value for each in told] == [
                "queued",
                "duplicate",
                "queued",
                "queued",
                "duplicate",
                "queued",
            ]
            assert await hub.inbox.knows(FEED, "study 1.2")
            together = await asyncio.gather(*(hub.inbox.accept(state(said)) for said in "BBCCB"))
            assert [each.state.value for each in together] == [
                "duplicate",
                "duplicate",
                "queued",
                "duplicate",
                "queued",
            ]

    run(story())


def test_new_messages_are_stored_by_one_statement_and_repeats_cost_those_beside_them_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.accept(message("first"))  # the driver asks once what types there are
            asked: list[str] = []
            async with hub.database.connection() as connection:
                connection.add_query_logger(lambda query: asked.append(query.query))
            new = await asyncio.gather(*(hub.inbox.accept(received(message(str(i)))) for i in range(9)))
            assert [one.state for one in new] == [State.QUEUED] * 9
            assert len(asked) == 1
            raws = [message("1"), message("9"), message("2", "B")]
            mixed = await asyncio.gather(*(hub.inbox.accept(received(raw)) for raw in raws))
            assert [one.state for one in mixed] == [State.DUPLICATE, State.QUEUED, State.CONFLICT]
            assert await hub.reason(mixed[0].message) == {"repeats": new[1].message}
            assert [row[0] for row in await rows(hub, "lanes")][1:10] == [[lane_of(FEED, "A")]] * 9
            assert mixed[0].message == new[-1].message + 1

    monkeypatch.setattr(Database, "notify", lambda *_: None)  # sent beside, over another connection
    run(story())


def test_messages_larger_than_a_statement_takes_are_stored_all_the_same(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            raws = [message("1"), message("2")]
            both = await asyncio.gather(*(hub.inbox.accept(received(raw)) for raw in raws))
            assert [one.state for one in both] == [State.QUEUED, State.QUEUED]
            assert [row[0] for row in await rows(hub, "raw")] == raws

    monkeypatch.setattr(plain_messages, "_MOST", 1)
    run(story())


def test_the_same_identity_in_another_feed_is_another_message(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            states = [(await hub.inbox.accept(received(message("1"), feed))).state for feed in FACILITIES]
            assert states == [State.QUEUED, State.QUEUED]

    run(story())


def test_a_message_that_cannot_be_read_is_kept_as_a_dead_letter_and_leaves_its_identity_free(
    database_url: str,
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            problem = HubError(Category.UNREADABLE, "has no MSH", where="segment 1", todo="send MSH first")
            broken = replace(received(b"junk"), envelope=Envelope(identity="1", problem=problem))
            accepted = await hub.inbox.accept(broken)
            assert accepted.state is State.DEAD
            assert await hub.reason(accepted.message) == {
                "category": "unreadable",
                "code": "unreadable",
                "where": "segment 1",
                "what": "has no MSH",
                "todo": "send MSH first",
            }
            assert [a.state for a in await hub.accept(message("1"))] == [State.QUEUED]

    run(story())


def test_messages_are_numbered_in_the_order_they_were_submitted(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            raws = [message(str(i)) for i in range(600)]
            answers = await asyncio.gather(*(hub.inbox.accept(received(raw)) for raw in raws))
            numbers = [a.message for a in answers]
            assert numbers == sorted(numbers)
            assert [row[0] for row in await rows(hub, "raw")] == raws

    run(story())


def test_text_the_database_cannot_hold_costs_neither_the_message_nor_its_neighbours(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            odd = Envelope(identity="a\x00\ud800", kind="ADT\x00" + "x" * 9999, lanes=("\ud800",))
            both = [replace(received(message("1")), envelope=odd), received(message("2"))]
            answers = await asyncio.gather(*(hub.inbox.accept(one) for one in both))
            assert [a.state for a in answers] == [State.QUEUED, State.QUEUED]

    run(story())


def test_a_database_that_is_away_is_told_in_time(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            inbox = PostgresInbox(hub.database, FACILITIES, seconds=0.3)
            async with hub.database.transaction() as tx:
                await tx.execute("LOCK TABLE inbox")
                with pytest.raises(HubError) as refusal:
                    await inbox.accept(received(message("1")))
            assert refusal.value.category is Category.UNAVAILABLE
            await inbox.close()

    run(story())


@pytest.mark.parametrize(("moment", "told"), [(3600.0, [1, 1, 1, 2]), (0.0, [1, 2, 3, 3])])
def test_workers_are_told_at_once_and_once_in_a_moment(
    database_url: str, monkeypatch: pytest.MonkeyPatch, moment: float, told: list[int]
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            heard: list[str] = []
            monkeypatch.setattr(hub.database, "notify", heard.append)
            monkeypatch.setattr("hub.pipeline.inbox._MOMENT", moment)
            inbox, counts = PostgresInbox(hub.database, FACILITIES), []
            for number in range(3):
                await inbox.accept(received(message(str(number))))
                counts.append(len(heard))
            await inbox.close()
            assert [*counts, len(heard)] == told
            assert set(heard) == {CHANNEL}

    run(story())


def test_an_unknown_feed_is_refused(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            with pytest.raises(HubError) as refusal:
                await hub.inbox.accept(received(message("1"), "F99.x"))
            assert refusal.value.category is Category.NOT_FOUND

    run(story())


def test_lanes_of_two_feeds_differ() -> None:
    assert lane_of("F01.his", "A") != lane_of("F03.lis", "A")
