"""What follows from a write beside the resource itself: who is one person with whom, who looks after whom, what codes
mean, and what deserves to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from hub.auth.roles import VOCABULARY
from hub.db.database import Tx
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.mpi.registration import Source, Statement
from hub.records.contracts import Contracts, not_admitted
from hub.records.relationships import TYPES, Relationships
from hub.store.store import Store
from hub.store.values import Relation, Write

#: What follows from resources of these types follows when all is written.
_FOLLOWED: Final = TYPES | VOCABULARY | {"Patient"}


class Vocabulary(Protocol):
    """Compiles the resources that say what codes mean (`VOCABULARY`), in the transaction that writes them."""

    async def put(self, tx: Tx, resource: Json) -> None:
        """This stands under its id now. Raises HubError CONFLICT, INVALID, TOO_LARGE for what cannot be used."""
        ...

    async def remove(self, tx: Tx, kind: str, rid: str) -> None:
        """It was deleted."""
        ...

    async def tidy(self, tx: Tx) -> None:
        """Drop what these took the place of. It keeps readers out until the commit: call it once, last of all."""
        ...

    def committed(self) -> None:
        """What was written is in force now: this process shall use it at once, others do within a second."""
        ...


class Watcher(Protocol):
    """Looks at Observations as they are written, in the transaction that writes them."""

    async def note(self, tx: Tx, written: Sequence[tuple[str, Json]]) -> None:
        """These (id, resource) stand now, or were marked entered in error as they were deleted."""
        ...


class Unwatched:
    """Looks at nothing."""

    async def note(self, tx: Tx, written: Sequence[tuple[str, Json]]) -> None:
        """Let it be."""


UNWATCHED: Final[Watcher] = Unwatched()


class Consequences:
    """Lets the patient index, the gate's panels and the terminology know what the doors wrote, in its transaction."""

    def __init__(
        self,
        store: Store,
        index: PatientIndex,
        relationships: Relationships,
        contracts: Contracts,
        vocabulary: Vocabulary,
        watcher: Watcher = UNWATCHED,
    ) -> None:
        self._store: Final = store
        self._index: Final = index
        self._relationships: Final = relationships
        self._contracts: Final = contracts
        self._vocabulary: Final = vocabulary
        self._watcher: Final = watcher

    async def follow(
        self, tx: Tx, writes: Sequence[Write], statements: Sequence[Statement] = (), *, strict: bool = False
    ) -> None:
        """Call it once, after all else that `tx` writes (see `PatientIndex`).

        A contract its facility may not lay down (`Contracts`) opens nothing. Raises HubError INVALID for one when
        `strict`, and UNAVAILABLE (`race`) when another transaction got in the way: roll back and try again.
        """
        await self._relate(tx, writes, strict=strict)
        await self._compile(tx, writes)
        await self._watch(tx, writes)
        patients = [
            Source(write.id, write.facts.author_org, write.resource, created=write.current is None)
            for write in writes
            if write.type == "Patient"
        ]
        if patients or statements:
            await self._index.register(tx, patients, statements)
        if any(write.type in VOCABULARY for write in writes):
            await self._vocabulary.tidy(tx)

    async def begin(self, tx: Tx, writes: Sequence[Write]) -> list[Write]:
        """Look at a portion of what a long message writes; those that `follow` is to be told of with the rest."""
        await self._watch(tx, writes)
        return [write for write in writes if write.type in _FOLLOWED]

    def committed(self, types: Iterable[str]) -> None:
        """Call it when a transaction that wrote resources of these types has ended well."""
        if not VOCABULARY.isdisjoint(types):
            self._vocabulary.committed()

    async def _relate(self, tx: Tx, writes: Sequence[Write], *, strict: bool) -> None:
        """Only the last version of a resource counts; what the earlier ones said went with them."""
        last = {(write.type, write.id): write for write in writes if write.type in TYPES and write.resource is not None}
        said = [(write, found) for write in last.values() if (found := self._said(write))]
        rows = [row for write, found in said if await self._admits(tx, write, found, strict=strict) for row in found]
        if rows:
            await self._store.put_relations(tx, rows)

    def _said(self, write: Write) -> list[Relation]:
        resource = {**(write.resource or {}), "id": write.id}
        return self._relationships.of(resource, write.patient, write.facts.author_org)

    async def _admits(self, tx: Tx, write: Write, found: Sequence[Relation], *, strict: bool) -> bool:
        contract = any(row.kind == "managed" for row in found)
        if not contract or await self._contracts.admits(tx, write.patient or "", write.facts.author_org):
            return True
        if strict:
            raise not_admitted()
        return False

    async def _watch(self, tx: Tx, writes: Sequence[Write]) -> None:
        """The last version that says something: of what was deleted, the one that was marked entered in error."""
        last = {write.id: write.resource for write in writes if write.type == "Observation" and write.resource}
        if last:
            await self._watcher.note(tx, list(last.items()))

    async def _compile(self, tx: Tx, writes: Sequence[Write]) -> None:
        last = {(write.type, write.id): write for write in writes if write.type in VOCABULARY}
        for (kind, rid), write in last.items():
            if write.resource is None:
                await self._vocabulary.remove(tx, kind, rid)
            else:
                await self._vocabulary.put(tx, {**write.resource, "id": rid})
