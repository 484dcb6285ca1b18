"""New, changed and deleted studies found by asking (QIDO-RS), where an archive does not tell of them.

DICOMweb has no feed of changes: the studies of the last days are listed, and those whose number of instances is not
the one that was pulled are pulled. An archive need not tell that number: then every study is pulled at each look, and
what has not changed is a duplicate. Beside the last days one older day is listed at each look, in turn. A study that
was listed before and is missing for `GRACE` is pulled too: that is how it is told that it is gone. What is known is
kept in a file; where it is lost, the days are pulled once more.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from connectors.pacs.accessions import studies_of
from connectors.pacs.pull import Pull, listed
from hub.kernel.clock import Clock
from hub.kernel.errors import HubError
from hub.kernel.log import Log
from hub.kernel.ports import ImageArchive
from hub.kernel.types import Accession

#: Days before today whose studies are listed, and one after it, whatever zone the archive is in.
DAYS: Final = 2
#: Days before today whose studies are known, and listed one day at a time.
OLDER: Final = 30
#: How long a study must be missing before it is asked for: archives that fail over come back without their last hour.
GRACE: Final = timedelta(minutes=15)
_PAGE: Final = 200
_PAGES: Final = 50
_MOST_BYTES: Final = 16 << 20
_UID: Final = re.compile(r"[0-9.]{1,64}")
_STUDY: Final = "0020000D"
_DATE: Final = "00080020"
_INSTANCES: Final = "00201208"
PEER: Final = "poll"

#: Accession numbers asked for at once; where more have come, the days are listed.
_NUMBERS: Final = 100

#: Returns after so many seconds at most, with the accession numbers of studies that may be there.
Within = Callable[[float], Awaitable[Sequence[Accession]]]


async def quiet(seconds: float) -> Sequence[Accession]:
    """The `Within` of an archive that nobody tells of."""
    await asyncio.sleep(seconds)
    return ()


@dataclass(frozen=True, slots=True)
class Days:
    """Studies of the days from `first` to `last` (YYYYMMDD): instances (None: not told) and date, by UID.

    `all`: the list was read to its end.
    """

    first: str
    last: str
    studies: dict[str, list[Any]]
    all: bool = True

    def lack(self, known: dict[str, list[Any]]) -> Iterable[str]:
        """The known studies of these days that are not among them."""
        return [uid for uid, (_, date) in known.items() if self.first <= date <= self.last and uid not in self.studies]


class Polling:
    """Watches one archive for one feed."""

    def __init__(self, feed: str, archive: ImageArchive, pull: Pull, clock: Clock, log: Log, kept: Path) -> None:
        self._feed: Final = feed
        self._archive: Final = archive
        self._pull: Final = pull
        self._clock: Final = clock
        self._log: Final = log
        self._kept: Final = kept
        self._known: dict[str, list[Any]] = _kept_in(kept)
        self._missing: dict[str, datetime] = {}
        self._older = DAYS

    async def watch(self, stop: asyncio.Event, pause: float, within: Within = quiet) -> None:
        """Look every `pause` seconds until `stop` is set; what fails is told and looked for again.

        `within` returns after the pause, or sooner with numbers to ask for.
        """
        clock = asyncio.get_running_loop().time
        due = clock()
        while not stop.is_set():
            if clock() >= due:
                await self.look(stop.is_set)
                due = clock() + pause
            ending, hearing = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(within(max(due - clock(), 0)))
            await asyncio.wait({ending, hearing}, return_when=asyncio.FIRST_COMPLETED)
            told = hearing.result() if hearing.done() else ()
            for each in (ending, hearing):
                each.cancel()
            await asyncio.gather(ending, hearing, return_exceptions=True)
            if len(told) > _NUMBERS:
                due = clock()
            elif told and not stop.is_set():
                await self.ask(told)

    async def ask(self, numbers: Sequence[Accession]) -> int:
        """Pull the studies of some accession numbers; how many were pulled."""
        known, pulled = dict(self._known), 0
        try:
            for number in numbers:
                for study, told in map(_read, await studies_of(self._archive, number)):
                    pulled += await self._one(study, told, known)
        except (HubError, ValueError) as error:
            self._log.event("pacs.not-listed", level="WARNING", feed=self._feed, code=getattr(error, "code", "json"))
        self._remember(known)
        return pulled

    async def look(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Pull what is new, has changed or is gone; how many studies were pulled."""
        self._older = self._older + 1 if self._older < OLDER else DAYS + 1
        try:
            found = [await self._listed(-DAYS, 1), await self._listed(-self._older, -self._older)]
        except (HubError, ValueError) as error:
            self._log.event("pacs.not-listed", level="WARNING", feed=self._feed, code=getattr(error, "code", "json"))
            return 0
        studies = found[0].studies | found[1].studies
        oldest = self._day(-OLDER)
        known = {uid: each for uid, each in self._known.items() if uid in studies or each[1] >= oldest}
        pulled = 0
        for uid, told in studies.items():
            if stopped():
                break
            if told[0] is None or uid not in known or known[uid][0] != told[0]:
                pulled += await self._one(uid, told, known)
        self._missing = {uid: since for uid, since in self._missing.items() if uid in known and uid not in studies}
        for uid in [uid for days in found if days.all for uid in days.lack(known)]:
            pulled += not stopped() and await self._absent(uid, known)
        self._remember(known)
        return pulled

    async def _absent(self, uid: str, known: dict[str, list[Any]]) -> bool:
        """Ask for a study that has been missing for long; one that was pulled is listed no more."""
        since = self._missing.setdefault(uid, self._clock())
        pulled = self._clock() - since >= GRACE and await self._one(uid, known[uid], known)
        if pulled:
            del known[uid], self._missing[uid]
        return pulled

    def _day(self, days: int) -> str:
        return f"{self._clock() + timedelta(days=days):%Y%m%d}"

    def _remember(self, known: dict[str, list[Any]]) -> None:
        """Write what is known; where that cannot be done, days are pulled again after the next start."""
        if known == self._known:
            return
        self._known = known
        fresh = self._kept.with_suffix(".tmp")
        try:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(self._known), encoding="ascii")
            fresh.replace(self._kept)
        except OSError as error:
            self._log.failure("pacs.not-kept", error, feed=self._feed)

    async def _one(self, study: str, told: list[Any], known: dict[str, list[Any]]) -> bool:
        try:
            await self._pull(study, PEER)
        except HubError as error:
            self._log.event("pacs.not-pulled", level="WARNING", feed=self._feed, code=error.code)
            return False
        known[study] = told
        return True

    async def _listed(self, first: int, last: int) -> Days:
        """The studies from one day to another, counted from today. Raises HubError, ValueError for no DICOM JSON."""
        days = Days(self._day(first), self._day(last), {})
        offset = 0
        for _ in range(_PAGES):
            query = (
                ("StudyDate", f"{days.first}-{days.last}"),
                ("includefield", _INSTANCES),
                ("limit", str(_PAGE)),
                ("offset", str(offset)),
            )
            page = [_read(each) for each in await listed(self._archive, query, _MOST_BYTES)]
            # A page that is not full may be as much as the archive tells at once; one that repeats ends what it tells.
            if {uid for uid, _ in page} <= days.studies.keys():
                if len(page) < _PAGE:
                    return days
                break
            offset += len(page)
            days.studies.update(page)
        self._log.event("pacs.list-not-ended", level="WARNING", feed=self._feed, count=_PAGES * _PAGE)
        return Days(days.first, days.last, days.studies, all=False)


def _kept_in(path: Path) -> dict[str, list[Any]]:
    """Instances and date by study as they were kept; none where the file is absent, damaged or of an older version."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {uid: each for uid, each in found.items() if isinstance(each, list) and len(each) == 2}


def _read(told: Any) -> tuple[str, list[Any]]:
    """UID, number of instances (None: not told) and date of one study. Raises ValueError."""
    try:
        study = str(told[_STUDY]["Value"][0])
        instances = told.get(_INSTANCES, {}).get("Value", [None])[0]
        date = str(told.get(_DATE, {}).get("Value", [""])[0])
    except (AttributeError, IndexError, KeyError, TypeError):
        raise ValueError from None
    if not _UID.fullmatch(study):
        raise ValueError
    return study, [instances, date]
