"""A hub with one archive behind it, in one process: three studies, one of them of another hospital."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from pydicom import Dataset

from connectors.pacs.dicomweb import DicomwebArchive
from hub.api.cross_origin import CrossOrigin
from hub.api.imaging.endpoint import Source, imaging_route
from hub.auth.directory import Directory
from hub.auth.oauth.clients import PUBLIC, Client, Clients
from hub.kernel.archive import Archive, served_at
from hub.kernel.clock import system_clock
from hub.kernel.types import Json
from tests.api.house import House, house, patient
from tests.api.imaging.pacs import Pacs, archive, served
from tests.auth.consortium import CONSORTIUM
from tests.mappings.dicom import objects

NAME = "F05-pacs"
OURS, THEIRS, VOID = (f"{objects.STUDY}.{n}" for n in (1, 2, 3))
ROWS, COLUMNS = 2, 4


@dataclass
class Imaging:
    """The hub's address, its house, and the archive."""

    base: str
    home: House
    pacs: Pacs
    http: httpx.AsyncClient
    clients: Clients
    missing: list[str]

    async def get(self, path: str, who: str = "clinic", **headers: str) -> httpx.Response:
        sent = {"authorization": f"Bearer {who}"} if who else {}
        return await self.http.get(f"{self.base}/{path}", headers=sent | headers)

    async def register_viewer(self, origin: str) -> None:
        """An application whose pages come from `origin`."""
        viewer = Client(
            id="viewer",
            name="阅片",
            kind=PUBLIC,
            redirect_uris=(f"{origin}/callback",),
            scopes=("user/ImagingStudy.rs", "user/Patient.rs"),
            roles=("clinician",),
            origins=(origin,),
        )
        await self.clients.add(viewer)


def stored(n: int) -> tuple[int, ...]:
    """The values of the pixels of the nth image of a study: signed, some outside the window it is shown in."""
    return tuple(n + value for value in (-1024, 0, 864, 964, 1064, 1164, 1264, 3000))


def image(n: int, study: str) -> Dataset:
    """The nth image of a study: a CT of eight pixels, its name in GB18030."""
    return objects.dataset(
        n,
        StudyInstanceUID=study,
        SpecificCharacterSet="GB18030",
        PatientName="Shen^Guilan=沈^桂兰",
        Rows=ROWS,
        Columns=COLUMNS,
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        BitsAllocated=16,
        BitsStored=16,
        HighBit=15,
        PixelRepresentation=1,
        RescaleSlope="1",
        RescaleIntercept="-1024",
        WindowCenter="40",
        WindowWidth="400",
        PixelData=struct.pack(f"<{ROWS * COLUMNS}h", *stored(n)),
    )


@asynccontextmanager
async def imaging(url: str) -> AsyncIterator[Imaging]:
    """`OURS` is of the clinic, `THEIRS` of another hospital, `VOID` an error of the clinic's."""
    made = [image(n, uid) for uid in (OURS, THEIRS, VOID) for n in (1, 2)]
    async with house(url) as home, archive(*made) as pacs:
        ids, endpoint = await _indexed(home)
        theirs = DicomwebArchive(Archive(name=NAME, facility="F05", dicomweb=pacs.base))
        clients = Clients(home.database, Directory(CONSORTIUM), system_clock)
        app = FastAPI()
        door = CrossOrigin(app, origins=clients.origins, clock=system_clock)
        async with served(door) as root, httpx.AsyncClient(timeout=10) as http:
            base = served_at(f"{root}/fhir", NAME)
            missing: list[str] = []
            source = Source(
                archive=theirs,
                study_id=lambda uid: ids.get(uid, "none"),
                endpoint=endpoint,
                base=base,
                missing=missing.append,
            )
            app.router.routes.append(imaging_route(home.services, {NAME: source}))
            yield Imaging(base, home, pacs, http, clients, missing)
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
