"""A whole hub of the demo consortium for a benchmark: all its processes, its own PostgreSQL with fsync on, loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.cpu import parent
from hub.demo.ask import Client
from hub.demo.tokens import clients
from hub.kernel.log import Log
from hub.kernel.settings import Settings
from hub.run.hub import Addresses, running
from hub.run.installation import DEMO_CONSORTIUM, database_of


@dataclass(frozen=True, slots=True)
class WholeHub:
    """Where it answers, its database, its processes by name, and clients by role and organisation."""

    addresses: Addresses
    database: str
    pids: Mapping[str, int]
    client: Callable[[str, str], Client]

    async def postmaster(self) -> int:
        """The process that starts those of the database."""
        connection = await asyncpg.connect(self.database)
        try:
            return parent(await connection.fetchval("SELECT pg_backend_pid()"))
        finally:
            await connection.close()


@asynccontextmanager
async def whole_hub(data: Path) -> AsyncIterator[WholeHub]:
    """A hub that runs over the folder `data` until the block ends; it writes to `data`/hub.log."""
    settings = Settings.load({}, data_dir=data, port=0, config=DEMO_CONSORTIUM, log_level="WARNING")
    ready: dict[str, Any] = {}
    with (data / "hub.log").open("w") as lines:
        log = Log("bench", level="WARNING", stream=lines)
        async with running(settings, data / "registry", log, ready.update, output=lines) as addresses:
            client = clients(addresses.base, data, settings)
            yield WholeHub(addresses, database_of(data, settings), ready["pids"], client)
