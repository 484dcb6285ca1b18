"""Where what is loaded into the terminology stands as resources (`terminology.shelf.Shelf`): the store, with its search
and its history. They are of no facility, and only administrators write them (hub.records.rights)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from hub.db.database import Tx
from hub.kernel.types import Json
from hub.records.facts import facts_of
from hub.sealing.keyring import keyring_of, no_master
from hub.store.store import Store
from hub.store.values import Write

_HAS_KEYS: Final = "SELECT EXISTS (SELECT FROM wrapping_key)"


class TerminologyShelf:
    """Puts resources into the store beside the editions made of them; no edition is made of them again. Putting takes
    the master key where the hub has keys, deleting none.
    """

    def __init__(self, store: Store) -> None:
        self._store: Final = store

    async def put(self, tx: Tx, resource: Json) -> None:
        """Let it stand under its id, as a new version where one stood; sealed by the keyring of the connection.

        Raises HubError FAULT (`no-master-key`) where the hub has keys and this process has none: it would stand in
        clear among what is sealed.
        """
        if not keyring_of(tx).has_master and await tx.fetchval(_HAS_KEYS):
            raise no_master()
        await self._write(tx, resource["resourceType"], resource["id"], resource)

    async def remove(self, tx: Tx, kind: str, rid: str) -> None:
        """Delete it, if it is there."""
        await self._write(tx, kind, rid, None)

    async def stood(self, tx: Tx, wanted: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these (type, id) are there, or were until they were deleted."""
        return set(await self._store.load_facts(tx, list(wanted)))

    async def _write(self, tx: Tx, kind: str, rid: str, resource: Json | None) -> None:
        # Facts are enough, and need no key where the hub seals: who only drops a version may have none.
        current = (await self._store.load_facts(tx, [(kind, rid)])).get((kind, rid))
        if resource is None and (current is None or current.deleted):
            return
        facts = facts_of(resource or {"resourceType": kind}, "", ())
        write = Write(type=kind, id=rid, resource=resource, patient=None, facts=facts, current=current)
        await self._store.save(tx, [write])
