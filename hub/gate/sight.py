"""What an actor may see of a version that it is about to patch, inside the transaction that changes it.

Judged as a read is. What leaves is recorded by the records door, as the update that it is (hub/records/journal.py).
"""

from __future__ import annotations

from typing import Final

from hub.auth.actor import Actor
from hub.auth.consent_rules import hold_epoch
from hub.db.database import Tx
from hub.gate.cases import open_cases
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.hidden import discreet, hidden_from
from hub.gate.release import decide, short_way
from hub.gate.trimming import pointers
from hub.gate.visible import admit
from hub.kernel.errors import Category, HubError
from hub.store.values import Stored


class Sight:
    """The gate's answer to the records door."""

    def __init__(self, door: Door) -> None:
        self._door: Final = door

    def admit(self, actor: Actor, rtype: str) -> None:
        """Raises HubError FORBIDDEN when the token reads nothing of this type, or reads by an emergency alone."""
        admit(actor, rtype, "r")
        if actor.break_glass is not None:
            raise HubError(
                Category.FORBIDDEN,
                "an emergency opens records to be read",
                where="access token",
                todo="send the whole resource by PUT",
                code="break-glass",
            )

    async def see(self, tx: Tx, actor: Actor, stored: Stored) -> bytes | None:
        """The body as this actor may see it, without what it repeats of what is hidden; None when it may not see it."""
        rules = self._door.rules
        quick = short_way(actor, rules.directory, stored)
        if quick is not None and not (stored.facts.flags and pointers(stored.body)):
            return stored.body
        # What is decided here is done and told when the transaction ends: no consent may change in between.
        await hold_epoch(tx)
        cases = await open_cases(tx, rules, actor, self._door.clock(), Whom(keys=[stored.pkey], names=[stored.id]))
        if not decide(cases, stored).permitted:
            return None
        return discreet(stored, await hidden_from(self._door, tx, cases, [stored])).body
