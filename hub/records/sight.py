"""What the records door asks of the gate before a client changes what it did not send: how the client sees it.

A patch is a read and a write in one: its tests, its refusals and its answer tell what stands there. So it works on the
version as its actor may see it, and what the actor may not see is absent for it.
"""

from __future__ import annotations

from typing import Final, Protocol

from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.store.values import Stored


class Sight(Protocol):
    """The gate, as the records door knows it."""

    def admit(self, actor: Actor, rtype: str) -> None:
        """Raises HubError FORBIDDEN when the token reads nothing of this type; tells nothing about what is stored."""

    async def see(self, tx: Tx, actor: Actor, stored: Stored) -> bytes | None:
        """The body of a version as this actor may see it (empty for a deletion); None when it may not."""


class Blind:
    """Sees nothing: for who writes whole resources only."""

    def admit(self, actor: Actor, rtype: str) -> None:
        """Whoever it is may ask."""

    async def see(self, tx: Tx, actor: Actor, stored: Stored) -> bytes | None:  # noqa: ARG002
        """Nothing."""
        return None


BLIND: Final[Sight] = Blind()
