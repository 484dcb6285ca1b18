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

from hub.db.database import Database
from hub.gate.recorder import Asked, Recorder
from hub.kernel.clock import Clock
from hub.kernel.errors import TooSoonError

#: What a search takes that finds nobody: five of them tell as much as one question with a score.
NOTHING_FOUND: Final = 0.2
#: Why a client was refused: alarm rules name it.
TOO_MANY: Final = "too-many-candidate-searches"

_MINUTE: Final = 60.0
_FILLED: Final = "least($3, p.tokens + greatest(0, extract(epoch FROM $5::timestamptz - p.at)) * $3::float8 / 60)"
_CHARGE: Final = f"""
INSERT INTO pace AS p (client, organization, tokens, at) VALUES ($1, $2, $3::float8 - $4::float8, $5)
ON CONFLICT (client, organization) DO UPDATE SET tokens = {_FILLED} - $4, at = greatest(p.at, $5)
"""
_TAKE: Final = f"{_CHARGE} WHERE {_FILLED} >= $4 RETURNING p.tokens"
_OWE: Final = f"{_CHARGE} RETURNING p.tokens"
_LEFT: Final = f"SELECT {_FILLED} FROM pace p WHERE (client, organization) = ($1, $2) AND $4::float8 IS NOT NULL"

Key = tuple[str, str]


class Pace:
    """Charges clients; `per_minute` is for those that `by_client` does not name. Belongs to one event loop.

    Refusals are recorded before they are told.
    """

    def __init__(
        self, database: Database, recorder: Recorder, clock: Clock, per_minute: int, by_client: Mapping[str, int]
    ) -> None:
        self._database: Final = database
        self._recorder: Final = recorder
        self._clock: Final = clock
        self._per_minute: Final = per_minute
        self._by_client: Final = by_client
        #: When the debts this process knows of are paid.
        self._indebted: Final[dict[Key, datetime]] = {}

    async def ask(self, asked: Asked) -> None:
        """Take one for a question who somebody is. Raises `TooSoonError`."""
        left = await self._charge(_TAKE, asked, 1.0)
        if left is None:
            left = await self._charge(_LEFT, asked, 1.0) or 0.0
            await self._refuse(asked, (1.0 - left) * _MINUTE / self._most(asked))

    async def admit(self, asked: Asked) -> None:
        """Raises `TooSoonError` while the client is known to be in debt. Costs no look at the database."""
        paid = self._indebted.get(_key(asked))
        if paid is not None and (seconds := (paid - self._clock()).total_seconds()) > 0:
            await self._refuse(asked, seconds)

    async def found_nobody(self, asked: Asked) -> None:
        """Take what a search in vain costs."""
        left = await self._charge(_OWE, asked, NOTHING_FOUND) or 0.0
        if left >= 0:
            self._indebted.pop(_key(asked), None)
        else:
            self._indebted[_key(asked)] = self._clock() + timedelta(seconds=-left * _MINUTE / self._most(asked))

    async def _charge(self, statement: str, asked: Asked, cost: float) -> float | None:
        async with self._database.connection() as tx:
            left: float | None = await tx.fetchval(statement, *_key(asked), self._most(asked), cost, self._clock())
        return left

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
