"""The loop that appends the audit trail to its Merkle tree and looks for alarms in it, beside the events."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from hub.audit.alarming import Alarming
from hub.audit.sequencer import Sequencer
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log

#: Seconds between two looks: every row is a leaf within a second of its release.
_PAUSE: Final = 0.4
#: Seconds after a failure, and after a tree that is not the one that was signed: somebody has to look first.
_BACK_OFF: Final = 2.0
_BROKEN: Final = 60.0


async def run_sequencing(sequencer: Sequencer, alarming: Alarming, log: Log, stop: asyncio.Event) -> None:
    """Take turn after turn until `stop` is set; what fails is tried again."""
    while not stop.is_set():
        pause = await _turn(sequencer, alarming, log)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await stop.wait()


async def _turn(sequencer: Sequencer, alarming: Alarming, log: Log) -> float:
    try:
        more = True
        while more:
            more = await sequencer.turn() == sequencer.batch
            if count := await alarming.turn(sequencer.appended):
                log.event("audit-alarms", level="WARNING", count=count)
    except HubError as error:
        broken = error.category is Category.CONFLICT
        log.failure("audit-tree-broken" if broken else "sequencing-waits", error, code=error.code)
        return _BROKEN if broken else _BACK_OFF
    except Exception as error:
        # It must not end the process, which has other work.
        log.failure("sequencing-broke", error)
        return _BACK_OFF
    return _PAUSE
