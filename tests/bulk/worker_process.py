"""A bulk worker in a process of its own, to be killed: `python -m tests.bulk.worker_process URL FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.api.house import house
from tests.bulk.house import bulk_in


async def main(url: str, folder: Path) -> None:
    async with house(url, folder=folder) as home:
        print("ready", flush=True)  # noqa: T201
        await bulk_in(home).worker.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
