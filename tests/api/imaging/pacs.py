"""A small DICOMweb archive on loopback, and whatever else is served in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from pydicom import Dataset
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.kernel.types import Json
from tests.mappings.dicom import objects

ROOT = "/pacs/dicom-web"
BOUNDARY = "0123-mark"
#: What an archive behind a proxy may call itself in what it sends.
INSIDE = "http://pacs.inside:8042/dicom-web"


@dataclass
class Pacs:
    """The archive: its objects, what it was asked, and what it is told to do instead of answering."""

    objects: list[Dataset] = field(default_factory=list)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    instead: ASGIApp | None = None
    left: asyncio.Event = field(default_factory=asyncio.Event)
    base: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = request.url.path.removeprefix(ROOT)
        self.asked.append((path + (f"?{request.url.query}" if request.url.query else ""), request.headers))
        await (self.instead or self._answer(path))(scope, receive, send)

    def _answer(self, path: str) -> Response:
        parts = path.strip("/").split("/")
        chosen = [each for each in self.objects if _is_in(each, parts)]
        if not chosen:
            return Response(f"nothing at {INSIDE}", 404)
        if parts[-1] == "metadata":
            return Response(json.dumps([metadata(each) for each in chosen]), media_type="application/dicom+json")
        if "frames" in parts or "bulk" in parts:
            return _parts([(chosen[0].PixelData, path)], "application/octet-stream")
        if parts[-1] == "rendered":
            return Response(b"\x89PNG...", media_type="image/png")
        return _parts([(objects.part_10(each), path) for each in chosen], "application/dicom")

    async def pour(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer without an end, until the client has gone."""
        leaving = asyncio.ensure_future(_gone(receive))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/dicom")]})
        while not leaving.done():
            await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
            await asyncio.sleep(0)
        self.left.set()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def metadata(made: Dataset) -> Json:
    """One object as an archive tells of it, with addresses of its own."""
    at = f"{INSIDE}/studies/{made.StudyInstanceUID}/series/{made.SeriesInstanceUID}/instances/{made.SOPInstanceUID}"
    told: Json = made.to_json_dict()
    told["00081190"] = {"vr": "UR", "Value": [at]}
    told["7FE00010"] = {"vr": "OW", "BulkDataURI": f"{at}/bulk/7fe00010"}
    return told


def _is_in(made: Dataset, parts: list[str]) -> bool:
    named = dict(zip(parts[::2], parts[1::2], strict=False))
    levels = {
        "studies": made.StudyInstanceUID,
        "series": made.SeriesInstanceUID,
        "instances": made.SOPInstanceUID,
    }
    return all(named.get(level, uid) == uid for level, uid in levels.items())


def _parts(bodies: list[tuple[bytes, str]], media: str) -> Response:
    content = b"".join(
        f"--{BOUNDARY}\r\nContent-Type: {media}\r\nX-Inside: pacs.inside\r\n"
        f"Content-Location: {INSIDE}{path}\r\n\r\n".encode()
        + body
        + b"\r\n"
        for body, path in bodies
    )
    kind = f'multipart/related; type="{media}"; boundary={BOUNDARY}'
    return Response(content + f"--{BOUNDARY}--\r\n".encode(), headers={"content-type": kind})


@asynccontextmanager
async def served(app: ASGIApp, **options: Any) -> AsyncIterator[str]:
    """An application on a port of loopback; its base URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, lifespan="off", access_log=False, **options)
        server = uvicorn.Server(config)
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            await serving


@asynccontextmanager
async def archive(*made: Dataset) -> AsyncIterator[Pacs]:
    """An archive of these objects."""
    pacs = Pacs(objects=list(made))
    async with served(pacs) as root:
        pacs.base = root + ROOT
        yield pacs
