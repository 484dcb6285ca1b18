"""Bringing the index of what stands up to date, a step at a time, and how far it is.

What is to be done follows from new search parameters, and from releases of the hub that index more than the one before.
"""

from __future__ import annotations

from typing import Final

from hub.db.database import Database, Tx
from hub.mpi import rekey
from hub.store import arrears, definitions
from hub.store.definitions import Progress
from hub.store.phrases import Phrases
from hub.store.reindexing import Step, step

__all__ = ["Indexing", "Progress", "Step"]


class Indexing:
    """The index of one database; `full_text`: it is kept. Several may be at it: each takes something else."""

    def __init__(self, database: Database, *, full_text: bool = True) -> None:
        self._database: Final = database
        self._full_text: Final = full_text
        self._phrases: Final = Phrases()

    async def step(self) -> Step:
        """Look at some rows, in a transaction of its own. Raises HubError UNAVAILABLE: take the step again.

        The keys of the patient index come first: nobody can be registered before all are this release's.
        """
        async with self._database.transaction() as tx:
            if await rekey.step(tx):
                return Step.MOVED
            return await step(tx, self._phrases, full_text=self._full_text)

    async def progress(self) -> list[Progress]:
        """How far the index is with each parameter of the installation's own, and with each type that is behind; first
        (kind `identity`) with the keys of the patient index, if they are written anew.
        """
        async with self._database.connection() as tx:
            return [*await _keys(tx), *await definitions.progress(tx), *await arrears.progress(tx)]

    async def keep(self) -> None:
        """Keep the index as this release does from now on; what is behind is brought up to date step by step.

        So are the keys of the patient index; until they are all this release's, nobody is registered or looked for.
        """
        async with self._database.transaction() as tx:
            await arrears.raise_version(tx)
            await rekey.begin(tx)


async def _keys(tx: Tx) -> list[Progress]:
    far = await rekey.progress(tx)
    if far is None:
        return []
    where = {"parameter": "", "type": "Patient", "code": "", "kind": "identity"}
    return [Progress(**where, ready=False, done=far.done, total=far.total)]
