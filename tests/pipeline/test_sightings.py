"""Local codes nobody could map are put down with their message, counted without haste, and block only where told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from hub.kernel.types import Translation, UnmappedCode
from hub.pipeline.chosen import Filter
from hub.pipeline.codes import SeenCode, SeenCodes
from hub.pipeline.engineer import Engineer
from hub.pipeline.sightings import MOST
from hub.pipeline.worker import Worker
from tests.pipeline.desk import ENGINEER, repairs
from tests.pipeline.fake_feed import FACILITIES, FEED, NOON, message, translate
from tests.pipeline.hub_in_a_box import Box, box, run


async def seen(hub: Box, every: bool = False) -> Sequence[SeenCode]:
    codes = SeenCodes(hub.database, FACILITIES, lambda _, code: code.code == "K")
    return await codes.find(Engineer(name="e"), every=every)


async def counts(hub: Box) -> dict[str, int]:
    return {code.code: code.count for code in await seen(hub, every=True)}


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def worker(hub: Box, clock: Hands) -> Worker:
    made = hub.worker(batch_size=4)
    made._sightings._clock = clock  # type: ignore[misc]
    return made


def test_a_new_code_is_put_down_with_its_first_message_dead_letters_too(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            states = await hub.send(
                message("1"), message("2", unmapped=["A"]), message("3", unmapped=["B"], blocked=True)
            )
            assert states == ["done", "done", "dead"]
            found = {code.code: code for code in await seen(hub)}
            assert {code: one.message for code, one in found.items()} == {"A": 2, "B": 3}
            assert (found["A"].first_seen, found["A"].last_seen, found["A"].display) == (NOON, NOON, "text of A")

    run(story())


def test_a_blocked_message_waits_with_its_reason_and_is_replayed_once_the_profile_has_the_code(
    database_url: str,
) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            assert await hub.send(message("1", unmapped=["B"], blocked=True)) == ["dead"]
            reason = await hub.reason(1)
            assert (reason["code"], reason["where"]) == ("unmapped-code", "OBX-3")
            hub.translators = {FEED: lambda raw: translate(raw.replace(b'"blocked":true', b'"blocked":false'))}
            await repairs(hub).replay(Filter(code="unmapped-code"), ENGINEER)
            await hub.drain()
            assert await hub.states([1]) == ["done"]

    run(story())


def test_codes_the_profile_has_by_now_are_left_out(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", unmapped=["K", "GLU"]))
            assert [code.code for code in await seen(hub)] == ["GLU"]
            assert [(code.code, code.mapped) for code in await seen(hub, every=True)] == [("GLU", False), ("K", True)]

    run(story())


def test_codes_with_an_entry_are_forgotten_on_demand(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", unmapped=["K", "GLU"]))
            codes = SeenCodes(hub.database, FACILITIES, lambda _, code: code.code == "K")
            assert await codes.forget(Engineer(name="e", facilities=frozenset({"F05"}))) == 0
            assert await codes.forget(Engineer(name="e"), feed="F03.lis") == 0
            assert await codes.forget(Engineer(name="e")) == 1
            assert await counts(hub) == {"GLU": 1}

    run(story())


def test_a_code_that_is_known_is_added_up_once_a_minute_and_none_is_lost(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            clock = Hands()
            ours = worker(hub, clock)
            for n in range(6):
                await hub.accept(message(str(n), unmapped=["A"]))
                await hub.drain(ours)
            assert await counts(hub) == {"A": 1}
            clock.now += timedelta(seconds=59)
            await hub.accept(message("7", unmapped=["B"]))
            await hub.drain(ours)
            assert await counts(hub) == {"A": 1, "B": 1}
            clock.now += timedelta(seconds=1)
            await hub.accept(message("8", unmapped=["A"]), message("9"))
            await hub.drain(ours)
            assert await counts(hub) == {"A": 7, "B": 1}
            (first, _) = await seen(hub)
            assert (first.message, first.last_seen) == (1, clock.now)

    run(story())


def test_two_workers_add_to_one_count(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            for name in ("1", "2"):
                await hub.accept(message(name, unmapped=["A"]))
                await hub.drain(hub.worker())
            assert await counts(hub) == {"A": 2}

    run(story())


def test_what_a_failed_transaction_noted_is_noted_again(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            ours = worker(hub, Hands())
            note, failures = ours._sightings.note, [RuntimeError("disk full")]

            async def fail(*arguments: Any) -> None:
                await note(*arguments)
                if failures:
                    raise failures.pop()

            monkeypatch.setattr(ours._sightings, "note", fail)
            await hub.accept(message("1", unmapped=["A"]), message("2", unmapped=["A"]))
            await hub.drain(ours)
            assert await hub.states([1, 2]) == ["done", "done"]
            assert await counts(hub) == {"A": 1}
            ours._sightings._written.clear()
            await hub.accept(message("3", unmapped=["A"]))
            await hub.drain(ours)
            assert await counts(hub) == {"A": 3}

    run(story())


def test_a_sender_of_ever_new_codes_fills_the_table_to_a_limit(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            fill = (
                "INSERT INTO unmapped_code SELECT $1, 'OBX-3', '', n::text, '', 1, now(), now(), 1 "
                f"FROM generate_series(1, {MOST}) AS n"
            )
            async with hub.database.connection() as connection:
                await connection.execute(fill, FEED)
            await hub.send(message("1", unmapped=["7", "new"]))
            async with hub.database.connection() as connection:
                rows = await connection.fetch("SELECT code, count FROM unmapped_code WHERE code IN ('7', 'new')")
            assert [tuple(row) for row in rows] == [("7", 2)]

    run(story())


def test_texts_no_database_takes_are_put_down_as_far_as_they_go(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            said = UnmappedCode(field="OBX-3", code="a\0", display="\ud800")
            hub.translators = {FEED: lambda raw: _with(raw, said)}
            assert await hub.send(message("1")) == ["done"]
            assert [code.code for code in await seen(hub)] == ["a\ufffd"]

    run(story())


def _with(raw: bytes, code: UnmappedCode) -> Translation:
    return replace(translate(raw), unmapped=(code,))
