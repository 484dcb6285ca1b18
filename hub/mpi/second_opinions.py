"""Second opinions: a sample of decisions is put to another reviewer, who is not told what was decided.

The sample is deterministic: whether a decision is in it follows from its number and the share alone. Those in it come
in the order of a hash, so whatever part of it has been answered is a random sample too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.kernel.consortium import ReviewPolicy
from hub.kernel.errors import Category, HubError

#: Opinions asked for at a time: stewards see no more of linked persons than they can answer soon.
MOST_WAITING: Final = 20
#: Decisions, the newest, of which the sample is drawn.
_WINDOW: Final = 100_000
#: Multiplicative hashing (Knuth, The Art of Computer Programming, 6.4): 2^32 over the golden ratio.
_HASH: Final = "number % 2147483648 * 2654435761 % 4294967296"

_WAITING_COUNT: Final = "SELECT count(*) FROM mpi_opinion WHERE same IS NULL"

# A matcher's link and a steward's decision each have their share; what was taken back is nobody's opinion any more.
_DRAW: Final = f"""
INSERT INTO mpi_opinion (decision, first, second, author, linked, drawn)
SELECT number, least(first, second), greatest(first, second), who, kind = 'link', $4 FROM mpi_decision AS decision
WHERE number > (SELECT max(number) FROM mpi_decision) - {_WINDOW} AND standing AND second IS NOT NULL
    AND ((actor = 'matcher' AND kind = 'link' AND {_HASH} < $1)
        OR (actor = 'steward' AND kind IN ('link', 'apart') AND {_HASH} < $2))
    AND NOT EXISTS (SELECT FROM mpi_opinion AS drawn WHERE drawn.decision = decision.number)
ORDER BY {_HASH} LIMIT $3
"""

_SELECT: Final = """
SELECT opinion.number, opinion.decision, opinion.first AS first_key, opinion.second AS second_key,
    one.patient AS first, other.patient AS second, opinion.author, opinion.linked, opinion.same, opinion.who,
    decision.evidence, decision.score
FROM mpi_opinion AS opinion
JOIN mpi_decision AS decision ON decision.number = opinion.decision
JOIN mpi_source AS one ON one.pkey = opinion.first
JOIN mpi_source AS other ON other.pkey = opinion.second
WHERE decision.standing
"""

_FOR: Final = (
    f"{_SELECT} AND opinion.same IS NULL AND $1 <> ALL (string_to_array(opinion.author, ', ')) ORDER BY opinion.number"
)

_ONE: Final = f"{_SELECT} AND opinion.same IS NULL AND opinion.number = $1 FOR UPDATE OF opinion"

_DISPUTED: Final = f"{_SELECT} AND opinion.same <> opinion.linked ORDER BY opinion.number"

_GIVE: Final = "UPDATE mpi_opinion SET same = $2, who = $3, at = $4 WHERE number = $1"

_IN_QUESTION: Final = """
SELECT opinion.first, opinion.second FROM mpi_opinion AS opinion
JOIN mpi_decision AS decision ON decision.number = opinion.decision
WHERE (opinion.first = ANY($1) OR opinion.second = ANY($1)) AND decision.standing
    AND (opinion.same IS NULL OR opinion.same <> opinion.linked)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """A decision that was drawn: its pair (source Patient ids and keys), who decided it how, and the second opinion."""

    number: int
    decision: int
    first_key: UUID
    second_key: UUID
    first: str
    second: str
    author: str
    linked: bool
    same: bool | None
    who: str
    evidence: str
    score: float | None

    @property
    def patients(self) -> tuple[str, str]:
        return self.first, self.second


async def draw(tx: Tx, policy: ReviewPolicy, now: datetime) -> None:
    """Fill up the opinions that wait from the sample."""
    room = MOST_WAITING - await tx.fetchval(_WAITING_COUNT)
    if room > 0:
        await tx.execute(_DRAW, int(policy.second_linked * 2**32), int(policy.second_decided * 2**32), room, now)


async def opinions_for(tx: Tx, who: str) -> list[Opinion]:
    """What waits for a second opinion that `who` can give: nothing that `who` decided."""
    return [Opinion(**row) for row in await tx.fetch(_FOR, who)]


async def opinion(tx: Tx, number: int, who: str) -> Opinion:
    """One that waits. Raises HubError NOT_FOUND; FORBIDDEN (`same-person`) for what `who` decided."""
    row = await tx.fetchrow(_ONE, number)
    if row is None:
        raise HubError(Category.NOT_FOUND, "no such opinion is asked for", where="mpi", todo="list them")
    found = Opinion(**row)
    if who in found.author.split(", "):
        raise same_person()
    return found


async def disputed(tx: Tx) -> list[Opinion]:
    """Decisions that stand and the second reviewer would have taken otherwise."""
    return [Opinion(**row) for row in await tx.fetch(_DISPUTED)]


async def give(tx: Tx, found: Opinion, *, same: bool, who: str, now: datetime) -> None:
    """Keep a second opinion. It changes nothing; where it disagrees the decision is listed as disputed."""
    await tx.execute(_GIVE, found.number, same, who, now)


async def in_question(tx: Tx, pkeys: list[UUID]) -> set[UUID]:
    """Those of some source patients of which an opinion is asked for, or a decision is disputed."""
    rows = await tx.fetch(_IN_QUESTION, pkeys)
    return {pkey for row in rows for pkey in (row["first"], row["second"])}.intersection(pkeys)


def same_person() -> HubError:
    """The refusal to be one's own second pair of eyes."""
    what, todo = "this needs another steward than the one who decided", "let a colleague look at it"
    return HubError(Category.FORBIDDEN, what, where="mpi", todo=todo, code="same-person")
