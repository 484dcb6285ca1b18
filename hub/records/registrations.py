"""Whether somebody is registered at a facility: a source patient that stands, and is the facility's own."""

from __future__ import annotations

from typing import Final

from hub.db.database import Tx
from hub.store.store import Store


class Registrations:
    """The source patients of facilities."""

    def __init__(self, store: Store) -> None:
        self._store: Final = store

    async def has(self, tx: Tx, facility: str, patient: str) -> bool:
        """Whether `patient` (resource id) is a Patient that `facility` answers for."""
        ref = ("Patient", patient)
        found = (await self._store.load_facts(tx, [ref])).get(ref)
        return found is not None and not found.deleted and found.facts.author_org == facility
