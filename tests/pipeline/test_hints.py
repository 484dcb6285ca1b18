"""Orders and reports of a feed tell the numbers of studies; other messages and other feeds do not."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from connectors.pacs.polling import Polling
from hub.kernel.log import Log
from hub.kernel.types import Accession
from hub.pipeline.hints import Hints
from mappings.hl7v2.accessions import accessions
from tests.connectors.test_dicomweb import Box, Shelf, pull
from tests.pipeline.fake_feed import FEED, message, received
from tests.pipeline.hub_in_a_box import box, run

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def order(number: str, *segments: str) -> bytes:
    return "\r".join([f"MSH|^~\\&|HIS|F01|||20260302||ORM^O01|{number}|P|2.4", *segments, ""]).encode()


def test_orders_and_reports_tell_their_numbers_once_and_an_admission_tells_none(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:

            async def come(number: str, kind: str, feed: str = FEED) -> None:
                one = received(message(number), feed)
                envelope = replace(one.envelope, kind=kind)
                await hub.inbox.accept(replace(one, raw=order(number, f"OBR||P{number}|A{number}"), envelope=envelope))

            async def told(hints: Hints) -> list[str]:
                return [each.number for each in await hints.within(0.2)]

            await come("0", "ORU^R01")  # came before anybody listened
            hints = Hints(hub.database, {FEED: accessions}, asyncio.sleep, soonest=0)
            assert await told(hints) == []
            await come("1", "ADT^A01")
            await come("2", "ORU^R01", "F03.lis")
            assert await told(hints) == []
            await come("3", "ORM^O01")
            await come("4", "ORU^R01")
            assert await told(hints) == ["A3", "P3", "A4", "P4"]
            assert await told(hints) == []

    run(story())


def test_a_message_that_took_its_number_before_others_and_is_stored_after_them_is_heard_once(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:

            async def come(number: str) -> None:
                one = received(message(number), FEED)
                raw = order(number, f"OBR||P{number}|A{number}")
                await hub.inbox.accept(replace(one, raw=raw, envelope=replace(one.envelope, kind="ORU^R01")))

            async def told() -> list[str]:
                return [each.number for each in await hints.within(0)]

            hints = Hints(hub.database, {FEED: accessions}, asyncio.sleep, soonest=0)
            assert await told() == []
            await come("1")
            async with hub.database.connection() as connection:
                await connection.execute("SELECT nextval(pg_get_serial_sequence('inbox', 'id'))")
            await come("2")
            assert await told() == ["A1", "P1", "A2", "P2"]
            async with hub.database.transaction() as tx:
                await tx.execute("UPDATE inbox SET id = id - 1 WHERE id = (SELECT max(id) FROM inbox)")
            assert await told() == ["A2", "P2"]
            assert await told() == []

    run(story())


def test_an_archive_is_asked_for_the_numbers_it_is_told_and_listed_when_that_is_due(tmp_path: Path) -> None:
    async def story() -> Box:
        shelf, inbox, lines, stop = Shelf(), Box(), io.StringIO(), asyncio.Event()
        heard: asyncio.Queue[list[Accession]] = asyncio.Queue()
        log = Log("test", stream=lines)
        polling = Polling("f", shelf, pull(shelf, inbox, log), lambda: NOW, log, tmp_path / "f.json")
        watching = asyncio.create_task(polling.watch(stop, 3600, lambda _: heard.get()))
        while len(shelf.asked) < 2:
            await asyncio.sleep(0)
        shelf.studies = {f"1.2.{n}": [1] for n in range(1, 6)}
        shelf.numbers = {
            "1.2.1": ("A1", ""),
            "1.2.2": ("A1", "RIS"),
            "1.2.3": ("A1", "OTHER"),
            "1.2.4": ("A2", "RIS"),
            "1.2.5": ("A3", ""),
        }
        await heard.put([Accession(number="A1", local="RIS"), Accession(number="A2")])
        while len(inbox.received) < 3:
            await asyncio.sleep(0)
        stop.set()
        await watching
        assert "A1" not in lines.getvalue()
        assert shelf.asked.count("studies") == 2 + 2
        return inbox

    assert [each.envelope.lanes[0] for each in asyncio.run(story()).received] == ["1.2.1", "1.2.2", "1.2.4"]


@pytest.mark.parametrize(
    ("segments", "numbers"),
    [
        (["ORC|NW|P1^HIS|F1^RIS^1.2^ISO", "OBR||P1^HIS|F1^RIS^1.2^ISO" + "|" * 15 + "A1"], ["A1", "F1", "P1"]),
        (["IPC|A7^RIS", "OBR||P1"], ["A7", "P1"]),
        (["OBR||P1|F1" + "|" * 21 + "LAB"], []),
        (["OBR||P1|F1" + "|" * 21 + "CT"], ["F1", "P1"]),
        (["OBR||*|A?|" + "|" * 14 + "A\\S\\B"], []),
        (["ORC|NW"], []),
    ],
)
def test_numbers_are_read_where_senders_write_them_and_patterns_never(segments: list[str], numbers: list[str]) -> None:
    assert [each.number for each in accessions(order("1", *segments))] == numbers


def test_a_number_is_told_with_who_issued_it_and_a_message_that_is_none_tells_none() -> None:
    told = accessions(order("1", "OBR|||F1^RIS^1.2^ISO"))
    assert told == (Accession(number="F1", local="RIS", universal="1.2"),)
    assert accessions(b"PID|1") == ()
