"""The loop that indexes new search parameters, beside the bulk jobs; what it did is kept step by step."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from hub.db.database import Database
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.store.phrases import Phrases
from hub.store.reindexing import Step, step

#: Seconds to wait after a step: writers come first.
_PAUSES: Final = {Step.MOVED: 0.005, Step.WAITS: 0.2, Step.IDLE: 1.0}
_BACK_OFF: Final = 2.0


async def run_reindexing(database: Database, log: Log, stop: asyncio.Event) -> None:
    """Take step after step until `stop` is set; a failed one is taken again."""
    phrases = Phrases()
    while not stop.is_set():
        pause = await _step(database, phrases, log)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _step(database: Database, phrases: Phrases, log: Log) -> float:
    try:
        async with database.transaction() as tx:
            return _PAUSES[await step(tx, phrases)]
    except HubError as error:
        log.failure("reindexing-waits", error, code=error.code)
        return _BACK_OFF
