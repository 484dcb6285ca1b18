"""What a worker needs for one long message, and to take it again: resident memory above that of the idle process,
seconds and CPU.

`python -m bench.long [--json FILE] [--results N]` takes an ORU^R01 of N results of a hundred tests through inbox,
translator and records on a PostgreSQL of its own in a temporary folder; another process accepts it. Memory is
the peak the kernel kept; a message of another patient was taken before, so what is remembered of a sender is there.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.kernel.types import Received
from hub.pipeline.chosen import Filter
from mappings.hl7v2.envelope import read_envelope
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from tests.mappings.messages import panel
from tests.pipeline.desk import ENGINEER, repairs
from tests.pipeline.fake_feed import FACILITIES, FEED, IDS, NOON
from tests.pipeline.hub_in_a_box import Box, box

#: Results of the message that is taken before.
_BEFORE: Final = 600
#: The number the long one has, and its order.
_LONG: Final = 2
_STATUS: Final = Path("/proc/self/status")


def memory(kind: str) -> int:
    """Bytes of this process in memory: now (`VmRSS`), or the most since `forget_peak` (`VmHWM`; proc(5))."""
    line = next(each for each in _STATUS.read_text().splitlines() if each.startswith(f"{kind}:"))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Let the most that was in memory be what is now."""
    Path("/proc/self/clear_refs").write_text("5")


def accept(url: str, results: int, order: int) -> None:
    """Accept a message in a process of its own, as a listener does."""
    listener = get_context("spawn").Process(target=_accept, args=(url, results, order))
    listener.start()
    listener.join()


def _accept(url: str, results: int, order: int) -> None:
    async def accepted() -> None:
        raw = panel(results, order).replace(b"00012345", f"{order:08}".encode())
        envelope = read_envelope(raw)
        async with box(url) as hub:
            await hub.inbox.accept(Received(feed=FEED, raw=raw, envelope=envelope, received_at=NOON, peer="127.0.0.1"))

    asyncio.run(accepted())


def take(url: str, results: int, order: int) -> dict[str, float]:
    """Take the long message, in a process that took one of another patient, `order`, before; memory in MB and as a
    multiple of its length, and what it took. Where it was taken already, it is taken again.
    """
    accept(url, _BEFORE, order)
    with ProcessPoolExecutor(1, get_context("spawn")) as workers:
        return workers.submit(_take, url, results).result()


def _take(url: str, results: int) -> dict[str, float]:
    async def taken() -> dict[str, float]:
        async with box(url, {FEED: translator(DEFAULT, FACILITIES[FEED], IDS)}) as hub:
            await hub.drain()
            if not await repairs(hub).replay(Filter(numbers=(_LONG,)), ENGINEER):
                await asyncio.to_thread(accept, url, results, _LONG)
            return await _drained(hub, len(panel(results)))

    return asyncio.run(taken())


async def _drained(hub: Box, length: int) -> dict[str, float]:
    gc.collect()
    idle = memory("VmRSS")
    forget_peak()
    began, worked = time.perf_counter(), time.process_time()
    await hub.drain()
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    more = memory("VmHWM") - idle
    return {
        "idle MB": idle / 1e6,
        "MB more": more / 1e6,
        "times its length": more / length,
        "seconds": seconds,
        "CPU seconds": cpu,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path)
    options.add_argument("--results", type=int, default=119_472)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "db", durable=False) as server:
        asyncio.run(upgrade(server.url))
        found = {"bytes": len(panel(given.results)), **take(server.url, given.results, 1)}
        found |= {f"again: {name}": value for name, value in take(server.url, given.results, 3).items()}
    for name, value in found.items():
        print(f"{name:24} {value:,.1f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
