"""A DICOM feed over the wire: headers are kept, pixels are not, and nothing is acknowledged before it is durable."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from connectors.pacs.trim import before_pixels, part_10
from hub.kernel.errors import Category, HubError
from tests.connectors.harness import MemoryInbox
from tests.connectors.pacs import VERIFICATION, associated, listening
from tests.mappings.dicom import objects


def contexts(association: Any) -> list[int]:
    """How many of the classes asked for were taken."""
    return [len(association.accepted_contexts)]


def image(n: int = 1, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    made = objects.dataset(n, Rows=64, Columns=64, BitsAllocated=16, BitsStored=16, SamplesPerPixel=1)
    made.add_new(0x7FE00010, "OW", b"\x01\x02" * 4096)
    return objects.part_10(made, syntax)


def test_headers_are_kept_without_their_pixels_and_acknowledged() -> None:
    async def run() -> None:
        async with listening() as feed:
            assert await feed.send() == [0]
            assert await feed.send(image(1), image(2)) == [0, 0]
            first, second = feed.inbox.received
            assert (first.feed, first.peer) == ("f01-pacs", "127.0.0.1 AE=CT01")
            assert len(first.raw) < 1000
            header = dcmread(io.BytesIO(first.raw))
            assert (header.PatientID, "PixelData" in header) == ("P7", False)
            assert first.envelope.identity != second.envelope.identity
            assert objects.STUDY in first.envelope.lanes
            assert "Ceshi" not in feed.log.getvalue()

    asyncio.run(run())


def test_nothing_is_acknowledged_while_the_inbox_is_away() -> None:
    async def run() -> None:
        inbox = MemoryInbox(failure=HubError(Category.UNAVAILABLE, "away"))
        async with listening(inbox) as feed:
            assert await feed.send(image()) == [0xA700]
            inbox.failure = RuntimeError("defect")
            assert await feed.send(image()) == [0x0110]
            inbox.failure = None
            assert await feed.send(image()) == [0]

    asyncio.run(run())


def test_an_inbox_that_takes_too_long_is_no_success() -> None:
    async def run() -> None:
        inbox = MemoryInbox(gate=asyncio.Event())
        async with listening(inbox, seconds=0.2) as feed:
            assert await feed.send(image()) == [0xA700]
            assert inbox.received == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("senders", "title", "taken"),
    [
        (("CT01",), "CT01", True),
        (("CT01",), "CT02", False),
        (("CT01@127.0.0.0/8",), "CT01", True),
        (("CT01@10.9.9.0/24",), "CT01", False),
    ],
)
def test_a_caller_is_its_title_and_its_address_together(senders: tuple[str, ...], title: str, taken: bool) -> None:
    async def run() -> None:
        async with listening(senders=senders) as feed:
            assert await feed.send(title=title) == ([0] if taken else [])

    asyncio.run(run())


def test_a_peer_outside_the_networks_is_turned_away() -> None:
    async def run() -> None:
        async with listening(peers=("10.9.9.0/24",)) as feed:
            assert await feed.send() == []
            assert "pacs.turned-away" in feed.log.getvalue()

    asyncio.run(run())


@pytest.mark.parametrize("root", ["1.2.840.10008.5.1.4.1.2.1", "1.2.840.10008.5.1.4.1.2.2"])
def test_an_association_for_finding_moving_or_fetching_images_is_not_negotiated(root: str) -> None:
    async def run() -> None:
        async with listening() as feed:
            asked = [VERIFICATION, *(f"{root}.{verb}" for verb in (1, 2, 3))]
            assert await asyncio.to_thread(associated, feed.port, contexts, "CT01", asked) == [1]

    asyncio.run(run())


def test_associations_over_the_limit_are_turned_away_until_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.pacs.server.ASSOCIATIONS", 2)

    async def run() -> None:
        async with listening() as feed:

            def opened(depth: int) -> list[int]:
                """For each of `depth` associations opened inside one another, from the innermost, 1 if it was taken."""
                inner: list[int] = []

                def work(association: Any) -> list[int]:
                    inner.extend(opened(depth - 1) if depth > 1 else [])
                    return contexts(association)

                return [*associated(feed.port, work, "CT01", []), *inner]

            assert await asyncio.to_thread(opened, 4) == [1, 1]
            assert await feed.send() == [0]

    asyncio.run(run())


def test_an_object_of_no_study_is_kept_as_a_dead_letter_and_refused() -> None:
    async def run() -> None:
        async with listening() as feed:
            made = objects.part_10(objects.dataset(StudyInstanceUID=None))
            assert await feed.send(made) == [0xA900]
            assert feed.inbox.received[0].envelope.problem is not None

    asyncio.run(run())


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_data_set_is_cut_before_its_pixels_whatever_stands_in_its_sequences(syntax: UID) -> None:
    icon = Dataset()
    icon.add_new(0x7FE00010, "OW", b"\0" * 64)
    made = objects.dataset(IconImageSequence=Sequence([icon]))
    made["IconImageSequence"].is_undefined_length = True
    icon.is_undefined_length_sequence_item = True
    made.add_new(0x7FE00010, "OW", b"\x01" * 512)
    whole = objects.part_10(made, syntax)
    encoded = whole[144 + int.from_bytes(whole[140:144], "little") :]
    end = before_pixels(memoryview(encoded), syntax)
    assert 512 <= len(encoded) - end <= 524
    kept = dcmread(io.BytesIO(part_10(encoded[:end], syntax, objects.CT, "1.2")))
    assert kept.IconImageSequence[0].PixelData == b"\0" * 64
    assert "PixelData" not in kept


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian]))
def test_bytes_that_are_no_data_set_are_refused_and_nothing_else(raw: bytes, syntax: UID) -> None:
    try:
        assert 0 <= before_pixels(memoryview(raw), syntax) <= len(raw)
    except HubError as error:
        assert error.category in {Category.UNREADABLE, Category.TOO_LARGE}
