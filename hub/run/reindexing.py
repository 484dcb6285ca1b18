"""The loop that brings the index up to date, beside the bulk jobs; what it did is kept step by step."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final

from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.records.indexing import Indexing, Step

#: Seconds to wait after a step: writers come first.
_PAUSES: Final = {Step.MOVED: 0.005, Step.WAITS: 0.2, Step.IDLE: 1.0}
_BACK_OFF: Final = 2.0
#: Seconds between two lines that say how far it is.
_SAID: Final = 10.0


async def run_reindexing(indexing: Indexing, log: Log, stop: asyncio.Event) -> None:
    """Take step after step until `stop` is set, and say now and then how far it is; a failed one is taken again."""
    said = time.monotonic()
    while not stop.is_set():
        pause = await _step(indexing, log)
        if pause == _PAUSES[Step.MOVED] and time.monotonic() - said >= _SAID:
            await _say(indexing, log)
            said = time.monotonic()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _say(indexing: Indexing, log: Log) -> None:
    with suppress(HubError):
        for one in await indexing.progress():
            if not one.ready:
                log.event("indexing", resource_type=one.type, kind=one.kind, count=one.done, total=one.total)


async def _step(indexing: Indexing, log: Log) -> float:
    try:
        return _PAUSES[await indexing.step()]
    except HubError as error:
        log.failure("reindexing-waits", error, code=error.code)
    except Exception as error:
        # It must not end the process, which has other work.
        log.failure("reindexing-broke", error)
    return _BACK_OFF
