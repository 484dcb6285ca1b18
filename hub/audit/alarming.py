"""Alarms as they are found: reads the leaves that are new, and writes what they give into the trail."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from hub.audit.alarms import Alarm, Watch
from hub.audit.deeds import Scribe
from hub.audit.entry import Entry
from hub.audit.sequencer import Appended
from hub.audit.tables import entry_of
from hub.audit.trail import Trail
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock

_MOST: Final = 2000
_FROM: Final = """
SELECT coalesce(min(l.index), (SELECT coalesce(max(index) + 1, 0) FROM audit_leaf))
FROM audit a JOIN audit_leaf l ON l.number = a.number WHERE a.recorded >= $1
"""
_NEW: Final = """
SELECT l.index, a.* FROM audit_leaf l JOIN audit a ON a.number = l.number WHERE l.index >= $1 ORDER BY l.index LIMIT $2
"""
_ALARMS: Final = "SELECT * FROM audit WHERE role = 'system' AND query LIKE 'alarm=%' ORDER BY number DESC LIMIT $1"
_COUNTS: Final = """
SELECT substring(query FROM '^alarm=([a-z0-9-]+)') AS rule, count(*) FROM audit
WHERE role = 'system' AND query LIKE 'alarm=%' GROUP BY 1 ORDER BY 1
"""


class Alarming:
    """Watches the trail. Belongs to the event loop it is used in."""

    def __init__(self, database: Database, trail: Trail, watch: Watch, clock: Clock) -> None:
        self._database: Final = database
        self._trail: Final = trail
        self._watch: Final = watch
        self._clock: Final = clock
        self._scribe: Final = Scribe(clock)
        self._next: int | None = None
        #: Until everything the rules look back at has been seen: what is found there may have been told already.
        self._beginning = True
        self._found: Final[deque[Alarm]] = deque()

    async def turn(self, appended: Appended | None = None) -> int:
        """Look at the leaves that are new; how many alarms they gave. The first turn looks back as far as rules do.

        `appended` are those of the sequencer's last turn: where these are all that is new, they need not be read again.
        What fails is made up for in the next turn: an alarm stays until it is in the trail.
        """
        if appended is not None and appended.index == self._next:
            self._see(appended.entries)
            self._next += len(appended.entries)
        else:
            await self._read()
        fresh = [alarm for alarm in self._found if not (self._beginning and self._watch.told(alarm))]
        self._beginning = False
        return await self._tell(fresh)

    def _see(self, entries: Iterable[Entry]) -> None:
        self._found.extend(alarm for entry in entries for alarm in self._watch.see(entry))

    async def _read(self) -> None:
        """See the leaves that are new, a page of them at a time: after a start they are those of hours."""
        async with self._database.connection() as tx:
            at = self._next
            if at is None:
                at = int(await tx.fetchval(_FROM, self._clock() - self._watch.longest))
            while rows := await tx.fetch(_NEW, at, _MOST):
                self._see(entry_of(dict(row)) for row in rows)
                self._next = at = rows[-1]["index"] + 1
        self._next = at

    async def _tell(self, fresh: Sequence[Alarm]) -> int:
        self._found.clear()
        self._found.extend(fresh)
        while self._found:
            await self._trail.record(self._entry(self._found[0]))
            self._found.popleft()
        return len(fresh)

    def _entry(self, alarm: Alarm) -> Entry:
        said = {
            "alarm": alarm.rule,
            "level": alarm.level,
            "who": alarm.who,
            "count": str(alarm.count),
            "since": alarm.since.isoformat(timespec="seconds"),
            "at": alarm.at.isoformat(timespec="seconds"),
        }
        return self._scribe.at_the_machine("system", "alarms", said)


async def alarms(tx: Tx, limit: int = 100) -> list[tuple[datetime, str]]:
    """The newest alarms: when they were told, and what they say (`alarm=rule&level=...`)."""
    return [(row["recorded"], row["query"]) for row in await tx.fetch(_ALARMS, limit)]


async def alarm_counts(tx: Tx) -> list[tuple[str, int]]:
    """How many alarms each rule gave."""
    return [(row["rule"], row["count"]) for row in await tx.fetch(_COUNTS)]
