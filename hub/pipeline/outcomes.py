"""What became of a message, for who sent it and waits: the state it settled in, and why it is a dead letter."""

from __future__ import annotations

from typing import Final

from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import State
from hub.pipeline.reason import Reason
from hub.pipeline.settlements import Settlements

_ONE: Final = "SELECT state, reason FROM inbox WHERE id = $1"


class Outcomes:
    """Looks where messages stand."""

    def __init__(self, database: Database, settlements: Settlements) -> None:
        self._database: Final = database
        self._settlements: Final = settlements

    async def of(self, message: int, seconds: float) -> tuple[State, HubError | None]:
        """State and refusal of a message, once it is settled or `seconds` have passed.

        A duplicate stands where the message stands that it repeats. Raises HubError UNAVAILABLE.
        """
        state, reason = await self._look(message)
        if state is State.DUPLICATE and reason.repeats is not None:
            message = reason.repeats
            state, reason = await self._look(message)
        if state is State.QUEUED:
            await self._settlements.settled([message], seconds)
            state, reason = await self._look(message)
        return state, _refusal(reason) if state is State.DEAD else None

    async def close(self) -> None:
        """Stop listening."""
        await self._settlements.close()

    async def _look(self, message: int) -> tuple[State, Reason]:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_ONE, message)
        said = row["reason"] if row is not None else None
        return State(row["state"]) if row is not None else State.QUEUED, Reason.from_json(loads(said) if said else None)


def _refusal(reason: Reason) -> HubError:
    return HubError(
        Category(reason.category or Category.FAULT),
        reason.what,
        where=reason.where,
        todo=reason.todo,
        code=reason.code,
    )
