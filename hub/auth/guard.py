"""Whether a token opens anything now: signed by us, in its time, and not taken back."""

from __future__ import annotations

from typing import Final

from hub.auth.actor import Actor
from hub.auth.oauth import grants
from hub.auth.oauth.grants import Limits
from hub.auth.tokens import Issuer
from hub.db.database import Database
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError


class Guard:
    """Verifies bearer tokens. One of an application is looked up each time: no cache outlives a revocation."""

    def __init__(self, issuer: Issuer, database: Database, clock: Clock, limits: Limits) -> None:
        self._issuer: Final = issuer
        self._database: Final = database
        self._clock: Final = clock
        self._limits: Final = limits

    async def verify(self, text: str) -> Actor:
        """The actor of a token. Raises HubError UNAUTHENTICATED, or UNAVAILABLE when the database is away."""
        actor = self._issuer.verify(text)
        if actor.grant is not None:
            async with self._database.connection() as tx:
                if not await grants.stands(tx, actor.grant, self._clock(), self._limits):
                    raise HubError(
                        Category.UNAUTHENTICATED, "no valid access token", where="Authorization",
                        todo="ask for a new one",
                    )  # fmt: skip
        return actor
