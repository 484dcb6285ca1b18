"""The worklist as it stands: pairs that wait, who works on them, what was proposed and said of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError

#: Whoever skips a pair is not shown it for so long; others are.
SKIPPED: Final = timedelta(days=7)
#: Pairs of persons that are looked at for one list, strongest first.
_MOST: Final = 5_000

_PAIR: Final = """
SELECT review.number, review.first AS first_key, review.second AS second_key, a.patient AS first, b.patient AS second,
    a.person AS first_person, b.person AS second_person, review.reason, review.score, review.evidence, review.model,
    review.at, claim.who AS claimed_by, claim.until AS claimed_until, proposal.number AS proposal
FROM mpi_review AS review
JOIN member AS a ON a.pkey = review.first
JOIN member AS b ON b.pkey = review.second
LEFT JOIN mpi_claim AS claim ON claim.review = review.number AND claim.until > $1
LEFT JOIN mpi_proposal AS proposal ON proposal.review = review.number AND proposal.outcome = ''
WHERE review.decision IS NULL AND a.person <> b.person
"""

_ONE: Final = f"{_PAIR} AND review.number = $2"

# One row per pair of persons, the strongest.
_QUEUE: Final = f"""
SELECT * FROM (
    SELECT DISTINCT ON (least(first_person, second_person), greatest(first_person, second_person)) *
    FROM ({_PAIR}) AS waiting
    WHERE NOT EXISTS (
        SELECT FROM mpi_note AS note
        WHERE (note.first, note.second) = (first_key, second_key)
            AND note.kind = 'skip' AND note.who = $2 AND note.at > $3
    )
    ORDER BY least(first_person, second_person), greatest(first_person, second_person), score DESC, number
) AS pair
ORDER BY score DESC, number LIMIT {_MOST}
"""

_NOTES: Final = """
SELECT kind, who, text, at FROM mpi_note WHERE (first, second) = ($1, $2) ORDER BY number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A pair that waits: source Patient ids with their keys and persons, why, who works on it, an open proposal."""

    number: int
    first_key: UUID
    second_key: UUID
    first: str
    second: str
    first_person: str
    second_person: str
    reason: str
    score: float
    evidence: str
    model: str
    at: datetime
    claimed_by: str | None
    claimed_until: datetime | None
    proposal: int | None

    @property
    def patients(self) -> tuple[str, str]:
        return self.first, self.second


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a steward said of a pair; `kind` is `comment` or `skip`."""

    kind: str
    who: str
    text: str
    at: datetime


async def queue(tx: Tx, who: str, now: datetime) -> list[Waiting]:
    """The pairs that wait for `who`, strongest first: for each pair of persons its strongest pair of sources."""
    return [Waiting(**row) for row in await tx.fetch(_QUEUE, now, who, now - SKIPPED)]


async def waiting(tx: Tx, number: int, now: datetime) -> Waiting:
    """One pair. Raises HubError NOT_FOUND if it does not wait."""
    row = await tx.fetchrow(_ONE, now, number)
    if row is None:
        raise HubError(Category.NOT_FOUND, "no such pair waits", where="mpi", todo="list the pairs that wait")
    return Waiting(**row)


async def notes(tx: Tx, pair: Waiting) -> list[Note]:
    """What was said of a pair, oldest first."""
    return [Note(**row) for row in await tx.fetch(_NOTES, pair.first_key, pair.second_key)]
