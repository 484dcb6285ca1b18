"""The queue of what waits to be looked at: what is due, and what is looked at again, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from hub.db.database import Database
from hub.kernel.clock import Clock

_AT_ONCE: Final = 100
#: The pause between two looks doubles from a second up to this: an alert of five minutes must not wait for longer.
_LONGEST: Final = 60

#: Lets Observations wait, by their ids.
WAIT: Final = "INSERT INTO alert_waiting (observation) SELECT unnest($1::text[])"
_DUE: Final = "SELECT seq FROM alert_waiting WHERE due IS NULL OR due <= $1 ORDER BY seq LIMIT $2"
_ONE: Final = "SELECT observation, tries FROM alert_waiting WHERE seq = $1"
_DONE: Final = "DELETE FROM alert_waiting WHERE seq = $1"
_AGAIN: Final = "UPDATE alert_waiting SET tries = tries + 1, due = $2 WHERE seq = $1"


def pause(tries: int) -> timedelta:
    """How long to wait after so many looks that failed."""
    return timedelta(seconds=min(2 ** min(tries, 10), _LONGEST))


def waited(tries: int) -> timedelta:
    """How long something has waited at least when it failed so often."""
    return sum(map(pause, range(tries)), timedelta())


class Waiting:
    """Rows by their number. What cannot be looked at is kept for `patience`, the time in which it may be news."""

    def __init__(self, database: Database, clock: Clock, patience: timedelta) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._patience: Final = patience

    async def add(self, observations: Sequence[str]) -> None:
        """Let these be looked at."""
        async with self._database.connection() as tx:
            await tx.execute(WAIT, observations)

    async def due(self) -> list[int]:
        """Numbers of what may be looked at now."""
        async with self._database.connection() as tx:
            return [row[0] for row in await tx.fetch(_DUE, self._clock(), _AT_ONCE)]

    async def one(self, seq: int) -> tuple[str, int] | None:
        """An Observation's id, and how often it was looked at in vain; None for what waits no more."""
        async with self._database.connection() as tx:
            row = await tx.fetchrow(_ONE, seq)
        return None if row is None else (row[0], row[1])

    async def done(self, seq: int) -> None:
        """It was looked at."""
        async with self._database.connection() as tx:
            await tx.execute(_DONE, seq)

    async def later(self, seq: int, tries: int) -> bool:
        """Look at it again after a pause; False when it can be no news any more, and was given up."""
        if waited(tries) > self._patience:
            await self.done(seq)
            return False
        due: datetime = self._clock() + pause(tries)
        async with self._database.connection() as tx:
            await tx.execute(_AGAIN, seq, due)
        return True
