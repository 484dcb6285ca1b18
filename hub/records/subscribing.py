"""The trail of subscriptions: who made, changed, read or ended one. The subscriptions themselves are hub.events'."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Literal, TypeVar
from uuid import UUID, uuid4

from hub.audit.entry import Interaction, Origin
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.records.ledger import Done, Ledger, asked_of

T = TypeVar("T")

Act = Literal["create", "read", "search-type", "update", "delete", "operation"]

_TYPE: Final = "Subscription"
_GROUNDS: Final = "own-subscription"


class Subscribing:
    """Runs work on an owner's subscriptions in a transaction with its audit entry; a refusal is recorded too."""

    def __init__(
        self, database: Database, trail: Trail, clock: Clock, *, entry_ids: Callable[[], UUID] = uuid4
    ) -> None:
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)

    async def act(
        self, actor: Actor, origin: Origin, act: Act, sid: str | None, work: Callable[[Tx, datetime], Awaitable[T]]
    ) -> T:
        """What `work` gives, once its entry is durable. Raises what it raises, and HubError UNAVAILABLE."""

        async def done(tx: Tx, now: datetime) -> tuple[T, Done]:
            return await work(tx, now), Done(grounds=_GROUNDS)

        return await self._ledger.look(asked_of(actor, origin, Interaction(act), _TYPE, sid), done)
