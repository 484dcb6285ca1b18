"""What follows from a write beside the resource itself: who is one person with whom, and who looks after whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.db.database import Tx
from hub.mpi.index import PatientIndex
from hub.mpi.registration import Source, Statement
from hub.records.relationships import Relationships
from hub.store.store import Store
from hub.store.values import Write


class Consequences:
    """Lets the patient index and the gate's panels know of what the doors wrote, in their transaction."""

    def __init__(self, store: Store, index: PatientIndex, relationships: Relationships) -> None:
        self._store: Final = store
        self._index: Final = index
        self._relationships: Final = relationships

    async def follow(self, tx: Tx, writes: Sequence[Write], statements: Sequence[Statement] = ()) -> None:
        """Call it once, after all else that `tx` writes (see `PatientIndex`).

        Raises HubError UNAVAILABLE (`race`) when another transaction got in the way: roll back and try again.
        """
        await self._relate(tx, writes)
        patients = [
            Source(write.id, write.facts.author_org, write.resource) for write in writes if write.type == "Patient"
        ]
        if patients or statements:
            await self._index.register(tx, patients, statements)

    async def _relate(self, tx: Tx, writes: Sequence[Write]) -> None:
        """Only the last version of a resource counts; what the earlier ones said went with them."""
        last = {(write.type, write.id): write for write in writes}
        rows = [
            row
            for write in last.values()
            if write.resource is not None
            for row in self._relationships.of({**write.resource, "id": write.id}, write.patient, write.facts.author_org)
        ]
        if rows:
            await self._store.put_relations(tx, rows)
