"""Orthanc as an archive: what it holds is listed, pulled, fetched and sent as by any other.

`YILIAN_ORTHANC` is where one answers (`http://127.0.0.1:8042`, DICOMweb below /dicom-web), `YILIAN_ORTHANC_DICOM` its
DICOM port (4242). It is given objects and keeps them: let it be one for tests.
"""

from __future__ import annotations

import asyncio
import io
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import pytest

from connectors.pacs.dicomweb import DicomwebArchive
from connectors.pacs.polling import Polling
from connectors.pacs.pull import Pull
from connectors.pacs.query import DimseArchive
from hub.api.imaging.parts import boundary_of, own_parts
from hub.kernel.archive import Archive, Dimse
from hub.kernel.log import Log
from mappings.dicom.feed import envelope_reader, translator
from mappings.dicom.metadata import as_json
from mappings.dicom.profile import Profile
from tests.connectors.pacs import listening
from tests.connectors.test_dicomweb import Box
from tests.mappings.dicom import objects
from tests.pipeline.fake_feed import IDS

ROOT: Final = os.environ.get("YILIAN_ORTHANC", "")
DICOM: Final = int(os.environ.get("YILIAN_ORTHANC_DICOM", "4242"))
pytestmark = pytest.mark.skipif(not ROOT, reason="no Orthanc is named by YILIAN_ORTHANC")

STUDY: Final = "1.2.826.0.1.3680043.8.498.990122.77"
NOW: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
Peer = DicomwebArchive | DimseArchive
NAME: Final = "沈桂兰"


@pytest.fixture(scope="module", autouse=True)
def study() -> None:
    """Three slices of one study, the name in GB18030, put there over its own REST interface."""
    for n in (1, 2, 3):
        made = objects.dataset(n, StudyInstanceUID=STUDY, StudyDate="20260301", SOPInstanceUID=f"{STUDY}.{n}")
        made.SpecificCharacterSet, made.PatientName = "GB18030", f"Shen^Guilan={NAME}"
        httpx.post(f"{ROOT}/instances", content=objects.part_10(made), trust_env=False).raise_for_status()


def web() -> DicomwebArchive:
    return DicomwebArchive(Archive(name="a", facility="F01", dicomweb=f"{ROOT}/dicom-web"))


def pulled(archive: Peer, kept: Path) -> tuple[int, int, Box]:
    """How many studies two looks pull, and what has come."""
    box, log = Box(), Log("test", stream=io.StringIO())
    read = envelope_reader(Profile(name="orthanc"))

    async def story() -> tuple[int, int, Box]:
        pull = Pull("f", archive, inbox=box, known=box.knows, read_envelope=read, clock=lambda: NOW, log=log)
        polling = Polling("f", archive, pull, lambda: NOW, log, kept)
        looks = await polling.look(), await polling.look()
        await archive.close()
        return *looks, box

    return asyncio.run(story())


@pytest.mark.parametrize("way", ["dicomweb", "dimse"])
def test_its_studies_are_found_once_and_indexed_with_the_names_right(way: str, tmp_path: Path) -> None:
    dimse = Dimse(host="127.0.0.1", port=DICOM, title="ORTHANC", calling="YILIAN")
    archive: Peer = web() if way == "dicomweb" else DimseArchive(dimse, partial(as_json, charset=None))
    first, again, box = pulled(archive, tmp_path / "kept.json")
    assert (first, again) == (1, 0)
    profile = Profile(name="orthanc", issuer="urn:oid:2.999.1")
    found = translator(profile, "F01", IDS)(box.received[0].raw)
    resources = {draft.resource["resourceType"]: {**draft.resource, **draft.defaults} for draft in found.drafts}
    assert resources["ImagingStudy"]["numberOfInstances"] == 3
    assert NAME in str(resources["Patient"]["name"])


def test_its_images_pass_through_with_no_address_of_its_own() -> None:
    async def story() -> bytes:
        archive = web()
        accept = 'multipart/related; type="application/dicom"'
        async with archive.fetch(f"studies/{STUDY}", accept=accept) as found:
            parts = own_parts(found.chunks, boundary_of(found.media), "https://hub.example/dicom-web/a")
            whole = b"".join([piece async for piece in parts])
        await archive.close()
        return whole

    whole = asyncio.run(story())
    assert whole.count(b"DICM") == 3
    assert ROOT.partition("//")[2].encode() not in whole


def test_it_sends_its_objects_to_the_hub() -> None:
    async def story() -> list[str]:
        async with listening() as feed, httpx.AsyncClient(base_url=ROOT, trust_env=False, timeout=30) as rest:
            hub = {"AET": "YILIAN", "Host": "127.0.0.1", "Port": feed.port}
            (await rest.put("/modalities/hub", json=hub)).raise_for_status()
            (known,) = (await rest.post("/tools/lookup", content=STUDY)).json()
            (await rest.post("/modalities/hub/store", content=known["ID"])).raise_for_status()
            return sorted(each.envelope.identity for each in feed.inbox.received)

    assert asyncio.run(story()) == [f"{STUDY}.{n}" for n in (1, 2, 3)]
