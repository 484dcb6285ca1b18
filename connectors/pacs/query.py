"""An archive without DICOMweb, asked by C-FIND (PS3.4 C, Study Root): the two questions of an index, answered alike.

A study is put together from its own level, its series and its images, since each level answers for itself. Texts are
left to `tell`, who knows in which character set an archive really writes.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from pydicom import Dataset
from pynetdicom import AE, evt

from connectors.pacs.server import PDU, TITLE
from hub.kernel.archive import Dimse
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Fetched, Json

#: Study Root Query/Retrieve Information Model - FIND (PS3.6 A).
STUDY_ROOT: Final = "1.2.840.10008.5.1.4.1.2.2.1"
_JSON: Final = "application/dicom+json"
_SUCCESS: Final = 0x0000
_PENDING: Final = frozenset({0xFF00, 0xFF01})
_SECONDS: Final = 30
_STUDY: Final = (
    *("SpecificCharacterSet", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName"),
    *("StudyDescription", "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"),
    *("StudyInstanceUID", "StudyID", "NumberOfStudyRelatedInstances"),
)
_SERIES: Final = (
    *("SpecificCharacterSet", "Modality", "SeriesDate", "SeriesTime", "SeriesDescription", "BodyPartExamined"),
    *("SeriesInstanceUID", "SeriesNumber", "StudyInstanceUID"),
)
#: What a list of studies is asked by.
_WANTED: Final = frozenset({"StudyDate", "StudyInstanceUID", "AccessionNumber"})
_IMAGE: Final = ("SOPInstanceUID", "SOPClassUID", "InstanceNumber", "StudyInstanceUID", "SeriesInstanceUID")

#: The JSON of DICOM (PS3.18 F) of a data set as it came.
Tell = Callable[[Dataset], Json]


class DimseArchive:
    """One archive; implements `hub.kernel.ports.ImageArchive` for the list of studies and the metadata of one."""

    def __init__(self, dimse: Dimse, tell: Tell) -> None:
        self._dimse: Final = dimse
        self._tell: Final = tell

    @asynccontextmanager
    async def fetch(self, path: str, query: Sequence[tuple[str, str]] = (), *, accept: str) -> AsyncIterator[Fetched]:
        """`studies` by StudyDate or UID, a page at a time, or `studies/{uid}/metadata`; else NOT_FOUND."""
        parts = path.split("/")
        if path == "studies":
            told = await asyncio.to_thread(self._list, dict(query))
        elif len(parts) == 3 and parts[::2] == ["studies", "metadata"]:
            told = await asyncio.to_thread(self._study, parts[1])
        else:
            raise HubError(Category.NOT_FOUND, "is nothing that C-FIND tells", where="URL")
        raw = json.dumps(told).encode()

        async def chunks() -> AsyncIterator[bytes]:
            yield raw

        yield Fetched(media=accept or _JSON, length=len(raw), chunks=chunks())

    async def close(self) -> None:
        """Nothing is kept open."""

    def _list(self, query: dict[str, str]) -> list[Json]:
        first = int(query.get("offset", "0"))
        with self._association() as association:
            keys = ("StudyInstanceUID", "StudyDate", "NumberOfStudyRelatedInstances")
            wanted = {name: query[name] for name in _WANTED & query.keys()}
            end = first + int(query.get("limit", "200"))
            found = _find(association, "STUDY", keys, wanted, None if wanted else end)
        return [self._tell(each) for each in found][first:end]

    def _study(self, uid: str) -> list[Json]:
        with self._association() as association:
            studies = _find(association, "STUDY", _STUDY, {"StudyInstanceUID": uid})
            if len(studies) != 1:
                raise HubError(Category.NOT_FOUND, "no such resource", where="URL")
            found = []
            for series in _find(association, "SERIES", _SERIES, {"StudyInstanceUID": uid}):
                above = self._tell(studies[0]) | self._tell(series)
                at = {"StudyInstanceUID": uid, "SeriesInstanceUID": str(series.SeriesInstanceUID)}
                found += [above | self._tell(image) for image in _find(association, "IMAGE", _IMAGE, at)]
        if not found:
            raise HubError(Category.NOT_FOUND, "no such resource", where="URL")
        return found

    @contextmanager
    def _association(self) -> Iterator[Any]:
        entity = AE(self._dimse.calling or TITLE)
        entity.maximum_pdu_size = PDU
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = _SECONDS
        entity.add_requested_context(STUDY_ROOT)
        association = entity.associate(
            self._dimse.host,
            self._dimse.port,
            ae_title=self._dimse.title,
            evt_handlers=[(evt.EVT_CONN_OPEN, _without_delay)],
        )
        if not association.is_established:
            raise _unavailable("takes no association of the hub", "archive-away")
        try:
            yield association
        finally:
            if association.is_established:
                association.release()


def _find(
    association: Any, level: str, keys: Sequence[str], wanted: Mapping[str, str], most: int | None = None
) -> list[Dataset]:
    """What is found; after `most` the association is ended, since the rest may be all that the archive has."""
    asked = Dataset()
    asked.QueryRetrieveLevel = level
    for keyword in keys:
        setattr(asked, keyword, None if keyword.startswith("Number") else "")
    for keyword, value in wanted.items():
        setattr(asked, keyword, value)
    found = []
    for status, identifier in association.send_c_find(asked, STUDY_ROOT):
        code = status.get("Status", None)
        if code in _PENDING and identifier is not None:
            found.append(identifier)
            if len(found) == most:
                association.abort()
                return found
        elif code != _SUCCESS:
            said = "nothing" if code is None else f"{code:04X}"
            raise _unavailable(f"answered {said} to C-FIND", "archive-refused")
    return found


def _without_delay(event: Any) -> None:
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _unavailable(what: str, code: str) -> HubError:
    return HubError(Category.UNAVAILABLE, what, where="imaging archive", todo="try again later", code=code)
