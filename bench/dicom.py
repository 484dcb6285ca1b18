"""DICOM: headers of CT slices over one association, and from files; against the library's own decoding.

Run: python -m bench.dicom [SLICES]. The sender is a process of its own on the other core; ratios are of CPU time here.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import sys
import time

from pydicom import dcmread

from mappings.dicom.convert import convert
from tests.connectors.pacs import listening, send
from tests.mappings.dicom import objects

_ROWS = 512


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
        while len(feed.inbox.received) < count:
            await asyncio.sleep(0.005)
        taken = time.perf_counter() - wall, time.process_time() - cpu
        await asyncio.to_thread(process.join)
        return taken


def _send(port: int, count: int) -> None:
    send(port, slices(count))


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
    wall, cpu = asyncio.run(_received(count))
    print(
        f"header-only C-STORE, one association: {count / wall:6.0f} files/s, {1000 * cpu / count:.2f} ms CPU per file"
    )
    files = slices(min(count, 200))
    ours = _cpu(lambda: list(convert([(str(n), io.BytesIO(raw)) for n, raw in enumerate(files)])))
    theirs = _cpu(lambda: [dcmread(io.BytesIO(raw), stop_before_pixels=True).to_json_dict() for raw in files])
    print(f"files to FHIR: {len(files) / ours:6.0f} files/s of CPU, {ours / theirs:.2f} times pydicom's header to JSON")


if __name__ == "__main__":
    main()
