"""C-FIND of the modality worklist (PS3.4 K.4): what a modality asks, put to whoever answers, entry by entry."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any, Final

from pydicom import Dataset

from hub.kernel.errors import DIMSE, Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import WorklistAnswerer

#: Modality Worklist Information Model - FIND (PS3.6 A).
WORKLIST: Final = "1.2.840.10008.5.1.4.31"
PENDING: Final = 0xFF00
CANCELLED: Final = 0xFE00
#: Character sets of an answer that a modality may ask for; another one is answered in UTF-8.
_CHARACTER_SETS: Final = frozenset({"GB18030", "GBK"})


class Finding:
    """Answers the queries of one feed; called from the threads of the associations."""

    def __init__(
        self, feed: str, answerer: WorklistAnswerer, log: Log, loop: asyncio.AbstractEventLoop, seconds: float
    ) -> None:
        self._feed: Final = feed
        self._answerer: Final = answerer
        self._log: Final = log
        self._loop: Final = loop
        self._seconds: Final = seconds

    def __call__(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        """A status with each entry, or the status of why there is none. Never raises."""
        try:
            yield from self._found(event)
        except HubError as error:
            self._log.event("pacs.not-found", level="WARNING", feed=self._feed, code=error.code)
            yield DIMSE[error.category], None
        except Exception as error:
            self._log.failure("pacs.not-found", error, feed=self._feed)
            yield DIMSE[Category.FAULT], None

    def _found(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        requestor = event.assoc.requestor
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asked = event.identifier
            told = asked.to_json_dict()
        entries = asyncio.run_coroutine_threadsafe(
            self._answerer(told, requestor.ae_title.strip(), requestor.address), self._loop
        )
        try:
            found = entries.result(self._seconds)
        except TimeoutError:
            entries.cancel()
            raise HubError(Category.UNAVAILABLE, "could not be answered in time", code="late") from None
        for entry in found:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            made = Dataset.from_json(entry)
            if str(asked.get("SpecificCharacterSet", "")) in _CHARACTER_SETS:
                made.SpecificCharacterSet = asked.SpecificCharacterSet
            yield PENDING, made
