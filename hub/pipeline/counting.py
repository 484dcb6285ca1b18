"""What a worker does for the counters of the conversion report: count its batches, and now and then add them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Final

from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.types import Edition
from hub.pipeline.counters import append, gather, register
from hub.pipeline.queue import Before
from hub.pipeline.tally import Lines, Slot, Tally
from hub.pipeline.translate import Translated, each_row

#: The day of a count is that of China, whatever the clock of the machine says.
ZONE: Final = timezone(timedelta(hours=8))
#: Batches after which a worker adds up what waits.
_BATCHES: Final = 64


class Counting:
    """The counting of one worker. `editions`: what each feed's messages are converted by."""

    def __init__(self, database: Database, editions: Mapping[str, Edition], clock: Clock) -> None:
        self._database: Final = database
        self._editions = editions
        self._clock: Final = clock
        self._numbers: dict[str, int] | None = None
        self._lines = Lines()
        self._batches = 0

    def renew(self, editions: Mapping[str, Edition]) -> None:
        """Count what comes from now on under these editions."""
        self._editions, self._numbers = editions, None

    async def begin(self) -> None:
        """Put down the editions that come into force, once. Raises HubError UNAVAILABLE."""
        if self._numbers is None:
            async with self._database.transaction() as tx:
                self._numbers = await register(tx, self._editions, self._clock())

    def edition(self, translated: Translated) -> int | None:
        """The edition a message's report is counted under; None where there is no report."""
        return None if translated.translation is None else (self._numbers or {}).get(translated.message.feed)

    async def count(self, tx: Tx, translated: Sequence[Translated], settled: Sequence[Before]) -> None:
        """Count the reports of messages settled in `tx`, and no longer those they had before."""
        if self._lines.is_full():
            self._lines = Lines()
        tally = Tally(self._lines)
        before = {one.id: one for one in settled}
        for one in translated:
            was = before.get(one.message.id)
            if was is None:
                continue
            slot = Slot(one.message.feed, day_of(one.message.received_at), was.edition or 0)
            if was.report is not None and was.edition is not None:
                tally.take_back(slot, each_row(was.report))
            edition = self.edition(one)
            if one.translation is not None and edition is not None:
                tally.add(slot._replace(edition=edition), one.translation.report)
        await append(tx, list(tally.counted()))
        self._batches += 1

    async def add_up(self) -> None:
        """Add up what batches left, if it is time. Raises HubError UNAVAILABLE: tried again as much later."""
        if self._batches >= _BATCHES:
            self._batches = 0
            async with self._database.transaction() as tx:
                await gather(tx)


def day_of(instant: datetime) -> date:
    """The day a message received then is counted under."""
    return instant.astimezone(ZONE).date()
