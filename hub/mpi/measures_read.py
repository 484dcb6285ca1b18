"""The review in figures: how long the queue is, what was decided, how far reviewers agree, how scores drift."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from hub.db.database import Tx
from hub.mpi.measures import BOUNDS, Share, psi, wilson

#: Days of which decisions are counted one by one.
DAYS: Final = 30

_QUEUE: Final = """
SELECT reason, count(*) AS pairs, min(review.at) AS oldest,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY review.at) AS median
FROM mpi_review AS review
JOIN member AS a ON a.pkey = review.first
JOIN member AS b ON b.pkey = review.second
WHERE review.decision IS NULL AND a.person <> b.person
GROUP BY reason ORDER BY reason
"""

_PROPOSALS: Final = "SELECT count(*) FROM mpi_proposal WHERE outcome = ''"

_DECISIONS: Final = """
SELECT (at AT TIME ZONE 'UTC')::date AS day, kind, count(*) AS decisions FROM mpi_decision
WHERE actor = 'steward' AND at >= $1 GROUP BY 1, 2 ORDER BY 1, 2
"""

# The matcher has no account.
_OPINIONS: Final = """
SELECT author = '' AS automatic, count(*) FILTER (WHERE same IS NULL) AS waiting,
    count(same) AS given, count(*) FILTER (WHERE same = linked) AS agreed
FROM mpi_opinion GROUP BY 1
"""

_DISPUTED: Final = """
SELECT count(*) FROM mpi_opinion AS opinion JOIN mpi_decision AS decision ON decision.number = opinion.decision
WHERE opinion.same <> opinion.linked AND decision.standing
"""

_SCORES: Final = """
SELECT model, date_trunc('week', at AT TIME ZONE 'UTC')::date AS week, width_bucket(score, $1::float8[]) AS class,
    count(*) AS pairs
FROM (
    SELECT model, at, score FROM mpi_decision WHERE actor = 'matcher' AND kind = 'link' AND score IS NOT NULL
    UNION ALL SELECT model, at, score FROM mpi_review
) AS judged
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Pairs that wait for one reason; ages in seconds."""

    reason: str
    pairs: int
    oldest: float
    median: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDay:
    """Decisions of stewards on one day (UTC)."""

    day: date
    kind: str
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Scores of the pairs a model version judged in the week that begins on `week` (linked, or left to a steward).

    `counts`: pairs in each class of `hub.mpi.measures.BOUNDS`. `psi`: against the first week of that version.
    """

    model: str
    week: date
    counts: tuple[int, ...]
    psi: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """`agreement`: second opinions on stewards' decisions that agree. `precision`: of automatic links that a second
    reviewer confirms. `disputed`: decisions that stand against a second opinion.
    """

    at: datetime
    queue: tuple[Queued, ...]
    proposals: int
    decisions: tuple[OfDay, ...]
    opinions_waiting: int
    disputed: int
    agreement: Share
    precision: Share
    bounds: tuple[float, ...]
    weeks: tuple[Week, ...]


async def measures(tx: Tx, now: datetime) -> Measures:
    """All figures. Reads every decision of the matcher: to be asked for now and then."""
    opinions = {row["automatic"]: row for row in await tx.fetch(_OPINIONS)}
    shares = {key: wilson(row["agreed"], row["given"]) for key, row in opinions.items()}
    return Measures(
        at=now,
        queue=tuple(
            Queued(
                reason=row["reason"],
                pairs=row["pairs"],
                oldest=(now - row["oldest"]).total_seconds(),
                median=(now - row["median"]).total_seconds(),
            )
            for row in await tx.fetch(_QUEUE)
        ),
        proposals=await tx.fetchval(_PROPOSALS),
        decisions=tuple(OfDay(**row) for row in await tx.fetch(_DECISIONS, now - timedelta(days=DAYS))),
        opinions_waiting=sum(row["waiting"] for row in opinions.values()),
        disputed=await tx.fetchval(_DISPUTED),
        agreement=shares.get(False, wilson(0, 0)),
        precision=shares.get(True, wilson(0, 0)),
        bounds=BOUNDS,
        weeks=await _weeks(tx),
    )


async def _weeks(tx: Tx) -> tuple[Week, ...]:
    counted: defaultdict[tuple[str, date], list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    for row in await tx.fetch(_SCORES, list(BOUNDS)):
        counted[row["model"], row["week"]][row["class"]] = row["pairs"]
    first: dict[str, list[int]] = {}
    weeks = []
    for (model, week), counts in sorted(counted.items()):
        against = first.setdefault(model, counts)
        weeks.append(Week(model=model, week=week, counts=tuple(counts), psi=psi(against, counts)))
    return tuple(weeks)
