"""A worker in a process of its own, to be killed: `python -m tests.pipeline.worker_process URL`."""

from __future__ import annotations

import asyncio
import signal
import sys

from hub.db.database import Database
from hub.kernel.clock import fixed_clock
from hub.kernel.log import Log
from hub.pipeline.worker import run_worker
from tests.pipeline.fake_feed import NOON
from tests.pipeline.hub_in_a_box import Box


async def main(url: str) -> None:
    database = await Database.connect(url, size=2)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    hub = Box(database)
    print("ready", flush=True)  # noqa: T201
    await run_worker(
        database,
        hub.ingest,
        hub.translators,
        Log("worker"),
        fixed_clock(NOON),
        batch_size=8,
        stop=stop,
        careful=True,
        max_attempts=50,
        editions=hub.editions,
    )
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
