"""A study pulled from an archive through the whole pipeline: indexed, grown, known again, held where it is nobody's."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from connectors.pacs.dicomweb import DicomwebArchive
from connectors.pacs.pull import Pull
from hub.bootstrap.formats import Dicom
from hub.kernel.archive import Archive
from hub.kernel.clock import fixed_clock
from hub.kernel.log import Log
from hub.kernel.types import State
from mappings.dicom.case import DICOM_UID
from tests.api.imaging.pacs import archive
from tests.mappings.dicom import objects
from tests.pipeline.fake_feed import FEED, IDS
from tests.pipeline.hub_in_a_box import box, run


def test_a_study_is_indexed_as_its_archive_tells_it_each_time(database_url: str) -> None:
    reading = Dicom(None)
    reading.archive, reading.wado = "a", "https://hub.example/dicom-web/a"
    translate = reading.translator("F01", IDS, "https://hub.example")
    study = IDS("F01", "ImagingStudy", DICOM_UID, objects.STUDY)
    nobody = objects.dataset(1, StudyInstanceUID="1.2.9", PatientID="")

    async def story() -> None:
        made = [objects.dataset(n) for n in range(1, 4)]
        async with box(database_url, {FEED: translate}) as hub, archive(*made, nobody) as pacs:
            theirs = DicomwebArchive(Archive(name="a", facility="F01", dicomweb=pacs.base))
            pull = Pull(
                FEED,
                theirs,
                inbox=hub.inbox,
                known=hub.inbox.knows,
                read_envelope=reading.envelope_reader(),
                clock=fixed_clock(datetime(2026, 3, 2, 12, tzinfo=UTC)),
                log=Log("test", stream=io.StringIO()),
            )
            first = await pull(objects.STUDY, "notice")
            await hub.drain()
            stored = await hub.read("ImagingStudy", study)
            assert stored is not None
            assert (stored["numberOfSeries"], stored["numberOfInstances"]) == (1, 3)

            assert stored["endpoint"][1] == {"reference": "#wado"}
            assert stored["contained"][0]["address"] == reading.wado

            pacs.objects += [objects.dataset(1, 2, Modality="SR")]
            again = [await pull(objects.STUDY, "notice"), await pull(objects.STUDY, "poll")]
            held = await pull("1.2.9", "poll")
            await hub.drain()
            assert await hub.states([first.message, *(each.message for each in again)]) == ["done", "done", "duplicate"]
            assert again[1].state is State.DUPLICATE
            grown = await hub.read("ImagingStudy", study)
            assert grown is not None
            assert (grown["numberOfSeries"], grown["numberOfInstances"]) == (2, 4)
            assert [each["code"] for each in grown["modality"]] == ["CT", "SR"]
            assert (await hub.reason(held.message))["code"] == "no-patient-id"
            await theirs.close()

    run(story())
