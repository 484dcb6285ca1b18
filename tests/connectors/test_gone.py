"""Studies that are gone from their archive are noticed; an archive that is away has lost nothing."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from connectors.pacs.again import Again
from connectors.pacs.polling import GRACE, OLDER, Polling
from connectors.pacs.pull import Pull
from hub.kernel.clock import system_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.types import Json
from mappings.dicom.feed import envelope_reader, translator
from mappings.dicom.profile import DEFAULT
from tests.connectors.test_dicomweb import Box, Shelf, pull
from tests.mappings.dicom import objects
from tests.mappings.dicom.test_content import measurement_report
from tests.pipeline.fake_feed import FEED, IDS
from tests.pipeline.hub_in_a_box import Box as Hub
from tests.pipeline.hub_in_a_box import box, run

STUDY = objects.STUDY
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class Watched:
    """An archive that is polled, by a clock that is set."""

    def __init__(self, folder: Path) -> None:
        self.shelf, self.box, self.lines, self.now = Shelf(), Box(), io.StringIO(), NOW
        self.shelf.studies = {"1.2.1": [1], "1.2.2": [1]}
        log = Log("test", stream=self.lines)
        pulled = pull(self.shelf, self.box, log)
        self.polling = Polling("F01-images", self.shelf, pulled, lambda: self.now, log, folder / "f.json")

    async def look(self, later: timedelta = timedelta()) -> int:
        self.now += later
        return await self.polling.look()

    @property
    def last(self) -> Json:
        found: list[Json] = json.loads(self.box.received[-1].raw)
        return found[0]


def test_a_study_missing_for_long_is_told_to_be_gone_and_one_that_comes_back_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        watched = Watched(tmp_path)
        assert await watched.look() == 2
        del watched.shelf.studies["1.2.1"]
        assert await watched.look() == 0
        watched.shelf.studies["1.2.1"] = [1]
        assert await watched.look(GRACE) == 0
        del watched.shelf.studies["1.2.1"]
        assert [await watched.look(), await watched.look(GRACE), await watched.look(GRACE)] == [0, 1, 0]
        assert watched.last["00080056"]["Value"] == ["UNAVAILABLE"]
        assert watched.box.received[-1].envelope.identity == "study 1.2.1"
        watched.shelf.studies["1.2.1"] = [1]
        assert await watched.look() == 1
        assert "00080018" in watched.last
        assert "1.2.1" not in watched.lines.getvalue()

    asyncio.run(story())


def test_an_archive_that_is_away_or_comes_up_empty_has_lost_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        watched = Watched(tmp_path)
        await watched.look()
        watched.shelf.away = True
        assert [await watched.look(GRACE) for _ in range(3)] == [0, 0, 0]
        watched.shelf.away, held = False, dict(watched.shelf.studies)
        watched.shelf.studies.clear()
        assert [await watched.look(GRACE) for _ in range(3)] == [0, 0, 0]
        assert "pacs.archive-empty" in watched.lines.getvalue()
        watched.shelf.studies |= held
        assert await watched.look(GRACE) == 0
        assert len(watched.box.received) == 2

    asyncio.run(story())


def test_older_days_are_looked_at_in_turn(tmp_path: Path) -> None:
    async def story() -> None:
        watched = Watched(tmp_path)
        watched.shelf.dates["1.2.1"] = "20260215"
        assert sum([await watched.look() for _ in range(OLDER)]) == 2
        del watched.shelf.studies["1.2.1"]
        assert sum([await watched.look(timedelta(minutes=1)) for _ in range(2 * OLDER)]) == 1
        assert watched.last["00080056"]["Value"] == ["UNAVAILABLE"]

    asyncio.run(story())


@pytest.mark.parametrize("why", ["never known", "others are none", "still listed", "lists are refused"])
def test_a_pull_that_finds_nothing_says_gone_only_of_what_the_archive_had(why: str) -> None:
    shelf, inbox, log = Shelf(), Box(), Log("test", stream=io.StringIO())

    async def story() -> None:
        shelf.studies = {"1.2.1": [1], "1.2.2": [1]}
        pulled = pull(shelf, inbox, log)
        if why != "never known":
            await pulled("1.2.1", "notice")
        shelf.studies = {"1.2.1": []} if why == "still listed" else {} if why == "others are none" else {"1.2.2": [1]}
        shelf.away = why == "lists are refused"
        await pulled("1.2.1", "notice")

    with pytest.raises(HubError) as refused:
        asyncio.run(story())
    assert refused.value.category is (Category.UNAVAILABLE if why == "lists are refused" else Category.NOT_FOUND)
    assert len(inbox.received) == (why != "never known")


def pulling(hub: Hub, shelf: Shelf, log: Log) -> Pull:
    return Pull(
        FEED,
        shelf,
        inbox=hub.inbox,
        known=hub.inbox.knows,
        read_envelope=envelope_reader(DEFAULT),
        clock=system_clock,
        log=log,
    )


def test_a_study_is_whose_its_archive_says_it_is_now(database_url: str) -> None:
    async def story() -> None:
        shelf, log = Shelf(), Log("test", stream=io.StringIO())
        async with box(database_url, {FEED: translator(DEFAULT, "F01", IDS)}) as hub:
            rid = IDS("F01", "ImagingStudy", "urn:dicom:uid", STUDY)
            shelf.studies = {STUDY: [1]}
            subjects, messages, counts = [], [], []
            for patient in ("P7", "P8", "P7"):
                shelf.patient = patient
                messages.append((await pulling(hub, shelf, log)(STUDY, "test")).message)
                await hub.drain()
                study = await hub.read("ImagingStudy", rid)
                assert study is not None
                subjects.append(study["subject"]["reference"])
                counts.append((study["numberOfInstances"], study["status"]))
            assert await hub.states(messages) == ["done"] * 3
            assert subjects[0] == subjects[2] != subjects[1]
            assert counts == [(1, "available")] * 3
            async with hub.database.connection() as tx:
                formerly = await hub.store.formerly(tx, "ImagingStudy", rid)
            assert len(formerly) >= 1

    run(story())


def test_the_record_follows_its_archive(database_url: str) -> None:
    reading = translator(DEFAULT, "F01", IDS)

    async def story() -> list[Any]:
        shelf, log, found = Shelf(), Log("test", stream=io.StringIO()), []
        async with box(database_url, {FEED: reading}) as hub:
            pulled = pulling(hub, shelf, log)
            report = measurement_report()
            report.SOPInstanceUID, report.PatientWeight = f"{STUDY}.9", "60"
            shelf.reports = [report]
            rid = IDS("F01", "ImagingStudy", "urn:dicom:uid", STUDY)
            said = [
                ("Observation", IDS("F01", "Observation", "urn:dicom:uid/PatientWeight", STUDY)),
                ("DiagnosticReport", IDS("F01", "DiagnosticReport", "urn:dicom:uid", report.SOPInstanceUID)),
            ]
            for held in ([1, 2], [2], [], [2]):
                shelf.studies = {"1.2.2": [1], STUDY: held} if held else {"1.2.2": [1]}
                await pulled(STUDY, "test")
                await hub.drain()
                study, *stated = [await hub.read(*each) or {} for each in (("ImagingStudy", rid), *said)]
                states = {each["status"] for each in stated}
                found.append((study["status"], study.get("numberOfInstances"), "endpoint" in study, states))
            assert (await hub.read("ImagingStudy", rid, 2) or {})["numberOfInstances"] == 2
        return found

    gone = {"entered-in-error"}
    assert run(story()) == [
        ("available", 3, True, {"final"}),
        ("available", 2, True, {"final"}),
        ("entered-in-error", None, False, gone),
        ("available", 2, True, {"final"}),
    ]


def test_what_an_archive_gave_nothing_of_is_looked_for_again_once() -> None:
    shelf, inbox, log = Shelf(), Box(), Log("test", stream=io.StringIO())

    async def story() -> None:
        shelf.studies = {"1.2.1": [1], "1.2.2": [1]}
        pulled = pull(shelf, inbox, log)
        await pulled("1.2.1", "notice")
        again = Again({"F01-images": pulled}, log, seconds=0)
        del shelf.studies["1.2.1"]
        again("1.2.1")
        again("1.2.1")
        while len(inbox.received) < 2:
            await asyncio.sleep(0)
        shelf.away = True
        again("1.2.1")
        await asyncio.sleep(0.01)
        assert [each.peer for each in inbox.received] == ["notice", "nothing there"]

    asyncio.run(story())
    Again({}, Mock(spec=Log))("1.2.1")
