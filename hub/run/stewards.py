"""The desk of those who look after the master patient index: each look and each decision with its audit entry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, TypeVar

from hub.audit.deeds import Scribe
from hub.audit.trail import Trail
from hub.db import schema
from hub.db.database import Database, Tx
from hub.kernel.clock import system_clock
from hub.kernel.consortium import ReviewPolicy
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.mpi import index_read, lookup
from hub.mpi.as_of import AsOf, as_of
from hub.mpi.deeds import Deed
from hub.mpi.features import Features
from hub.mpi.index import PatientIndex
from hub.mpi.model import Model
from hub.mpi.rejudge import Rejudged, rejudge
from hub.records.catch_up import catch_up
from hub.records.review_ledger import account
from hub.records.reviews import Reviews
from hub.sealing.keyring import Keyring
from hub.store.store import Store

T = TypeVar("T")

_USUAL: Final = ReviewPolicy()


class Desk:
    """What a steward does, as the account `who`; an entry of the audit trail is durable with it.

    `review` is the door to pairs that wait, `by` who passes it.
    """

    def __init__(self, database: Database, trail: Trail, who: str, policy: ReviewPolicy, model: Model | None) -> None:
        self._database: Final = database
        self._trail: Final = trail
        self._who: Final = who
        self._scribe: Final = Scribe(system_clock)
        self._index: Final = PatientIndex(system_clock, model=model)
        self.by: Final = account(who)
        self.review: Final = Reviews(database, Store(system_clock), trail, system_clock, policy, model)

    async def history(self, of: str) -> list[lookup.Past]:
        """Every decision about a source patient or person."""

        async def look(tx: Tx) -> tuple[list[lookup.Past], Sequence[str]]:
            found = await lookup.history(tx, of)
            named = {patient for one in found for patient in (one.first, one.second) if patient}
            return found, sorted(named)

        return await self._audited("history", look)

    async def as_of(self, of: str, at: datetime) -> AsOf:
        """The person that a source patient or person was at an instant."""

        async def look(tx: Tx) -> tuple[AsOf, Sequence[str]]:
            found = await as_of(tx, of, at)
            return found, found.patients

        return await self._audited("as-of", look)

    async def do(self, deed: Deed, *, reason: str) -> Json:
        """Do a deed: `{decision}`, or `{proposal}` where a second steward has to confirm it."""
        return await self.review.decisions.do(self.by, deed, reason)

    async def register(self, progress: Callable[[int], None]) -> int:
        """Register every stored Patient the index does not know; returns how many."""
        return await catch_up(self._database, Store(system_clock), self._index, progress)

    async def sides(self) -> list[Features]:
        """Every source the index knows, normalised, in the order of their numbers: what a model is estimated from."""
        found: list[Features] = []
        async with self._database.connection() as tx:
            after = 0
            while page := await index_read.sides(tx, after):
                after = page[-1][0]
                found += (side for _, side in page)
        return found

    async def rejudge(self, progress: Callable[[Rejudged], None], after: int) -> Rejudged:
        """Judge every stored source above a number again under the model of this desk; the trail has it before."""
        said = {"mpi": "rejudge", "model": self._index.model, "after": str(after)}
        await self._trail.record(self._scribe.at_the_machine("mpi-steward", self._who, said))
        done = await rejudge(self._database, self._index, progress, after=after)
        told = {"sources": done.sources, "reached": done.reached, "linked": done.linked, "parted": done.parted}
        said = {"mpi": "rejudged"} | {name: str(count) for name, count in told.items()}
        await self._trail.record(self._scribe.at_the_machine("mpi-steward", self._who, said))
        return done

    async def _audited(self, name: str, look: Callable[[Tx], Awaitable[tuple[T, Sequence[str]]]]) -> T:
        async with self._database.transaction() as tx:
            result, patients = await look(tx)
            entry = self._scribe.at_the_machine("mpi-steward", self._who, {"mpi": name}, patients=tuple(patients))
            await self._trail.append(tx, [entry])
        return result


@asynccontextmanager
async def desk(
    url: str,
    who: str,
    policy: ReviewPolicy = _USUAL,
    model: Model | None = None,
    keys: Keyring | None = None,
) -> AsyncIterator[Desk]:
    """A desk over the database at `url`, whose schema must be the one this version knows.

    `policy` is that of the review, `model` weighs pairs; none: the bundled one. `keys` open what is sealed there.
    """
    database = await Database.connect(url, size=2, name="yilian-mpi", attached=keys)
    trail = Trail(database, Log("mpi"))
    try:
        await schema.check(database)
        yield Desk(database, trail, who, policy, model)
    finally:
        await trail.close()
        await database.close()
