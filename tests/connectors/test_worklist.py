"""A modality asks for its worklist over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from pydicom import Dataset
from pynetdicom.sop_class import ModalityWorklistInformationFind  # type: ignore[attr-defined]

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from tests.connectors.pacs import associated, listening

ENTRY: Json = {
    "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "沈^桂兰"}]},
    "00100020": {"vr": "LO", "Value": ["P7"]},
}


class Answering:
    """A worklist of one entry, or of none and a reason."""

    def __init__(self) -> None:
        self.asked: list[tuple[Mapping[str, Any], str, str]] = []
        self.error: Exception | None = None

    async def __call__(self, identifier: Mapping[str, Any], station: str, peer: str) -> Sequence[Json]:
        self.asked.append((identifier, station, peer))
        if self.error is not None:
            raise self.error
        return [ENTRY]


def query(port: int, charset: str = "") -> tuple[list[int], list[Dataset]]:
    """Statuses and entries of one C-FIND."""
    asked, found = Dataset(), []
    asked.PatientName, asked.PatientID = "*", ""
    if charset:
        asked.SpecificCharacterSet = charset

    def work(association: Any) -> list[int]:
        statuses = []
        for status, entry in association.send_c_find(asked, ModalityWorklistInformationFind):
            statuses.append(status.Status)
            if entry is not None:
                found.append(entry)
        return statuses

    return associated(port, work, "CT01", [ModalityWorklistInformationFind]), found


def test_a_worklist_is_answered_in_the_character_set_of_who_asks() -> None:
    answering = Answering()

    async def story() -> None:
        async with listening(worklist=answering) as feed:
            for charset in ("", "GB18030"):
                statuses, (entry,) = await asyncio.to_thread(query, feed.port, charset)
                assert statuses == [0xFF00, 0x0000]
                assert entry.SpecificCharacterSet == (charset or "ISO_IR 192")
                assert entry.PatientName == "沈^桂兰"
            assert "沈" not in feed.log.getvalue()

    asyncio.run(story())
    identifier, station, peer = answering.asked[0]
    assert identifier["00100010"]["Value"] == [{"Alphabetic": "*"}]
    assert (station, peer) == ("CT01", "127.0.0.1")


def test_why_there_is_no_list_is_a_status() -> None:
    answering = Answering()

    async def story() -> list[list[int]]:
        async with listening(worklist=answering) as feed:
            told = []
            for error in (HubError(Category.INVALID, "x"), HubError(Category.UNAVAILABLE, "x"), KeyError("x")):
                answering.error = error
                told.append((await asyncio.to_thread(query, feed.port))[0])
            return told

    assert asyncio.run(story()) == [[0xA900], [0xA700], [0x0110]]


def test_a_feed_without_a_worklist_negotiates_none() -> None:
    async def story() -> tuple[list[int], list[Dataset]]:
        async with listening() as feed:
            return await asyncio.to_thread(query, feed.port)

    assert asyncio.run(story()) == ([], [])
