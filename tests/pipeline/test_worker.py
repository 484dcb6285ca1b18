"""The worker: batches, poison, and what ends it half way."""

from __future__ import annotations

import asyncio
from time import sleep
from typing import Any

import pytest

from hub.db.database import Database, Tx
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.types import Edition, Translation
from hub.pipeline import queue
from hub.pipeline import worker as working
from hub.pipeline.claim import Share
from hub.pipeline.conversions import Conversions
from hub.pipeline.entries import lane_of
from hub.pipeline.queue import Message, take
from hub.pipeline.worker import Worker, run_worker
from tests.pipeline.fake_feed import FEED, NOON, message, observation_id, patient_id, received, translate
from tests.pipeline.hub_in_a_box import Box, box, run

#: A result that the database of these tests refuses, so that the bulk write of its batch fails.
POISON = {"POISON": "沈"}


async def refuse_poison(hub: Box, *patients: str) -> None:
    ids = ", ".join(f"'{observation_id(patient, 'POISON')}'" for patient in patients)
    async with hub.database.connection() as connection:
        await connection.execute(f"ALTER TABLE resource ADD CONSTRAINT no_poison CHECK (id NOT IN ({ids}))")


def test_an_accepted_message_becomes_part_of_the_record(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            assert await hub.send(message("1", "A", set={"gender": "female"}, results={"K": "4.1"})) == ["done"]
            patient = await hub.read("Patient", patient_id("A"))
            assert patient is not None
            assert patient["gender"] == "female"
            assert patient["meta"]["source"] == "urn:yilian:message:1"
            result = await hub.read("Observation", observation_id("A", "K"))
            assert result is not None
            assert result["valueString"] == "4.1"

    run(story())


def test_what_deserves_a_look_is_told_beside_the_message(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            assert await hub.send(message("1", issues=["unknown-code"])) == ["warnings"]
            reason = await hub.reason(1)
            assert [(i["where"], i["code"]) for i in reason["issues"]] == [("PID-8", "unknown-code")]

    run(story())


def test_messages_of_one_lane_in_one_batch_leave_a_version_each(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            genders = ["male", "female", "other"]
            await hub.send(*(message(gender, "A", set={"gender": gender}) for gender in genders))
            versions = [await hub.read("Patient", patient_id("A"), number) for number in (1, 2, 3)]
            assert [v and (v["gender"], v["meta"]["source"][-1]) for v in versions] == [
                ("male", "1"),
                ("female", "2"),
                ("other", "3"),
            ]

    run(story())


def test_workers_take_the_patients_of_their_share_first_and_then_what_there_is(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            numbers = {patient: (await hub.accept(message(patient, patient)))[0].message for patient in "ABCDEFGHIJKL"}
            shares = {number: (lane_of(FEED, patient) & 1048575) % 2 for patient, number in numbers.items()}
            assert set(shares.values()) == {0, 1}

            async def taken(tx: Tx, number: int) -> list[int]:
                return [one.id for one in await take(tx, 12, Share(number, 2))]

            async with hub.database.transaction() as one, hub.database.transaction() as other:
                assert await taken(one, 0) == [number for number, share in shares.items() if share == 0]
                assert await taken(other, 0) == [number for number, share in shares.items() if share == 1]
            async with hub.database.transaction() as one, hub.database.transaction() as other:
                assert await taken(one, 1) == [number for number, share in shares.items() if share == 1]
                assert await taken(other, 1) == [number for number, share in shares.items() if share == 0]

    run(story())


def test_long_messages_are_taken_as_many_as_may_be_in_memory_together(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            sent = [message(f"{number}", "AB"[number % 2]) for number in range(1, 5)]
            await hub.accept(*sent)
            monkeypatch.setattr(queue, "_MOST_BYTES", len(sent[0]) + 1)
            async with hub.database.transaction() as tx:
                assert [one.id for one in await take(tx, 4)] == [1, 2]
            monkeypatch.setattr(queue, "_MOST_BYTES", 1)
            async with hub.database.transaction() as tx:
                assert [one.id for one in await take(tx, 4)] == [1]
            await hub.drain(hub.worker(batch_size=4))
            assert await hub.states([1, 2, 3, 4]) == ["done"] * 4

    run(story())


def test_a_share_never_overtakes_a_message_of_its_lane_that_another_worker_holds(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            share = Share((lane_of(FEED, "A") & 1048575) % 2, 2)
            await hub.accept(message("1", "A"), message("2", "A", other="B"))
            async with hub.database.transaction() as one, hub.database.transaction() as other:
                assert [each.id for each in await take(one, 1, share)] == [1]
                assert await take(other, 9, share) == []

    run(story())


def test_a_worker_whose_own_share_waits_for_another_worker_takes_what_else_there_is(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            share = Share((lane_of(FEED, "A") & 1048575) % 2, 2)
            theirs = next(name for name in "BCDEFGHIJKL" if (lane_of(FEED, name) & 1048575) % 2 != share.number)
            await hub.accept(message("1", "A"), message("2", "A"), message("3", theirs))
            async with hub.database.transaction() as one, hub.database.transaction() as other:
                assert [each.id for each in await take(one, 1, share)] == [1]
                assert [each.id for each in await take(other, 9, share)] == [3]

    run(story())


def test_one_batch_in_eight_takes_what_has_waited_longest_whosever_share_it_is(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Share | None] = []

    async def nothing(_: Tx, __: int, share: Share | None = None) -> list[Message]:
        asked.append(share)
        return []

    async def story() -> None:
        async with box(database_url) as hub:
            monkeypatch.setattr("hub.pipeline.worker.take", nothing)
            worker = hub.worker(share=Share(1, 2))
            for _ in range(16):
                await worker.turn()

    run(story())
    assert asked == ([Share(1, 2)] * 7 + [None]) * 2


@pytest.mark.parametrize(
    ("bad", "category", "code"),
    [
        (message("bad", "B", trick="refuse"), "unreadable", "unreadable"),
        (message("bad", "B", trick="fail"), "fault", "ZeroDivisionError"),
        (message("bad", "B", results=POISON), "fault", "CheckViolationError"),
        (message("bad", "B", results={"K": "1"}, about=patient_id("C")), "conflict", "subject-changed"),
    ],
)
def test_of_a_batch_only_the_poison_becomes_a_dead_letter(
    database_url: str, bad: bytes, category: str, code: str
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await refuse_poison(hub, "B")
            await hub.send(message("0", "B", results={"K": "0"}))
            others = message("1", "A"), message("2", "B", set={"gender": "male"}), message("3", "C")
            assert await hub.send(others[0], bad, *others[1:]) == ["done", "dead", "done", "done"]
            reason = await hub.reason(3)
            assert (reason["category"], reason["code"]) == (category, code)
            later = await hub.read("Patient", patient_id("B"))
            assert later is not None
            assert later["gender"] == "male"

    run(story())


def test_neither_logs_nor_reasons_repeat_what_a_message_says(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await refuse_poison(hub, "沈桂兰")
            await hub.send(message("1", "沈桂兰", trick="fail"), message("2", "沈桂兰", results=POISON))
            told = hub.log.getvalue() + str([await hub.reason(1), await hub.reason(2)])
            assert "ZeroDivisionError" in told
            assert "CheckViolationError" in told
            assert "沈" not in told

    run(story())


def test_a_message_of_a_feed_that_is_gone_waits_as_a_dead_letter(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url, {"F99.other": translate}) as hub:
            assert await hub.send(message("1")) == ["dead"]
            assert (await hub.reason(1))["code"] == "unknown-feed"

    run(story())


def test_a_message_that_brings_workers_down_becomes_a_dead_letter_after_its_attempts(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.accept(message("1", "A"), message("2", "B"))
            tries = 0

            def deadly(raw: bytes) -> Any:
                nonlocal tries
                if b'"2"' in raw:
                    tries += 1
                    raise SystemExit  # as far as the worker goes, this is its end
                return translate(raw)

            hub.translators = {FEED: deadly}
            for _ in range(4):
                worker = hub.worker(max_attempts=3)
                worker.be_careful()
                with pytest.raises(SystemExit):
                    await hub.drain(worker)
                if tries == 3:
                    break
            worker = hub.worker(max_attempts=3)
            worker.be_careful()
            await hub.drain(worker)
            assert tries == 3
            assert await hub.states([1, 2]) == ["done", "dead"]
            assert (await hub.reason(2))["code"] == "worker-killed"

    run(story())


def test_a_lost_database_never_makes_a_dead_letter(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> Any:
        raise HubError(Category.UNAVAILABLE, "is away", where="database", code="database-away")

    async def story() -> None:
        async with box(database_url) as hub:
            await hub.accept(message("1"))
            worker = hub.worker(max_attempts=1)
            worker.be_careful()
            with monkeypatch.context() as patch:
                patch.setattr(hub.ingest, "ingest", away)
                for _ in range(5):
                    assert await worker.turn() == 0
                assert worker.pause > 1
            assert await worker.turn() == 1
            assert await hub.states([1]) == ["done"]

    run(story())


def test_a_message_whose_statements_never_end_is_found_by_taking_messages_one_by_one(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            ingest = hub.ingest.ingest

            async def endless(tx: Any, batch: Any) -> Any:
                if any(incoming.message == 1 for incoming in batch):
                    raise HubError(Category.UNAVAILABLE, "took too long", code="database-timeout")
                return await ingest(tx, batch)

            monkeypatch.setattr(hub.ingest, "ingest", endless)
            await hub.accept(message("1", "A"), message("2", "B"))
            worker = hub.worker(max_attempts=2)
            for _ in range(8):
                await worker.turn()
            assert await hub.states([1, 2]) == ["dead", "done"]

    run(story())


def test_a_long_message_is_processed_although_its_translation_takes_longer_than_a_transaction_may_rest(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(raw: bytes) -> Translation:
        sleep(0.6)
        return translate(raw, "F01")

    async def story() -> None:
        async with box(database_url, {FEED: slow}) as hub:
            await hub.accept(message("1"))
            impatient = await Database.connect(database_url, size=1)
            async with impatient.connection() as connection:
                await connection.execute("SET idle_in_transaction_session_timeout = 300")
            worker = Worker(
                impatient,
                hub.ingest,
                hub.translators,
                Log("worker", stream=hub.log),
                fixed_clock(NOON),
                batch_size=1,
                max_attempts=3,
            )
            await worker.turn()
            await impatient.close()
            assert await hub.states([1]) == ["done"]

    monkeypatch.setattr(working, "_LONG", 1)
    run(story())


def test_two_workers_that_create_the_same_practitioner_both_finish(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            raws = [message(str(i), f"P{i}", doctor=f"D{i % 3}", title=f"title {i % 2}") for i in range(60)]
            await hub.accept(*raws)
            workers = [hub.worker(batch_size=5) for _ in range(3)]
            while "queued" in await hub.states(range(1, 61)):
                await asyncio.gather(*(worker.turn() for worker in workers))
            assert set(await hub.states(range(1, 61))) <= {"done", "superseded"}

    run(story())


def test_the_worker_wakes_for_a_message_and_finishes_when_told(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            stop = asyncio.Event()
            parts = hub.database, hub.ingest, hub.translators, Log("worker", stream=hub.log), fixed_clock(NOON)
            working = asyncio.create_task(run_worker(*parts, batch_size=4, stop=stop, careful=True, max_attempts=3))
            await asyncio.sleep(0.2)
            accepted = await hub.inbox.accept(received(message("1")))
            for _ in range(100):
                await asyncio.sleep(0.01)
                if await hub.states([accepted.message]) == ["done"]:
                    break
            stop.set()
            async with asyncio.timeout(1):
                await working
            assert await hub.states([accepted.message]) == ["done"]

    run(story())


def test_a_worker_converts_and_counts_by_what_changed_from_the_next_batch_on(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.accept(message("1"))
            changes = [None, Conversions({}, {FEED: Edition(profile="other", digest="d")})]
            worker = hub.worker(batch_size=1, changed=lambda: changes.pop(0))
            await worker.turn()
            await hub.accept(message("2"))
            await worker.turn()
            assert await hub.states([1, 2]) == ["done", "dead"]
            async with hub.database.connection() as connection:
                assert (
                    await connection.fetchval("SELECT profile FROM conversion_edition ORDER BY id DESC LIMIT 1")
                    == "other"
                )

    run(story())


def test_each_feed_writes_as_its_own_facility(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            for feed in ("F01.his", "F03.lis"):
                await hub.inbox.accept(received(message("1", "A", set={"active": True}), feed))
            await hub.drain()
            for facility in ("F01", "F03"):
                async with hub.database.connection() as connection:
                    key = ("Patient", patient_id("A", facility))
                    assert (await hub.store.load(connection, [key]))[key].facts.author_org == facility

    run(story())
