"""Performed procedure steps (MPPS, PS3.4 F): a modality tells that it has begun, and that it is done with, a study.

What it says beside that is not kept: a step that has ended is a trigger, and the study is pulled from its archive once
the images are there. A step whose end is never told, or told to another process, is found by polling.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final

from pydicom import Dataset

from hub.kernel.errors import DIMSE, Category, HubError
from hub.kernel.log import Log
from hub.kernel.types import Accepted

#: Modality Performed Procedure Step (PS3.6 A).
STEP: Final = "1.2.840.10008.3.1.2.3.3"
SUCCESS: Final = 0x0000
#: Seconds after the end of a step at which its study is looked for, until it is there.
PAUSES: Final = (10.0, 60.0, 300.0)
#: Steps that have begun; the oldest are forgotten.
_MOST: Final = 10_000
_ENDED: Final = frozenset({"COMPLETED", "DISCONTINUED"})

Puller = Callable[[str, str], Awaitable[Accepted]]


class Steps:
    """The steps of one feed; called from the threads of the associations."""

    def __init__(
        self,
        feed: str,
        pull: Puller,
        log: Log,
        loop: asyncio.AbstractEventLoop,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._feed: Final = feed
        self._pull: Final = pull
        self._log: Final = log
        self._loop: Final = loop
        self._pauses: Final = pauses
        self._studies: Final[OrderedDict[str, str]] = OrderedDict()
        self._pulling: Final[set[Future[None]]] = set()

    def begun(self, event: Any) -> tuple[int, Dataset | None]:
        """N-CREATE: a step with the study it is of. The status, and the step as it was told."""
        told = event.attribute_list
        scheduled = told.get("ScheduledStepAttributesSequence") or [Dataset()]
        study, step = str(scheduled[0].get("StudyInstanceUID", "")), str(event.request.AffectedSOPInstanceUID or "")
        if not study or not step:
            return DIMSE[Category.INVALID], None
        if step in self._studies:
            return DIMSE[Category.CONFLICT], None
        self._studies[step] = study
        while len(self._studies) > _MOST:
            self._studies.popitem(last=False)
        return SUCCESS, told

    def changed(self, event: Any) -> tuple[int, Dataset | None]:
        """N-SET: what has changed of a step; one that has ended has its study pulled."""
        step, told = str(event.request.RequestedSOPInstanceUID), event.modification_list
        if step not in self._studies:
            return DIMSE[Category.NOT_FOUND], None
        if str(told.get("PerformedProcedureStepStatus", "")) in _ENDED:
            peer = f"MPPS {event.assoc.requestor.ae_title.strip()}"
            pulling = asyncio.run_coroutine_threadsafe(self._pulled(self._studies.pop(step), peer), self._loop)
            self._pulling.add(pulling)
            pulling.add_done_callback(self._pulling.discard)
        return SUCCESS, told

    def stop(self) -> None:
        """Look for no more studies."""
        for pulling in list(self._pulling):
            pulling.cancel()

    async def _pulled(self, study: str, peer: str) -> None:
        for pause in self._pauses:
            await asyncio.sleep(pause)
            try:
                await self._pull(study, peer)
            except HubError as error:
                self._log.event("pacs.not-pulled", level="WARNING", feed=self._feed, code=error.code)
            else:
                return
