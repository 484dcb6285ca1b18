"""What a worker needs for one long message: resident memory above that of the idle process, seconds and CPU.

`python -m bench.long [--json FILE] [--results N]` takes an ORU^R01 of N results of a hundred tests through inbox,
translator and records on a PostgreSQL of its own in a temporary folder; another process accepts it. Memory is looked at
every 5 ms; a message of another order has been taken before, so that what is remembered of a sender is there already.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import tempfile
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from hub.kernel.types import Received
from mappings.hl7v2.envelope import read_envelope
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from tests.mappings.messages import panel
from tests.pipeline.fake_feed import FACILITIES, FEED, IDS, NOON
from tests.pipeline.hub_in_a_box import box

#: Results of the message that is taken before.
_BEFORE: Final = 600
_STATUS: Final = Path("/proc/self/status")


def resident() -> int:
    """Bytes of this process that are in memory."""
    line = next(each for each in _STATUS.read_text().splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


class Watch(threading.Thread):
    """Looks at the memory of the process until it is stopped; `most` is the largest it saw."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.005):
            self.most = max(self.most, resident())


def accept(url: str, results: int, order: int) -> None:
    """Accept a message in a process of its own, as a listener does."""
    listener = get_context("spawn").Process(target=_accept, args=(url, results, order))
    listener.start()
    listener.join()


def _accept(url: str, results: int, order: int) -> None:
    async def accepted() -> None:
        raw = panel(results, order)
        envelope = read_envelope(raw)
        async with box(url) as hub:
            await hub.inbox.accept(Received(feed=FEED, raw=raw, envelope=envelope, received_at=NOON, peer="127.0.0.1"))

    asyncio.run(accepted())


async def measure(url: str, results: int) -> dict[str, float]:
    """Take the message; memory in MB and as a multiple of its length, and what it took."""
    translators = {FEED: translator(DEFAULT, FACILITIES[FEED], IDS)}
    async with box(url, translators) as hub:
        accept(url, _BEFORE, 2)
        await hub.drain()
        accept(url, results, 1)
        gc.collect()
        idle, watch = resident(), Watch()
        watch.start()
        began, worked = time.perf_counter(), time.process_time()
        await hub.drain()
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        watch.stopped.set()
        watch.join()
        more, length = watch.most - idle, len(panel(results))
        return {
            "bytes": length,
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
        found = asyncio.run(measure(server.url, given.results))
    for name, value in found.items():
        print(f"{name:20} {value:,.1f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
