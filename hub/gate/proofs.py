"""The tree over the trail: its heads and proofs for the auditor, and for whoever is shown a line of it its own proof.

Heads and proofs are hashes and tell of nobody. A leaf is shown to the auditor with all that was sealed in it, to
anybody else with his own name in it and no other. Each look is recorded in its turn.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from hub.audit import tree
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.leaves import Leaf
from hub.audit.tree import Checkpoint
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.gate import looks
from hub.gate.door import Door
from hub.gate.recorder import Asked
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Json


class TreeWay:
    """Part of the gate; what `Gate` says of admission and trail holds for each method."""

    def __init__(self, door: Door) -> None:
        self._door: Final = door

    async def checkpoint(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """The newest checkpoint: `size`, `signed` (when), `note` (C2SP signed note). Raises HubError NOT_FOUND before
        the first."""
        await self._admit_auditor(_asked(actor, "$checkpoint", origin))
        async with self._door.database.connection() as tx:
            return _told(await _head(tx))

    async def consistency(self, actor: Actor, first: int, second: int, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """The proof that the tree of `second` leaves continues that of `first`, and the checkpoint of the second.

        Raises HubError INVALID for sizes that cannot be, NOT_FOUND for a second that was never signed.
        """
        await self._admit_auditor(_asked(actor, "$consistency", origin))
        async with self._door.database.connection() as tx:
            head = await tree.checkpoint_at(tx, second)
            return {**_told(head), "first": first, "proof": _texts(await tree.consistency(tx, first, second))}

    async def inclusion(self, actor: Actor, event: str, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """The leaf of an AuditEvent (by its id), the newest checkpoint, and the proof that the one is in the other.

        `leaf` is the text that was hashed, `items` what was sealed in it, null where it is not shown. Who may read the
        event may have it. Raises HubError NOT_FOUND for any other, UNAVAILABLE for one of the last second.
        """
        asked = _asked(actor, "$inclusion", origin, event)
        shown = await looks.find(self._door, asked)
        async with self._door.snapshot() as tx:
            index = await tree.index_of(tx, shown.entry.id)
            if index is None:
                what = "is no leaf of the tree yet"
                raise HubError(Category.UNAVAILABLE, what, where="audit tree", todo="try again in a second")
            head = await _head(tx)
            ((_, leaf),) = await tree.leaves(tx, index, index + 1)
            proof = await tree.inclusion(tx, index, head.size)
        return {**_told(head), "index": index, "proof": _texts(proof), **_leaf(leaf, shown)}

    async def _admit_auditor(self, asked: Asked) -> None:
        if asked.actor.role != looks.AUDITOR:
            await self._door.recorder.refused(asked, "role-not-allowed")
            raise HubError(Category.FORBIDDEN, "this role has no door to the tree", where="access token", code="role")
        await self._door.recorder.released(asked, [], looks.BY_OFFICE)


def _asked(actor: Actor, what: str, origin: Origin, event: str | None = None) -> Asked:
    return Asked(
        actor=actor, interaction=Interaction.OPERATION, origin=origin, type=looks.AUDIT_EVENT, id=event, query=what
    )


async def _head(tx: Tx) -> Checkpoint:
    head = await tree.head(tx)
    if head is None:
        raise HubError(Category.NOT_FOUND, "no checkpoint was signed yet", where="audit tree", code="audit-proof")
    return head


def _told(head: Checkpoint) -> Json:
    return {"size": head.size, "signed": head.signed.isoformat(timespec="milliseconds"), "note": head.note}


def _leaf(leaf: Leaf, shown: looks.Shown) -> Json:
    if shown.own is not None:
        own = [one for one in shown.entry.patients if reference_key("Patient", one) in shown.own]
        leaf = leaf.opened(own)
    return {"leaf": leaf.text, "items": list(leaf.items)}


def _texts(proof: Sequence[bytes]) -> list[str]:
    return [b64encode(one).decode() for one in proof]
