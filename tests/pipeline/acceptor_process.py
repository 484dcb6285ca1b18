"""An inbox in a process of its own, to be killed: `python -m tests.pipeline.acceptor_process URL FIRST LAST SEED`.

Accepts messages FIRST to LAST of a story, eight at a time, and tells the position of each one it accepted.
"""

from __future__ import annotations

import asyncio
import sys

from hub.db.database import Database
from hub.pipeline.inbox import PostgresInbox
from tests.pipeline.fake_feed import FACILITIES, received, story


async def main(url: str, first: int, last: int, seed: int) -> None:
    database = await Database.connect(url, size=2)
    inbox = PostgresInbox(database, FACILITIES)
    raws = story(last, seed)

    async def accept(position: int) -> None:
        await inbox.accept(received(raws[position]))
        print(position, flush=True)  # noqa: T201

    for start in range(first, last, 8):
        await asyncio.gather(*(accept(position) for position in range(start, min(start + 8, last))))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:5])))
