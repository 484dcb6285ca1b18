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
from hub.mpi import index_read, lookup
from hub.mpi.as_of import AsOf, as_of
from hub.mpi.features import Features
from hub.mpi.index import PatientIndex
from hub.mpi.model import Model
from hub.mpi.rejudge import Rejudged, rejudge
from hub.mpi.stewardship import Decided, Steward
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
        self._steward: Final = Steward(self._index)
        self.by: Final = account(who)
        self.review: Final = Reviews(database, Store(system_clock), trail, system_clock, policy, model)

    async def history(self, of: str) -> list[lookup.Past]:
        """Every decision about a source patient or person."""

        async def look(tx: Tx) -> tuple[list[lookup.Past], Sequence[str], str]:
            found = await lookup.history(tx, of)
            named = {patient for one in found for patient in (one.first, one.second) if patient}
            return found, sorted(named), ""

        return await self._audited("history", look)

    async def as_of(self, of: str, at: datetime) -> AsOf:
        """The person that a source patient or person was at an instant."""

        async def look(tx: Tx) -> tuple[AsOf, Sequence[str], str]:
            found = await as_of(tx, of, at)
            return found, found.patients, ""

        return await self._audited("as-of", look)

    async def merge(self, one: str, other: str, *, reason: str) -> Decided:
        """Make one person of two."""
        return await self._decided(
            "merge", lambda tx: self._steward.link(tx, one, other, who=self._who, note=reason), reason
        )

    async def apart(self, one: str, other: str, *, reason: str) -> Decided:
        """Keep two source patients apart."""
        return await self._decided(
            "apart", lambda tx: self._steward.apart(tx, one, other, who=self._who, note=reason), reason
        )

    async def split(self, patients: Sequence[str], *, reason: str) -> Decided:
        """Make a person of their own of some source patients of one person."""
        return await self._decided(
            "split", lambda tx: self._steward.split(tx, patients, who=self._who, note=reason), reason
        )

    async def move(self, patient: str, to: str, *, reason: str) -> Decided:
        """Take a source patient from its person to another's."""
        return await self._decided(
            "move", lambda tx: self._steward.move(tx, patient, to, who=self._who, note=reason), reason
        )

    async def unlink(self, patient: str, *, reason: str) -> Decided:
        """Take a source patient out of its person."""
        return await self._decided(
            "unlink", lambda tx: self._steward.unlink(tx, patient, who=self._who, note=reason), reason
        )

    async def reverse(self, decision: int, *, reason: str) -> Decided:
        """Take a decision back."""
        return await self._decided(
            "reverse", lambda tx: self._steward.reverse(tx, decision, who=self._who, note=reason), reason
        )

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
        """Judge every stored source above a number again under the model of this desk."""
        return await rejudge(self._database, self._index, progress, after=after)

    async def _decided(self, name: str, work: Callable[[Tx], Awaitable[Decided]], reason: str) -> Decided:
        async def decide(tx: Tx) -> tuple[Decided, Sequence[str], str]:
            decided = await work(tx)
            return decided, decided.patients, str(decided.number)

        return await self._audited(name, decide, reason)

    async def _audited(
        self, name: str, work: Callable[[Tx], Awaitable[tuple[T, Sequence[str], str]]], reason: str = ""
    ) -> T:
        async with self._database.transaction() as tx:
            result, patients, decision = await work(tx)
            said = {"mpi": name, "decision": decision, "reason": reason}
            entry = self._scribe.at_the_machine("mpi-steward", self._who, said, patients=tuple(patients))
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
