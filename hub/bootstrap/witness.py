"""Deeds of engineers as entries of the audit trail."""

from __future__ import annotations

from typing import Final

from hub.audit.deeds import Scribe
from hub.audit.entry import Entry, Origin, Requester
from hub.audit.trail import Trail
from hub.auth.roles import role_named
from hub.db.database import Tx
from hub.kernel.clock import Clock
from hub.pipeline.deeds import Deed


class TrailWitness:
    """Implements `hub.pipeline.deeds.Witness` over the trail."""

    def __init__(self, trail: Trail, clock: Clock) -> None:
        self._trail: Final = trail
        self._scribe: Final = Scribe(clock)

    async def record(self, deed: Deed) -> None:
        """Return once the entry is durable."""
        await self._trail.record(self._entry(deed))

    async def append(self, tx: Tx, deed: Deed) -> None:
        """Write the entry in the caller's transaction."""
        await self._trail.append(tx, [self._entry(deed)])

    def _entry(self, deed: Deed) -> Entry:
        who = deed.engineer
        said = {
            deed.kind.value: "" if deed.message is None else str(deed.message),
            "feed": deed.feed,
            "reason": deed.reason,
            **deed.detail,
        }
        requester = Requester(
            role=who.role,
            organization=who.organization or deed.facility,
            client=who.client or who.name,
            token_id=who.token_id,
            purpose=role_named(who.role).purposes[:1],
            form="identified",
            reference=who.name if "/" in who.name else None,
        )
        origin = Origin(address=who.address, request=who.request)
        return self._scribe.deed(requester, said, patients=deed.patients, origin=origin)
