"""New and changed studies found by asking (QIDO-RS), where an archive does not tell of them.

DICOMweb has no feed of changes: the studies of the last days are listed, and those whose number of instances is not
the one that was pulled are pulled. An archive need not tell that number: then every study is pulled at each look, and
what has not changed is a duplicate. What is known is kept in a file; where it is lost, the days are pulled once more.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from connectors.pacs.pull import Pull, gathered
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.ports import ImageArchive

#: Days before today whose studies are listed, and one after it, whatever zone the archive is in.
DAYS: Final = 2
_PAGE: Final = 200
_PAGES: Final = 50
_MOST_BYTES: Final = 16 << 20
_UID: Final = re.compile(r"[0-9.]{1,64}")
_STUDY: Final = "0020000D"
_INSTANCES: Final = "00201208"
PEER: Final = "poll"

#: Returns after so many seconds at most.
Within = Callable[[float], Awaitable[Any]]


class Polling:
    """Watches one archive for one feed."""

    def __init__(self, feed: str, archive: ImageArchive, pull: Pull, clock: Clock, log: Log, kept: Path) -> None:
        self._feed: Final = feed
        self._archive: Final = archive
        self._pull: Final = pull
        self._clock: Final = clock
        self._log: Final = log
        self._kept: Final = kept
        self._known: dict[str, Any] = _kept_in(kept)

    async def watch(self, stop: asyncio.Event, pause: float, within: Within = asyncio.sleep) -> None:
        """Look until `stop` is set; what fails is told and looked for again.

        `within` returns after the pause, or sooner where there is reason to look.
        """
        while not stop.is_set():
            await self.look(stop.is_set)
            waiting = [asyncio.ensure_future(each) for each in (stop.wait(), within(pause))]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def look(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Pull what is new or has changed; how many studies were pulled."""
        pulled = 0
        try:
            listed = {study: instances async for study, instances in self._listed()}
        except (HubError, ValueError) as error:
            self._log.event("pacs.not-listed", level="WARNING", feed=self._feed, code=getattr(error, "code", "json"))
            return 0
        known = {study: count for study, count in self._known.items() if study in listed}
        for study, instances in listed.items():
            if stopped():
                break
            if instances is None or study not in known or known[study] != instances:
                pulled += await self._one(study, instances, known)
        if known != self._known:
            self._known = known
            self._keep()
        return pulled

    def _keep(self) -> None:
        """Write what is known; where that cannot be done, days are pulled again after the next start."""
        fresh = self._kept.with_suffix(".tmp")
        try:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(self._known), encoding="ascii")
            fresh.replace(self._kept)
        except OSError as error:
            self._log.failure("pacs.not-kept", error, feed=self._feed)

    async def _one(self, study: str, instances: Any, known: dict[str, Any]) -> bool:
        try:
            await self._pull(study, PEER)
        except HubError as error:
            self._log.event("pacs.not-pulled", level="WARNING", feed=self._feed, code=error.code)
            return False
        known[study] = instances
        return True

    async def _listed(self) -> AsyncIterator[tuple[str, Any]]:
        """UID and number of instances of the studies of these days. Raises HubError, ValueError for no DICOM JSON."""
        today = self._clock()
        first, last = (f"{today + timedelta(days=days):%Y%m%d}" for days in (-DAYS, 1))
        for page in range(_PAGES):
            query = (
                ("StudyDate", f"{first}-{last}"),
                ("includefield", _INSTANCES),
                ("limit", str(_PAGE)),
                ("offset", str(page * _PAGE)),
            )
            found = [_read(each) for each in await self._page(query)]
            for study, instances in found:
                yield study, instances
            if len(found) < _PAGE:
                return
        self._log.event("pacs.list-not-ended", level="WARNING", feed=self._feed, count=_PAGES * _PAGE)

    async def _page(self, query: tuple[tuple[str, str], ...]) -> Any:
        try:
            return json.loads(await gathered(self._archive, "studies", query, _MOST_BYTES))
        except HubError as error:
            if error.category is Category.NOT_FOUND:  # 204: PS3.18 has it for an empty list
                return []
            raise


def _kept_in(path: Path) -> dict[str, Any]:
    """Instances by study as they were kept; none where the file is absent or damaged."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _read(told: Any) -> tuple[str, Any]:
    """UID and number of instances (None: not told) of one study. Raises ValueError."""
    try:
        study = str(told[_STUDY]["Value"][0])
        instances = told.get(_INSTANCES, {}).get("Value", [None])[0]
    except (AttributeError, IndexError, KeyError, TypeError):
        raise ValueError from None
    if not _UID.fullmatch(study):
        raise ValueError
    return study, instances
