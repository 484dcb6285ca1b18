"""What follows from a write beside the resource itself: who is one person with whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.db.database import Tx
from hub.mpi.index import PatientIndex, Source, Statement
from hub.store.values import Write


class Consequences:
    """Lets the master patient index know of what the doors wrote, in their transaction."""

    def __init__(self, index: PatientIndex) -> None:
        self._index: Final = index

    async def follow(self, tx: Tx, writes: Sequence[Write], statements: Sequence[Statement] = ()) -> None:
        """Call it once, after all else that `tx` writes (see `PatientIndex`).

        Raises HubError UNAVAILABLE (`race`) when another transaction got in the way: roll back and try again.
        """
        patients = [
            Source(write.id, write.facts.author_org, write.resource) for write in writes if write.type == "Patient"
        ]
        if patients or statements:
            await self._index.register(tx, patients, statements)
