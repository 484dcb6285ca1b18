"""DICOM: headers of CT slices over one association, from files, and as an archive tells a study of them.

Run: python -m bench.dicom [SLICES]. The sender is a process of its own on the other core; ratios are of CPU time here.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.filereader import read_dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt

from connectors.pacs.dicomweb import DicomwebArchive
from connectors.pacs.pull import Pull
from connectors.pacs.server import PDU
from hub.bootstrap.formats import Dicom
from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.kernel.archive import Archive
from hub.kernel.clock import system_clock
from hub.kernel.log import Log
from mappings.dicom.convert import convert
from tests.api.imaging.pacs import archive
from tests.connectors.pacs import listening, send
from tests.mappings.dicom import objects
from tests.pipeline.fake_feed import FEED, IDS
from tests.pipeline.hub_in_a_box import box

_ROWS = 512
#: By turns, so that both see the same load; the middle one counts.
_ROUNDS = 3


def slices(count: int) -> list[bytes]:
    """Slices of one series, half a megabyte each."""
    found = []
    for n in range(1, count + 1):
        made = objects.dataset(n, Rows=_ROWS, Columns=_ROWS, BitsAllocated=16, BitsStored=16, SamplesPerPixel=1)
        made.PixelRepresentation, made.PhotometricInterpretation = 0, "MONOCHROME2"
        made.add_new(0x7FE00010, "OW", bytes(_ROWS * _ROWS * 2))
        found.append(objects.part_10(made))
    return found


async def _received(count: int) -> tuple[float, float]:
    """Wall and CPU seconds in which the listener takes the slices."""
    async with listening(seconds=30) as feed:
        process = multiprocessing.get_context("spawn").Process(target=_send, args=(feed.port, count))
        process.start()
        while not feed.inbox.received:
            await asyncio.sleep(0.005)
        wall, cpu = time.perf_counter(), time.process_time()
        while len(feed.inbox.received) < count and process.is_alive():
            await asyncio.sleep(0.005)
        taken = time.perf_counter() - wall, time.process_time() - cpu
        await asyncio.to_thread(process.join)
        return taken


def _received_bare(count: int) -> tuple[float, float]:
    """The same of the library's own listener with nothing behind it, which reads the header of each slice."""
    begun: list[float] = []
    received = 0

    def store(event: Any) -> int:
        nonlocal received
        if not begun:
            begun[:] = time.perf_counter(), time.process_time()
        event.request.DataSet.seek(0)
        syntax = event.context.transfer_syntax
        read_dataset(event.request.DataSet, syntax.is_implicit_VR, syntax.is_little_endian, stop_when=_at_pixels)
        received += 1
        return 0

    entity = AE("BARE")
    entity.maximum_pdu_size = PDU
    entity.supported_contexts = AllStoragePresentationContexts
    handlers = [(evt.EVT_C_STORE, store), (evt.EVT_CONN_OPEN, _without_delay)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)  # type: ignore[arg-type]
    assert server is not None
    process = multiprocessing.get_context("spawn").Process(target=_send, args=(server.server_address[1], count))
    process.start()
    while received < count and process.is_alive():
        time.sleep(0.005)
    taken = time.perf_counter() - begun[0], time.process_time() - begun[1]
    process.join()
    server.shutdown()
    return taken


def _at_pixels(tag: Any, _vr: str | None, _length: int) -> bool:
    return int(tag) >= 0x7FE00008


def _without_delay(event: Any) -> None:
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _send(port: int, count: int) -> None:
    """By DCMTK where the machine has it: the library as a sender is slower than a listener."""
    program = shutil.which("storescu")
    if program is None:
        send(port, slices(count))
        return
    with tempfile.TemporaryDirectory() as folder:
        for n, raw in enumerate(slices(count)):
            Path(folder, f"{n:05}.dcm").write_bytes(raw)
        order = [program, "-pdu", str(PDU), "+sd", "127.0.0.1", str(port), folder]
        subprocess.run(order, check=True, env={**os.environ, "TCP_NODELAY": "1"})


async def _pulled(url: str, slices_of_one: int = 50, studies: int = 6) -> list[tuple[float, float]]:
    """Milliseconds of the clock and of CPU from trigger to record, by study; archive and worker are in this process."""
    reading = Dicom(None)
    uids = [f"{objects.STUDY}.{n}" for n in range(1, studies + 1)]
    made = [
        objects.dataset(n, StudyInstanceUID=uid, PatientID=uid[-1], Rows=512, SOPInstanceUID=f"{uid}.{n}")
        for uid in uids
        for n in range(1, slices_of_one + 1)
    ]
    found = []
    async with box(url, {FEED: reading.translator("F01", IDS, "https://hub.example")}) as hub, archive(*made) as pacs:
        theirs = DicomwebArchive(Archive(name="a", facility="F01", dicomweb=pacs.base))
        read, log = reading.envelope_reader(), Log("bench", level="WARNING")
        inbox = hub.inbox
        pull = Pull(FEED, theirs, inbox=inbox, known=inbox.knows, read_envelope=read, clock=system_clock, log=log)
        worker = hub.worker()
        for uid in uids:
            begun, cpu = time.perf_counter(), time.process_time()
            await pull(uid, "bench")
            await hub.drain(worker)
            found.append((1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - cpu)))
        await theirs.close()
    return found


def _indexing() -> list[tuple[float, float]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL's account must pass when we are root
        with EmbeddedPostgres(folder) as server:
            asyncio.run(upgrade(server.url))
            return asyncio.run(_pulled(server.url))


def _cpu(work: object, times: int = 3) -> float:
    assert callable(work)
    best = float("inf")
    for _ in range(times):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rounds = [(asyncio.run(_received(count)), _received_bare(count)) for _ in range(_ROUNDS)]
    ours, bare = ([sorted(each)[_ROUNDS // 2] for each in zip(*one, strict=True)] for one in zip(*rounds, strict=True))
    for name, (wall, cpu) in (("the hub", ours), ("pynetdicom with nothing behind it", bare)):
        told = f"{count / wall:6.0f} files/s, {1000 * cpu / count:.2f} ms CPU per file"
        print(f"header-only C-STORE, one association, {name}: {told}")
    print(f"CPU of the hub: {ours[1] / bare[1]:.2f} of that")
    took, cost = (sorted(each)[2] for each in zip(*_indexing(), strict=True))
    print(f"a study of 50 slices, pulled and indexed: {took:.0f} ms, {cost:.0f} ms CPU without PostgreSQL, fsync on")
    files = slices(min(count, 200))
    cost_of = _cpu(lambda: list(convert([(str(n), io.BytesIO(raw)) for n, raw in enumerate(files)])))
    theirs = _cpu(lambda: [dcmread(io.BytesIO(raw), stop_before_pixels=True).to_json_dict() for raw in files])
    told = f"{cost_of / theirs:.2f} times pydicom's header to JSON"
    print(f"files to FHIR: {len(files) / cost_of:6.0f} files/s of CPU, {told}")


if __name__ == "__main__":
    main()
