"""The database a hub runs on: the one it was given, or an embedded cluster that is started again when it dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from hub.db.embedded import EmbeddedPostgres
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.settings import Settings

#: Seconds between two looks at the embedded server, and before another try when it did not start.
LOOK_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 5.0


@asynccontextmanager
async def kept_database(settings: Settings, log: Log) -> AsyncIterator[str]:
    """URL of the database while the block runs. Raises HubError as `EmbeddedPostgres.start` does."""
    if settings.database_url:
        yield settings.database_url
        return
    cluster = EmbeddedPostgres(settings.data_dir / "postgres", binaries=settings.postgres_bin)
    url = await asyncio.to_thread(cluster.start)
    stopping = asyncio.Event()
    keeper = asyncio.create_task(_keep(cluster, stopping, log))
    try:
        yield url
    finally:
        stopping.set()
        await keeper
        await asyncio.to_thread(cluster.stop)


async def _keep(cluster: EmbeddedPostgres, stopping: asyncio.Event, log: Log) -> None:
    """Start the server again whenever it died. Not cancelled but asked to stop: a start that has begun must end."""
    pause = LOOK_SECONDS
    while not await _set_within(stopping, pause):
        pause = LOOK_SECONDS
        if cluster.running:
            continue
        log.event("database-died", level="ERROR")
        try:
            await asyncio.to_thread(cluster.start)
            log.event("database-restarted")
        except HubError as error:
            log.failure("database-not-started", error, code=error.code)
            pause = RETRY_SECONDS


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
