"""Studies of the record that their archive gave nothing of: looked for again, in case they are gone or have changed.

Only after a while: an archive that is being started, or fails over, comes back with what it had.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from connectors.pacs.polling import GRACE
from connectors.pacs.pull import Pull
from hub.kernel.errors import HubError
from hub.kernel.log import Log

#: Studies that are waited for at once; others are found by polling.
_MOST: Final = 1000
PEER: Final = "nothing there"


class Again:
    """Looks again in one archive. `pulls` are those of its feeds."""

    def __init__(self, pulls: Mapping[str, Pull], log: Log, seconds: float = GRACE.total_seconds()) -> None:
        self._pulls: Final = pulls
        self._log: Final = log
        self._seconds: Final = seconds
        self._waiting: Final[dict[str, asyncio.Task[None]]] = {}

    def __call__(self, study: str) -> None:
        """Look for a study (UID) later. Returns at once."""
        if self._pulls and study not in self._waiting and len(self._waiting) < _MOST:
            self._waiting[study] = asyncio.create_task(self._look(study))

    async def _look(self, study: str) -> None:
        try:
            await asyncio.sleep(self._seconds)
            for feed, pull in self._pulls.items():
                await self._pulled(feed, pull, study)
        finally:
            del self._waiting[study]

    async def _pulled(self, feed: str, pull: Pull, study: str) -> None:
        try:
            await pull(study, PEER)
        except HubError as error:
            self._log.event("pacs.not-pulled", level="WARNING", feed=feed, code=error.code)
