"""Images through the hub: bytes per second and memory of the proxy, against the same download from the archive itself.

Run: python -m bench.images [MEGABYTES]. Archive and client are processes of their own; the hub's part is measured in
this one, with a gate that permits at once, so that what is counted is the carrying.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock, Mock

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from connectors.pacs.dicomweb import DicomwebArchive
from hub.api.imaging.endpoint import Source, imaging_route
from hub.api.services import Services
from hub.kernel.archive import Archive
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from hub.run.whole_writes import WholeWritesProtocol
from tests.api.house import actor
from tests.api.imaging.pacs import served

_SLICE = 526_000
_MARK = b"\r\n--mark"


def study(megabytes: int) -> Iterator[bytes]:
    """A study of CT slices as a multipart answer, in pieces of the size archives write."""
    pixels = bytes(range(256)) * (_SLICE // 256)
    for _ in range(megabytes * 1_000_000 // len(pixels)):
        yield _MARK + b"\r\nContent-Type: application/dicom\r\n\r\n" + pixels
    yield _MARK + b"--\r\n"


def archive(listening: socket.socket, megabytes: int) -> None:
    """An archive that sends the study to whoever asks."""
    sent = list(study(megabytes))
    head = [(b"content-type", b'multipart/related; type="application/dicom"; boundary=mark')]

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for piece in sent:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off")).run(sockets=[listening])


def download(url: str, times: int, results: Any) -> None:
    """Megabytes per second of the fastest of some downloads."""
    found = []
    with httpx.Client(timeout=60, trust_env=False, headers={"authorization": "Bearer bench"}) as client:
        for _ in range(times):
            begun, size = time.perf_counter(), 0
            with client.stream("GET", url) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_raw():
                    size += len(chunk)
            found.append(size / 1e6 / (time.perf_counter() - begun))
    results.put(max(found))


@contextmanager
def started(target: Any, *arguments: Any) -> Iterator[Any]:
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


async def measured(url: str, times: int = 3) -> float:
    results = multiprocessing.get_context("spawn").Queue()
    with started(download, url, times, results):
        return float(await asyncio.to_thread(results.get, True, 300))


async def compared(megabytes: int) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        root = f"http://127.0.0.1:{listening.getsockname()[1]}/dicom-web"
        with started(archive, listening, megabytes):
            direct = await measured(f"{root}/studies/1.2")
            theirs = DicomwebArchive(Archive(name="a", facility="F01", dicomweb=root))
            who = actor("F01")
            services = Mock(
                spec=Services,
                gate=Mock(images=AsyncMock()),
                verify=AsyncMock(return_value=who),
                new_id=lambda: "bench00",
                clock=lambda: who.expires - timedelta(hours=1),
                log=Log("bench", level="WARNING", clock=system_clock),
            )
            source = Source(archive=theirs, study_id=lambda uid: uid, endpoint="e", base="http://hub/dicom-web/a")
            app = FastAPI()
            app.router.routes.append(imaging_route(services, {"a": source}))
            async with served(app, http=WholeWritesProtocol) as hub:
                before, cpu = _peak(), time.process_time()
                proxied = await measured(f"{hub}/dicom-web/a/studies/1.2")
                cpu = time.process_time() - cpu
            await theirs.close()
    print(f"{megabytes} MB study: direct {direct:.0f} MB/s, through the hub {proxied:.0f} ({proxied / direct:.2f})")
    print(f"{3 * megabytes / cpu:.0f} MB per second of CPU, memory at most {_peak():.0f} MB, {before:.0f} before")


def _peak() -> float:
    """Megabytes this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    import uvloop

    uvloop.run(compared(int(sys.argv[1]) if len(sys.argv) > 1 else 200))


if __name__ == "__main__":
    main()
