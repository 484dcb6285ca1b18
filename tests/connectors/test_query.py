"""An archive without DICOMweb: its studies are listed and told by C-FIND, in the characters it really writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt

from connectors.pacs.query import STUDY_ROOT, DimseArchive
from hub.kernel.archive import Dimse
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import Json
from mappings.dicom.feed import translator
from mappings.dicom.metadata import as_json
from mappings.dicom.profile import DEFAULT
from tests.mappings.dicom import objects

Answer = Callable[[Dataset], list[Dataset] | int]


@contextmanager
def answering(answer: Answer) -> Iterator[Dimse]:
    """An archive that answers C-FIND; a number is the status of a failure."""

    def find(event: Any) -> Iterator[tuple[int, Dataset | None]]:
        found = answer(event.identifier)
        if isinstance(found, int):
            yield found, None
            return
        for each in found:
            yield 0xFF00, each

    entity = AE("PACS1")
    entity.add_supported_context(STUDY_ROOT)
    entity.require_called_aet = True
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, find)])
    assert server is not None
    try:
        yield Dimse(host="127.0.0.1", port=int(server.server_address[1]), title="PACS1")
    finally:
        server.shutdown()


def shelf(*made: Dataset) -> Answer:
    """An archive of objects, whose answers are in GBK and say ISO_IR 100."""

    def answer(asked: Dataset) -> list[Dataset]:
        level = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
        named = level[asked.QueryRetrieveLevel]
        chosen: dict[str, Dataset] = {}
        for each in made:
            if all(asked.get(uid) in ("", None, each.get(uid)) for uid in level.values()):
                chosen.setdefault(str(each.get(named)), each)
        return [_told(each, asked) for each in chosen.values()]

    return answer


def _told(made: Dataset, asked: Dataset) -> Dataset:
    told = Dataset()
    for element in asked:
        if element.keyword in made and element.keyword != "PatientName":
            told[element.tag] = made[element.tag]
    if "PatientName" in asked:
        told.SpecificCharacterSet = "ISO_IR 100"
        told.PatientName = "沈^桂兰".encode("gbk").decode("latin-1")
    if "NumberOfStudyRelatedInstances" in asked:
        told.NumberOfStudyRelatedInstances = 3
    return told


def fetched(dimse: Dimse, path: str, *query: tuple[str, str]) -> list[Json]:
    async def story() -> list[Json]:
        archive = DimseArchive(dimse, partial(as_json, charset=None))
        async with archive.fetch(path, query, accept="application/dicom+json") as found:
            told: list[Json] = json.loads(b"".join([chunk async for chunk in found.chunks]))
            return told

    return asyncio.run(story())


def test_a_study_is_told_level_by_level_and_becomes_the_record_its_files_become() -> None:
    made = [objects.dataset(n, series) for series, n in ((1, 1), (1, 2), (2, 1))]
    with answering(shelf(*made)) as dimse:
        listed = fetched(dimse, "studies", ("StudyDate", "20260301-20260303"), ("limit", "200"), ("offset", "0"))
        told = fetched(dimse, f"studies/{objects.STUDY}/metadata")
    assert [(each["0020000D"]["Value"], each["00201208"]["Value"]) for each in listed] == [([objects.STUDY], ["3"])]
    drafts = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))(json.dumps(told).encode()).drafts
    by_type = {each.resource["resourceType"]: each for each in drafts}
    study = by_type["ImagingStudy"].resource
    assert (study["numberOfSeries"], study["numberOfInstances"]) == (2, 3)
    assert study["identifier"][1]["value"] == "A9901"
    assert by_type["Patient"].defaults["name"][0]["text"] == "沈桂兰"


def test_a_page_of_the_list_is_a_page() -> None:
    made = [objects.dataset(1, StudyInstanceUID=f"1.2.{n}") for n in range(5)]
    with answering(shelf(*made)) as dimse:
        told = fetched(dimse, "studies", ("limit", "2"), ("offset", "4"))
        one = fetched(dimse, "studies", ("StudyInstanceUID", "1.2.3"), ("limit", "1"))
    assert [each["0020000D"]["Value"] for each in (*told, *one)] == [["1.2.4"], ["1.2.3"]]


@pytest.mark.parametrize(
    ("answer", "path", "category"),
    [
        (lambda _: [], "studies/1.2/metadata", Category.NOT_FOUND),
        (lambda _: 0xA700, "studies", Category.UNAVAILABLE),
        (lambda _: [], "studies/1.2/series", Category.NOT_FOUND),
    ],
)
def test_what_an_archive_does_not_tell_is_an_error_with_a_reason(answer: Answer, path: str, category: Category) -> None:
    with answering(answer) as dimse, pytest.raises(HubError) as refused:
        fetched(dimse, path)
    assert refused.value.category is category


def test_an_archive_that_takes_no_association_is_away() -> None:
    with answering(lambda _: []) as dimse, pytest.raises(HubError) as refused:
        fetched(Dimse(host=dimse.host, port=dimse.port, title="OTHER"), "studies")
    assert refused.value.code == "archive-away"
