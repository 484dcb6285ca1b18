"""What a subscriber may be told now: the owner's right is judged anew for every notification and every repetition.

What the owner may not see is not in the answer, whether it exists or not. A change is judged by the stricter of what
held for the version it made and what holds now. The actor is that of the token with which the
subscription was made; nothing here knows more rights than that token had.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from consent.tables import CLINICAL_ROLES, RECORD_TYPES
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.auth.actor import Actor
from hub.auth.scopes import allows
from hub.db.database import Tx
from hub.gate.cases import Cases
from hub.gate.changes import Position, Stretch, stretch
from hub.gate.checks import checked, look_up_all
from hub.gate.door import Door
from hub.gate.hidden import bound, discreet, hidden_from
from hub.gate.recorder import Asked
from hub.gate.release import decide_version
from hub.gate.released import Released
from hub.gate.visible import admit
from hub.kernel.ids import reference_key
from hub.store.values import Stored

#: A version that was made: (type, id, version).
Pointer = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Of which subscription, and what for (`notify`, `$events`), as the audit trail keeps it."""

    subscription: str
    what: str
    origin: Origin = UNKNOWN_ORIGIN


class Notices:
    """The way of notifications through the gate. Raises HubError as `Gate` says."""

    def __init__(self, door: Door) -> None:
        self._door: Final = door

    def admit(self, actor: Actor, rtype: str) -> None:
        """Raise HubError FORBIDDEN when the token's role or scopes never let this type be told."""
        admit(actor, rtype, "r")

    async def changes(self, tx: Tx, after: Position, limit: int, types: Collection[str]) -> Stretch:
        """Changes behind a position, for those who look for events; nothing of them is released."""
        return await stretch(self._door, tx, after, limit, types)

    async def sift(self, actor: Actor, pointers: Sequence[Pointer]) -> set[Pointer]:
        """Those that the actor may see now. Nothing of them has left with that, so nothing is recorded."""
        async with self._door.snapshot() as tx:
            _, rows = await self._permitted(tx, _asked(actor, None), pointers)
        return set(rows)

    async def release(
        self, actor: Actor, notification: Notification, pointers: Sequence[Pointer]
    ) -> dict[Pointer, Released]:
        """Those that the actor may see now, as they stand now; on record as released when this returns."""
        asked = _asked(actor, notification)
        return await self._door.settled(lambda: self._released(asked, pointers))

    async def _released(self, asked: Asked, pointers: Sequence[Pointer]) -> dict[Pointer, Released]:
        async with self._door.snapshot() as tx:
            cases, permitted = await self._permitted(tx, asked, pointers)
            rows = list({row.reference: row for row in permitted.values()}.values())
            hidden = await hidden_from(self._door, tx, cases, rows)
        basis = bound(await checked(self._door.recorder, asked, cases, rows), cases, rows)
        await self._door.recorder.released(asked, rows, basis)
        return {pointer: discreet(row, hidden) for pointer, row in permitted.items()}

    async def _permitted(
        self, tx: Tx, asked: Asked, pointers: Sequence[Pointer]
    ) -> tuple[Cases, dict[Pointer, Stored]]:
        """What stands now of the changes the actor may be told."""
        cases = await self._door.cases(tx, asked)
        wanted = [pointer for pointer in dict.fromkeys(pointers) if _may_be_told(asked.actor, pointer[0])]
        now = await self._door.store.load(tx, [(rtype, rid) for rtype, rid, _ in wanted])
        then = {(*row.reference, row.version): row for row in await self._then(tx, wanted, now)}
        await look_up_all(tx, cases, now.values())
        return cases, {
            pointer: now[pointer[:2]]
            for pointer in wanted
            if pointer in then and decide_version(cases, then[pointer], now[pointer[:2]]).permitted
        }

    async def _then(self, tx: Tx, wanted: Sequence[Pointer], now: Mapping[tuple[str, str], Stored]) -> list[Stored]:
        """The versions that were made, of what is still known."""
        known = [(now[rtype, rid], version) for rtype, rid, version in wanted if (rtype, rid) in now]
        gone = [(row.pkey, reference_key(*row.reference), version) for row, version in known if row.version != version]
        return [
            *(row for row, version in known if row.version == version),
            *await self._door.store.load_exact(tx, gone),
        ]


def _asked(actor: Actor, notification: Notification | None) -> Asked:
    if notification is None:
        return Asked(actor=actor, interaction=Interaction.OPERATION, type="Subscription")
    return Asked(
        actor=actor,
        interaction=Interaction.OPERATION,
        origin=notification.origin,
        type="Subscription",
        id=notification.subscription,
        query=notification.what,
    )


def _may_be_told(actor: Actor, rtype: str) -> bool:
    """Whether the token leaves the type in; clinical roles get records about the record by their address only."""
    withheld = actor.role in CLINICAL_ROLES and rtype in RECORD_TYPES
    return not withheld and allows(actor.scopes, rtype, "r")
