"""Labels what stands already when the list of what is sensitive has changed, while others read and write.

What is labelled already is passed over, so a run that was cut off is begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from consent.labelling import Labelling
from hub.db.database import Database, Tx
from hub.fhir.compartments import is_about_patients
from hub.fhir.json import loads
from hub.kernel.errors import HubError
from hub.records.consequences import Consequences
from hub.records.labelled import labelled
from hub.store.store import Store
from hub.store.values import Stored, Visible, Write
from hub.store.walk import Stretch

#: Judged as what it belongs to, so it comes last.
_LAST: Final = ("Binary",)
_EVERYTHING: Final = Visible(everything=True)
#: Codes of refusals that a second try mends, and how often is tried.
_PASSING: Final = frozenset({"race", "database-collision"})
_TRIES: Final = 5


@dataclass(slots=True)
class Relabelled:
    """How many resources were looked at, and how many have a new version with more labels."""

    looked: int = 0
    labelled: int = 0


class Relabelling:
    """One run over the store."""

    def __init__(self, database: Database, store: Store, labelling: Labelling, follows: Consequences) -> None:
        self._database: Final = database
        self._store: Final = store
        self._labelling: Final = labelling
        self._follows: Final = follows

    async def run(self, progress: Callable[[Relabelled], None]) -> Relabelled:
        """Look at every resource about a patient, and at every Binary.

        A new version says all that the one before said, and leads back to the same message. Raises HubError
        UNAVAILABLE.
        """
        done = Relabelled()
        async with self._database.connection() as tx, tx.transaction(isolation="repeatable_read", readonly=True):
            names = [name for name in await self._store.types(tx) if is_about_patients(name) or name in _LAST]
            for name in sorted(names, key=lambda one: (_LAST.index(one) if one in _LAST else -1, one)):
                async for rows in self._store.walk(tx, Stretch(type=name), _EVERYTHING):
                    await self._label(rows, done)
                    progress(done)
        return done

    async def _label(self, rows: Sequence[Stored], done: Relabelled) -> None:
        done.looked += len(rows)
        async with self._database.connection() as tx:
            wanted = [write.type for write in await self._changed(tx, rows)]
        if not wanted:
            return
        refs = [row.reference for row in rows]
        for _ in range(_TRIES):
            try:
                async with self._database.transaction() as tx:
                    stood = await self._store.load(tx, refs, lock=True)
                    writes = await self._changed(tx, list(stood.values()))
                    await self._store.save(tx, writes)
                    await self._follows.follow(tx, writes)
                done.labelled += len(writes)
                return
            except HubError as refusal:
                if refusal.code not in _PASSING:
                    raise
                last = refusal
        raise last

    async def _changed(self, tx: Tx, rows: Sequence[Stored]) -> list[Write]:
        """The writes that give rows labels they lack."""
        writes = [_as_it_stands(row) for row in rows if not row.deleted and row.patient is not None]
        found = await labelled(tx, self._store, writes, self._labelling, stands=True)
        return [after for before, after in zip(writes, found, strict=True) if after.resource is not before.resource]


def _as_it_stands(row: Stored) -> Write:
    return Write(
        type=row.type,
        id=row.id,
        resource=loads(row.body),
        patient=row.patient,
        facts=row.facts,
        source=row.source,
        cleared=tuple(row.cleared),
        current=row,
    )
