"""Studies pulled from an archive: by what it tells, by asking it, and once for each state of a study."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from starlette.responses import JSONResponse, Response

from connectors.pacs.dicomweb import DicomwebArchive
from connectors.pacs.polling import Polling
from connectors.pacs.pull import Pull
from hub.kernel.archive import Archive
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.types import Accepted, Fetched, Received, State
from mappings.dicom.feed import envelope_reader
from mappings.dicom.profile import DEFAULT
from tests.api.imaging.pacs import Pacs, archive
from tests.mappings.dicom import objects

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class Shelf:
    """An archive by what it holds: metadata by study; None is one whose metadata it does not give."""

    def __init__(self) -> None:
        self.studies: dict[str, list[int] | None] = {}
        self.away = False
        self.counts = True
        self.most = 1000
        self.patient = "P7"
        self.dates: dict[str, str] = {}
        self.numbers: dict[str, tuple[str, str]] = {}
        self.asked: list[str] = []
        self.reports: list[Dataset] = []

    @asynccontextmanager
    async def fetch(self, path: str, query: Sequence[tuple[str, str]] = (), *, accept: str) -> AsyncIterator[Fetched]:
        self.asked.append(path)
        assert accept == "application/dicom+json"
        content = self._list(dict(query)) if path == "studies" else self._metadata(path.split("/")[1])
        if self.away or content is None:
            raise HubError(Category.UNAVAILABLE, "is away", code="archive-away")
        if content == []:
            raise HubError(Category.NOT_FOUND, "no such resource")
        raw = json.dumps(content).encode()

        async def chunks() -> AsyncIterator[bytes]:
            yield raw[:10]
            yield raw[10:]

        yield Fetched(media=accept, length=None, chunks=chunks())

    def _list(self, query: dict[str, str]) -> object:
        first, last = query.get("StudyDate", "-").split("-")
        found = [
            {
                "0020000D": {"vr": "UI", "Value": [uid]},
                "00080020": {"vr": "DA", "Value": [self.dates.get(uid, "20260302")]},
                "00080051": {"vr": "SQ", "Value": [{"00400031": {"vr": "UT", "Value": [self._number(uid)[1]]}}]},
                **({"00201208": {"vr": "IS", "Value": [len(held or [])]}} if self.counts else {}),
            }
            for uid, held in self.studies.items()
            if (not first or first <= self.dates.get(uid, "20260302") <= last)
            and query.get("StudyInstanceUID", uid) == uid
            and query.get("AccessionNumber", self._number(uid)[0]) == self._number(uid)[0]
        ]
        at = int(query.get("offset", "0"))
        return found[at : at + min(int(query["limit"]), self.most)]

    def _number(self, uid: str) -> tuple[str, str]:
        """Accession number and its issuer."""
        return self.numbers.get(uid, ("", ""))

    def _metadata(self, uid: str) -> object:
        held = self.studies.get(uid, [])
        images = [objects.dataset(n, StudyInstanceUID=uid, PatientID=self.patient) for n in held or ()]
        return held and [each.to_json_dict() for each in (*self.reports, *images)]


class Box:
    """An inbox in memory."""

    def __init__(self) -> None:
        self.received: list[Received] = []

    async def accept(self, received: Received) -> Accepted:
        self.received.append(received)
        return Accepted(message=len(self.received), state=State.QUEUED)

    async def knows(self, _: str, identity: str) -> bool:
        return any(each.envelope.identity == identity for each in self.received)


def pull(shelf: Shelf, box: Box, log: Log, most: int = 1 << 20) -> Pull:
    return Pull(
        "F01-images",
        shelf,
        inbox=box,
        known=box.knows,
        read_envelope=envelope_reader(DEFAULT),
        clock=lambda: NOW,
        log=log,
        most=most,
    )


def test_new_and_grown_studies_are_pulled_once_and_those_that_failed_again(tmp_path: Path) -> None:
    shelf, box, lines = Shelf(), Box(), io.StringIO()
    log = Log("test", stream=lines)
    kept = tmp_path / "polling" / "f.json"
    polling = Polling("F01-images", shelf, pull(shelf, box, log), lambda: NOW, log, kept)

    async def story() -> list[int]:
        shelf.studies = {"1.2.1": [1], "1.2.2": None}
        found = [await polling.look(), await polling.look()]
        shelf.studies |= {"1.2.1": [1, 2], "1.2.2": [1]}
        found += [await polling.look(), await polling.look()]
        shelf.away = True
        found.append(await polling.look())
        shelf.away = False
        found.append(await polling.look())
        later = Polling("F01-images", shelf, pull(shelf, box, log), lambda: NOW, log, kept)
        return [*found, await later.look()]

    assert asyncio.run(story()) == [1, 0, 2, 0, 0, 0, 0]
    assert [each.envelope.lanes[0] for each in box.received] == ["1.2.1", "1.2.1", "1.2.2"]
    assert len({each.raw for each in box.received}) == 3
    assert {each.peer for each in box.received} == {"poll"}
    assert "archive-away" in lines.getvalue()
    assert "1.2.2" not in lines.getvalue()


def test_a_long_list_is_read_page_by_page_whatever_was_kept(tmp_path: Path) -> None:
    shelf, box, log = Shelf(), Box(), Log("test", stream=io.StringIO())
    shelf.studies = {f"1.2.{n}": None for n in range(401)}
    kept = tmp_path / "f.json"
    kept.write_text("[damaged")
    polling = Polling("F01-images", shelf, pull(shelf, box, log), lambda: NOW, log, kept)
    asyncio.run(polling.look())
    assert shelf.asked.count("studies") == 4 + 1
    assert len(shelf.asked) == 5 + 401


def test_an_archive_that_tells_less_at_once_than_it_is_asked_for_is_asked_on(tmp_path: Path) -> None:
    shelf, box, log = Shelf(), Box(), Log("test", stream=io.StringIO())
    shelf.most = 100
    shelf.studies = {f"1.2.{n}": [1] for n in range(250)}
    polling = Polling("F01-images", shelf, pull(shelf, box, log), lambda: NOW, log, tmp_path / "f.json")
    assert asyncio.run(polling.look()) == 250


def test_a_study_grows_unseen_in_no_archive_that_does_not_count_instances(tmp_path: Path) -> None:
    shelf, box, log = Shelf(), Box(), Log("test", stream=io.StringIO())
    shelf.counts = False
    polling = Polling("F01-images", shelf, pull(shelf, box, log), lambda: NOW, log, tmp_path / "f.json")

    async def story() -> None:
        shelf.studies = {"1.2.1": [1]}
        await polling.look()
        shelf.studies = {"1.2.1": [1, 2]}
        await polling.look()

    asyncio.run(story())
    assert len({each.raw for each in box.received}) == 2


def test_a_list_that_does_not_end_is_told_without_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.pacs.polling._PAGES", 3)
    shelf, box, lines = Shelf(), Box(), io.StringIO()
    log = Log("test", stream=lines)
    polling = Polling("F01-images", shelf, pull(shelf, box, log), lambda: NOW, log, tmp_path / "f.json")
    shelf.studies = {f"1.2.{n}": [] for n in range(399)}
    asyncio.run(polling.look())
    assert "pacs.list-not-ended" not in lines.getvalue()
    shelf.studies |= {"1.2.399": [], "1.2.400": []}
    asyncio.run(polling.look())
    assert lines.getvalue().count("pacs.list-not-ended") == 1
    assert "1.2.399" not in lines.getvalue()


def test_an_archive_that_says_too_much_is_not_listened_to() -> None:
    shelf, box = Shelf(), Box()
    shelf.studies = {"1.2.1": [1, 2, 3]}
    with pytest.raises(HubError) as refused:
        asyncio.run(pull(shelf, box, Log("test", stream=io.StringIO()), most=100)("1.2.1", "notice"))
    assert refused.value.category is Category.TOO_LARGE
    assert not box.received


def test_a_list_that_is_none_is_told_and_an_empty_one_is_not(tmp_path: Path) -> None:
    lines = io.StringIO()

    async def story() -> Pacs:
        async with archive() as pacs:
            theirs = DicomwebArchive(Archive(name="a", facility="F01", dicomweb=pacs.base))
            log = Log("test", stream=lines)
            polling = Polling("f", theirs, pull(Shelf(), Box(), log), lambda: NOW, log, tmp_path / "f.json")
            for instead in (JSONResponse({"not": "a list"}), Response(status_code=204)):
                pacs.instead = instead
                assert await polling.look() == 0
            await theirs.close()
            return pacs

    asked = asyncio.run(story()).asked
    assert lines.getvalue().count("pacs.not-listed") == 1
    assert asked[0][0].startswith("/studies?StudyDate=20260228-20260303&")
    assert asked[0][1]["accept-encoding"] == "identity"
