"""A worker that dies as it writes for the n-th time: `python -m tests.pipeline.dying_worker_process URL N`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from hub.db.database import Tx
from hub.kernel.clock import fixed_clock
from hub.records.ingest import Ingest
from hub.store.store import Store
from hub.store.values import Saved, Write
from tests.pipeline.fake_feed import FACILITIES, FEED, IDS, NOON
from tests.pipeline.hub_in_a_box import box, consequences
from tests.pipeline.long_feed import translate


class Dying(Store):
    """A store that kills its process when it has written for the `at`-th time."""

    def __init__(self, at: int) -> None:
        super().__init__(fixed_clock(NOON))
        self._left = at

    async def save(self, tx: Tx, writes: Sequence[Write], *, answered: bool = True) -> list[Saved]:
        saved = await super().save(tx, writes, answered=answered)
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        return saved


async def main(url: str, at: int) -> None:
    async with box(url, {FEED: translate}) as hub:
        store = Dying(at)
        hub.ingest = Ingest(store, IDS, FACILITIES.values(), consequences(store))
        await hub.drain()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
