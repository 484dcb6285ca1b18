"""Judging all stored sources again, after the model changed: in batches, each in a transaction of its own.

Nothing but automatic links changes, and only those that come out otherwise. A batch that was judged before changes
nothing, so the work may stop anywhere, go on from the number it reached, and run beside writers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from hub.db.database import Database
from hub.kernel.errors import HubError
from hub.mpi.decision import Decision, Kind
from hub.mpi.index import PatientIndex
from hub.mpi.packed import NOTHING

#: Sources in one transaction: others wait meanwhile for what they share with them.
BATCH: Final = 50
_TRIES: Final = 5

# A deleted Patient brings nobody together, and its links stay.
_NEXT: Final = "SELECT number FROM mpi_source WHERE number > $1 AND digest <> $2 ORDER BY number LIMIT $3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """How many sources were judged, the number of the last, and the decisions made: links, and links that fell."""

    sources: int
    reached: int
    linked: int
    parted: int


async def rejudge(
    database: Database,
    index: PatientIndex,
    progress: Callable[[Rejudged], None] = lambda _: None,
    *,
    after: int = 0,
    batch: int = BATCH,
) -> Rejudged:
    """Judge every source above the number `after` under the model of `index`, oldest first.

    `progress` is told after each batch, when it is on disk. Raises HubError UNAVAILABLE (`race`) when others got in the
    way again and again: go on from the number reached.
    """
    sources, kinds = 0, Counter[Kind]()
    while True:
        async with database.connection() as tx:
            numbers = [row["number"] for row in await tx.fetch(_NEXT, after, NOTHING, batch)]
        if numbers:
            kinds.update(decision.kind for decision in await _judged(database, index, numbers))
            sources, after = sources + len(numbers), numbers[-1]
        told = Rejudged(sources=sources, reached=after, linked=kinds[Kind.LINK], parted=kinds[Kind.JUDGED])
        if not numbers:
            return told
        progress(told)


async def _judged(database: Database, index: PatientIndex, numbers: Collection[int]) -> list[Decision]:
    for tries in range(_TRIES, 0, -1):
        try:
            async with database.transaction() as tx:
                return await index.judge_again(tx, numbers)
        except HubError as error:
            if error.code != "race" or tries == 1:
                raise
    return []
