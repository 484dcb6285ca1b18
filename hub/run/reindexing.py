"""The loop that brings the index up to date, beside the bulk jobs; what it did is kept step by step."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.records.indexing import Indexing, Step

#: Seconds to wait after a step: writers come first.
_PAUSES: Final = {Step.MOVED: 0.005, Step.WAITS: 0.2, Step.IDLE: 1.0}
_BACK_OFF: Final = 2.0


async def run_reindexing(indexing: Indexing, log: Log, stop: asyncio.Event) -> None:
    """Take step after step until `stop` is set; a failed one is taken again."""
    while not stop.is_set():
        pause = await _step(indexing, log)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _step(indexing: Indexing, log: Log) -> float:
    try:
        return _PAUSES[await indexing.step()]
    except HubError as error:
        log.failure("reindexing-waits", error, code=error.code)
    except Exception as error:
        # It must not end the process, which has other work.
        log.failure("reindexing-broke", error)
    return _BACK_OFF
