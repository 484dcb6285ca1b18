"""Objects read off the wire: whatever pieces they come in, and whatever comes instead."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import evt

from connectors.pacs import server, stores
from connectors.pacs.intake import MOST_BYTES
from connectors.pacs.trim import before_pixels
from tests.connectors.pacs import VERIFICATION, associated, listening
from tests.connectors.test_pacs import image
from tests.mappings.dicom import objects

#: A value, whether it is of a command, and whether it is the last of it.
Piece = tuple[bytes, bool, bool]


def command(asked: int = 1, instance: str = f"{objects.STUDY}.1.1") -> bytes:
    def element(number: int, value: bytes) -> bytes:
        return struct.pack("<HHL", 0, number, len(value)) + value

    def uid(text: str) -> bytes:
        return text.encode() + b"\0" * (len(text) % 2)

    found = element(2, uid(objects.CT)) + element(0x100, struct.pack("<H", asked)) + element(0x110, b"\x07\0")
    return found + element(0x700, b"\0\0") + element(0x800, b"\1\0") + element(0x1000, uid(instance))


def split(raw: bytes, size: int, *, told: bool) -> Iterator[Piece]:
    for at in range(0, len(raw), size):
        yield raw[at : at + size], told, at + size >= len(raw)


def pdu(context: int, *pieces: Piece) -> bytes:
    values = b"".join(struct.pack(">LBB", len(raw) + 2, context, told | last << 1) + raw for raw, told, last in pieces)
    return struct.pack(">BBL", 4, 0, len(values)) + values


def pdus(context: int, raw: bytes, size: int, together: int) -> bytes:
    pieces = [*split(command(), size, told=True), *split(raw, size, told=False)]
    return b"".join(pdu(context, *pieces[at : at + together]) for at in range(0, len(pieces), together))


def encoded() -> bytes:
    whole = image()
    return whole[144 + int.from_bytes(whole[140:144], "little") :]


def answer(association: Any, raw: bytes) -> int:
    """The status of what is answered to bytes; -1 where the association is ended."""
    statuses: SimpleQueue[int] = SimpleQueue()
    heard = (evt.EVT_DIMSE_RECV, lambda event: statuses.put(int(event.message.command_set.Status)))
    association.bind(*heard)
    try:
        association.dul.socket.socket.sendall(raw)
        for _ in range(1000):
            with suppress(Empty):
                return statuses.get(timeout=0.01)
            if association.acse.is_aborted() or not association.is_established:
                break
        return -1
    finally:
        association.unbind(*heard)


def sent(port: int, *streams: bytes) -> list[int]:
    return associated(port, lambda one: [answer(one, raw) for raw in streams], "CT01", [objects.CT])


@pytest.mark.parametrize(("size", "together"), [(1 << 16, 1), (1 << 16, 9), (400, 1), (333, 4), (61, 1000)])
def test_an_object_is_taken_in_whatever_pieces_it_comes(size: int, together: int) -> None:
    async def run() -> None:
        async with listening() as feed:
            raw = pdus(1, encoded(), size, together)
            assert await asyncio.to_thread(sent, feed.port, raw, raw) == [0, 0]
            first, second = feed.inbox.received
            assert (first.raw, first.envelope.identity) == (second.raw, f"{objects.STUDY}.1.1")
            assert len(first.raw) < 1000

    asyncio.run(run())


@pytest.mark.parametrize("size", [MOST_BYTES - 100_000, MOST_BYTES + (1 << 20)])
def test_a_document_that_is_too_large_to_keep_is_not_acknowledged(size: int) -> None:
    async def run() -> None:
        async with listening() as feed:
            whole = encoded()
            end = before_pixels(memoryview(whole), ExplicitVRLittleEndian)
            document = whole[:end] + struct.pack("<HH2sHL", 0x42, 0x11, b"OB", 0, size) + bytes(size)
            (status,) = await asyncio.to_thread(sent, feed.port, pdus(1, document, 1 << 17, 1))
            kept = [len(one.raw) for one in feed.inbox.received]
            assert kept[0] > size if status == 0 else (status, kept) == (0xA700, [])
            assert (status == 0) == (size < MOST_BYTES)

    asyncio.run(run())


def broken() -> Sequence[bytes]:
    whole = pdu(1, (command(), True, True))
    return (
        whole + pdu(3, (encoded(), False, True)),
        whole + pdu(1, (command(), True, True)),
        pdu(1, (b"\1\0\0\0" + bytes(8), True, True)),
        pdu(1, *[(b"", True, False)] * 9000),
        struct.pack(">BBLLBB", 4, 0, 6, 900, 1, 3),
        whole + b"\x07\0\0\0\0\4\0\0\2\0",
    )


def test_an_association_on_which_objects_keep_coming_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.7)

    def work(association: Any) -> list[int]:
        begun, raw = time.monotonic(), pdus(1, encoded(), 1 << 16, 1)
        found = [answer(association, raw)]
        while time.monotonic() < begun + 1.0 and found[-1] == 0:
            found.append(answer(association, raw))
        return found

    async def run() -> None:
        async with listening() as feed:
            assert {*await asyncio.to_thread(associated, feed.port, work, "CT01", [objects.CT])} == {0}

    asyncio.run(run())


@pytest.mark.parametrize("raw", broken())
def test_what_does_not_go_on_as_an_object_ends_the_association_and_nothing_is_kept(raw: bytes) -> None:
    async def run() -> None:
        async with listening() as feed:
            assert await asyncio.to_thread(sent, feed.port, raw) == [-1]
            assert feed.inbox.received == []
            assert await feed.send() == [0]

    asyncio.run(run())


def test_an_object_that_takes_too_long_ends_the_association_and_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "OBJECT_SECONDS", -1.0)

    async def run() -> None:
        async with listening() as feed:
            assert await asyncio.to_thread(sent, feed.port, pdus(1, encoded(), 1 << 16, 1)) == [-1]
            assert feed.inbox.received == []

    asyncio.run(run())


def test_no_object_comes_in_a_context_that_is_for_something_else() -> None:
    def work(association: Any) -> list[int]:
        (context,) = [each.context_id for each in association.accepted_contexts]
        return [answer(association, pdus(context, encoded(), 1 << 16, 1))]

    async def run() -> None:
        async with listening() as feed:
            (status,) = await asyncio.to_thread(associated, feed.port, work, "CT01", [VERIFICATION])
            assert status != 0
            assert feed.inbox.received == []

    asyncio.run(run())


def test_objects_and_other_messages_come_on_one_association() -> None:
    def work(association: Any) -> list[int]:
        contexts = {str(each.abstract_syntax): each.context_id for each in association.accepted_contexts}
        found = []
        for _ in range(2):
            found.append(association.send_c_echo().Status)
            found.append(answer(association, pdus(contexts[objects.CT], encoded(), 1 << 16, 1)))
        return found

    async def run() -> None:
        async with listening() as feed:
            assert await asyncio.to_thread(associated, feed.port, work, "CT01", [objects.CT, VERIFICATION]) == [0] * 4
            assert len(feed.inbox.received) == 2

    asyncio.run(run())
