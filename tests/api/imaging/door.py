"""A hub with one archive behind it, in one process: three studies, one of them of another hospital."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from connectors.pacs.dicomweb import DicomwebArchive
from hub.api.imaging.endpoint import Source, imaging_route
from hub.kernel.archive import Archive, served_at
from hub.kernel.types import Json
from tests.api.house import House, house, patient
from tests.api.imaging.pacs import Pacs, archive, served
from tests.mappings.dicom import objects

NAME = "F05-pacs"
OURS, THEIRS, VOID = (f"{objects.STUDY}.{n}" for n in (1, 2, 3))


@dataclass
class Imaging:
    """The hub's address, its house, and the archive."""

    base: str
    home: House
    pacs: Pacs
    http: httpx.AsyncClient

    async def get(self, path: str, who: str = "clinic", **headers: str) -> httpx.Response:
        sent = {"authorization": f"Bearer {who}"} if who else {}
        return await self.http.get(f"{self.base}/{path}", headers=sent | headers)


@asynccontextmanager
async def imaging(url: str) -> AsyncIterator[Imaging]:
    """`OURS` is of the clinic, `THEIRS` of another hospital, `VOID` an error of the clinic's."""
    made = [objects.dataset(n, StudyInstanceUID=uid) for uid in (OURS, THEIRS, VOID) for n in (1, 2)]
    async with house(url) as home, archive(*made) as pacs:
        ids, endpoint = await _indexed(home)
        theirs = DicomwebArchive(Archive(name=NAME, facility="F05", dicomweb=pacs.base))
        app = FastAPI()
        source = Source(
            archive=theirs,
            study_id=lambda uid: ids.get(uid, "none"),
            endpoint=endpoint,
            base=served_at("https://hub.example/fhir", NAME),
        )
        app.router.routes.append(imaging_route(home.services, {NAME: source}))
        async with served(app) as root, httpx.AsyncClient(timeout=10) as http:
            yield Imaging(f"{root}/dicom-web/{NAME}", home, pacs, http)
        await theirs.close()


async def _indexed(home: House) -> tuple[dict[str, str], str]:
    """The ids of the studies, and of the Endpoint they name."""
    endpoint = await home.create(
        {
            "resourceType": "Endpoint",
            "status": "active",
            "connectionType": {"code": "dicom-wado-rs"},
            "payloadType": [{"text": "any"}],
            "address": "https://hub.example/dicom-web/F05-pacs",
        }
    )
    ids = {}
    for uid, who, status in (
        (OURS, "clinic", "available"),
        (THEIRS, "hospital", "available"),
        (VOID, "clinic", "entered-in-error"),
    ):
        known: dict[str, Any] = {"identifier": [{"system": "urn:test:mrn", "value": who}]}
        about = (await home.create(patient(**known), who=who))["id"]
        ids[uid] = (await home.create(_study(uid, about, endpoint["id"], status), who=who))["id"]
    return ids, endpoint["id"]


def _study(uid: str, about: str, endpoint: str, status: str) -> Json:
    return {
        "resourceType": "ImagingStudy",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}],
        "status": status,
        "subject": {"reference": f"Patient/{about}"},
        "started": "2026-03-02T08:30:15+08:00",
        "endpoint": [{"reference": f"Endpoint/{endpoint}"}],
        "series": [
            {
                "uid": f"{objects.STUDY}.1",
                "modality": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"},
                "instance": [
                    {"uid": f"{objects.STUDY}.1.{n}", "sopClass": {"code": f"urn:oid:{objects.CT}"}} for n in (1, 2)
                ],
            }
        ],
    }
