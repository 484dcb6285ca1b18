"""The door of stewards to the review of pairs: worklist, decisions, figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hub.audit.trail import Trail
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.consortium import ReviewPolicy
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.mpi.measures_read import measures
from hub.mpi.model import Model
from hub.records.review_decisions import ReviewDecisions
from hub.records.review_json import measures_json
from hub.records.review_ledger import Done, Reviewer, ReviewLedger
from hub.records.review_worklist import Worklist
from hub.store.store import Store

#: Figures told to a monitor may be so old: they read every decision of the matcher.
_FRESH: Final = timedelta(minutes=5)


class Reviews:
    """All that stewards do with pairs; every method asks who it is and leaves an entry in the trail.

    `model` weighs pairs; none: the bundled one.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        trail: Trail,
        clock: Clock,
        policy: ReviewPolicy,
        model: Model | None = None,
    ) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._ledger: Final = ReviewLedger(database, trail, clock)
        self._known: Json = {}
        self._until: datetime | None = None
        index = PatientIndex(clock, model=model)
        self.worklist: Final = Worklist(self._ledger, store, index)
        self.decisions: Final = ReviewDecisions(self._ledger, index, policy)

    async def measures(self, by: Reviewer) -> Json:
        """The review in figures."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            return measures_json(await measures(tx, now)), Done()

        return await self._ledger.run(by, "measures", "s", work)

    async def figures(self) -> Json:
        """The figures for a monitor, at most five minutes old. They tell of no patient, so they need no steward."""
        now = self._clock()
        if self._until is None or now >= self._until:
            async with self._database.connection() as tx:
                self._known = measures_json(await measures(tx, now))
            self._until = now + _FRESH
        return self._known
