"""How often a client may look for a person, so that a search for candidates is no oracle (docs/decisions/0026).

A token bucket for each client of an organisation, shared by all processes: it holds what a minute allows and fills
evenly. A question who somebody is takes 1, a search of Patients that finds nobody takes `NOTHING_FOUND`. A search is
not charged before its outcome is known, so it may leave a debt; while there is one, nothing is looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from hub.db.buckets import MINUTE, Buckets, Key
from hub.db.database import Database
from hub.gate.recorder import Asked, Recorder
from hub.kernel.clock import Clock
from hub.kernel.errors import TooSoonError

#: What a search takes that finds nobody: five of them tell as much as one question with a score.
NOTHING_FOUND: Final = 0.2
#: Why a client was refused: alarm rules name it.
TOO_MANY: Final = "too-many-candidate-searches"


class Pace:
    """Charges clients; `per_minute` is for those that `by_client` does not name. Belongs to one event loop.

    Refusals are recorded before they are told.
    """

    def __init__(
        self, database: Database, recorder: Recorder, clock: Clock, per_minute: int, by_client: Mapping[str, int]
    ) -> None:
        self._buckets: Final = Buckets(database, clock)
        self._recorder: Final = recorder
        self._clock: Final = clock
        self._per_minute: Final = per_minute
        self._by_client: Final = by_client
        #: When the debts this process knows of are paid.
        self._indebted: Final[dict[Key, datetime]] = {}

    async def ask(self, asked: Asked) -> None:
        """Take one for a question who somebody is. Raises `TooSoonError`."""
        key, most = _key(asked), self._most(asked)
        if await self._buckets.take(key, most, 1.0) is None:
            await self._refuse(asked, (1.0 - await self._buckets.left(key, most)) * MINUTE / most)

    async def admit(self, asked: Asked) -> None:
        """Raises `TooSoonError` while the client is known to be in debt. Costs no look at the database."""
        paid = self._indebted.get(_key(asked))
        if paid is not None and (seconds := (paid - self._clock()).total_seconds()) > 0:
            await self._refuse(asked, seconds)

    async def found_nobody(self, asked: Asked) -> None:
        """Take what a search in vain costs."""
        key, most = _key(asked), self._most(asked)
        left = await self._buckets.owe(key, most, NOTHING_FOUND)
        if left >= 0:
            self._indebted.pop(key, None)
        else:
            self._indebted[key] = self._clock() + timedelta(seconds=-left * MINUTE / most)

    def _most(self, asked: Asked) -> float:
        return float(self._by_client.get(asked.actor.client, self._per_minute))

    async def _refuse(self, asked: Asked, seconds: float) -> None:
        await self._recorder.refused(asked, TOO_MANY)
        raise TooSoonError(
            "too many searches for candidates", max(1, ceil(seconds)), where="client", code=TOO_MANY,
            todo="see candidates_per_minute",
        )  # fmt: skip


def _key(asked: Asked) -> Key:
    return asked.actor.client, asked.actor.organization
