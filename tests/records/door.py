"""The client door of one test, over a real database."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

from consent.labelling import Labelling
from hub.audit import queries
from hub.audit.entry import Entry
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock, fixed_clock
from hub.kernel.consortium import Consortium
from hub.kernel.log import Log
from hub.kernel.ports import Refresh, nothing_changes
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.records.client import ClientWrites
from hub.records.consequences import Consequences
from hub.records.contracts import Contracts
from hub.records.operations import Create
from hub.records.relationships import Relationships
from hub.records.sight import BLIND, Sight
from hub.store.store import Store
from hub.store.values import Saved, Write
from terminology.stored import StoredTerminology
from tests.auth.consortium import CONSORTIUM, NOW

T = TypeVar("T")

DOCTOR: Final = Actor(
    role="clinician", purpose=("TREAT",), client="c", token_id="t", expires=NOW + timedelta(hours=1), organization="F05"
)


class Watched(Store):
    """A store that remembers how large its saves were, and waits or fails when told to."""

    def __init__(self) -> None:
        super().__init__(fixed_clock(NOW))
        self.saves: list[int] = []
        self.before: Callable[[Sequence[Write]], Awaitable[object]] = lambda _: asyncio.sleep(0)
        self.fail: Callable[[Sequence[Write]], Exception | None] = lambda _: None

    async def save(self, tx: Tx, writes: Sequence[Write], *, answered: bool = True) -> list[Saved]:
        self.saves.append(len(writes))
        await self.before(writes)
        error = self.fail(writes)
        if error is not None:
            raise error
        return await super().save(tx, writes, answered=answered)


def following(
    store: Store, consortium: Consortium, clock: Clock, forget: Callable[[], None] = lambda: None
) -> Consequences:
    """What follows from writes in a test."""
    relationships = Relationships(
        facilities=frozenset(consortium.facilities), care=timedelta(days=30), canonical_base="https://hub.example/fhir"
    )
    contracts = Contracts(Directory(consortium))
    return Consequences(store, PatientIndex(clock), relationships, contracts, StoredTerminology(clock, forget))


def door_on(
    database: Database,
    store: Store,
    trail: Trail | None = None,
    sight: Sight = BLIND,
    labelling: Labelling | None = None,
    refresh: Refresh = nothing_changes,
) -> ClientWrites:
    """A door that takes every resource for valid."""
    kept = trail or Trail(database, Log("test", stream=io.StringIO()))
    return ClientWrites(
        database,
        store,
        Directory(CONSORTIUM),
        lambda _: (),
        kept,
        fixed_clock(NOW),
        following(store, CONSORTIUM, fixed_clock(NOW)),
        sight=sight,
        labelling=labelling,
        refresh=refresh,
    )


def with_door(url: str, visit: Callable[[ClientWrites, Watched], Awaitable[T]]) -> T:
    """Run `visit` with a door and its store."""

    async def run() -> T:
        database = await Database.connect(url, size=3)
        store = Watched()
        door = door_on(database, store)
        try:
            return await visit(door, store)
        finally:
            await door.close()
            await database.close()

    return asyncio.run(run())


async def entries(database: Database) -> list[Entry]:
    """The audit trail, oldest entry first."""
    async with database.connection() as tx:
        return (await queries.newest(tx, limit=1000))[::-1]


def patient(**elements: Any) -> Json:
    return {"resourceType": "Patient", **elements}


def create(rid: str, claim: str = "") -> Create:
    return Create(type="Patient", id=rid, resource=patient(), claim=claim)
