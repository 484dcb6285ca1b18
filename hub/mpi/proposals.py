"""Four eyes: what one steward decided stays a proposal until another one confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import hash128
from hub.mpi.review_queue import Waiting

# Who the two persons are made of, and what was known of each source.
_BASIS: Final = """
SELECT source.pkey, source.digest, member.person FROM member JOIN mpi_source AS source USING (pkey)
WHERE member.person IN (SELECT person FROM member WHERE pkey = $1 OR pkey = $2) ORDER BY source.pkey
"""

_PUT: Final = """
INSERT INTO mpi_proposal (first, second, same, who, note, basis, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING number
"""

_SELECT: Final = """
SELECT proposal.number, review.number AS review, proposal.first AS first_key, proposal.second AS second_key,
    proposal.same, proposal.who, proposal.note, proposal.basis, proposal.at, proposal.outcome
FROM mpi_proposal AS proposal
LEFT JOIN mpi_review AS review ON (review.first, review.second) = (proposal.first, proposal.second)
    AND review.decision IS NULL
"""

_ONE: Final = f"{_SELECT} WHERE proposal.number = $1 FOR UPDATE OF proposal"

_OPEN: Final = f"{_SELECT} WHERE proposal.outcome = '' ORDER BY proposal.number"

_CLOSE: Final = "UPDATE mpi_proposal SET outcome = $2, closer = $3, decision = $4 WHERE number = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a steward proposed for the pair `review` (None: it waits no more). `outcome` is empty while it is open."""

    number: int
    review: int | None
    first_key: UUID
    second_key: UUID
    same: bool
    who: str
    note: str
    basis: UUID
    at: datetime
    outcome: str


async def propose(tx: Tx, pair: Waiting, *, same: bool, who: str, note: str, now: datetime) -> int:
    """Put a decision to a second steward; returns the number of the proposal.

    An open one that has gone stale makes room. Raises HubError CONFLICT (`proposed`) for any other open one.
    """
    if pair.proposal is not None:
        await refuse_open(tx, pair)
    basis = await basis_of(tx, pair.first_key, pair.second_key)
    number: int = await tx.fetchval(_PUT, pair.first_key, pair.second_key, same, who, note, basis, now)
    return number


async def refuse_open(tx: Tx, pair: Waiting) -> None:
    """Raises HubError CONFLICT (`proposed`) if a proposal for a pair is open; one that has gone stale is closed."""
    if pair.proposal is None:
        return
    found = await proposal(tx, pair.proposal)
    if not await stale(tx, found):
        what, todo = "a proposal for this pair is open", "confirm or refuse it"
        raise HubError(Category.CONFLICT, what, where=f"proposal {found.number}", todo=todo, code="proposed")
    await close(tx, found, "stale", who="")


async def proposal(tx: Tx, number: int) -> Proposal:
    """An open proposal, held until the transaction ends. Raises HubError NOT_FOUND, CONFLICT (`closed`)."""
    row = await tx.fetchrow(_ONE, number)
    if row is None:
        raise HubError(Category.NOT_FOUND, "no such proposal", where="mpi")
    found = Proposal(**row)
    if found.outcome:
        raise HubError(Category.CONFLICT, f"is {found.outcome} already", where=f"proposal {number}", code="closed")
    return found


async def open_proposals(tx: Tx) -> list[Proposal]:
    """What waits for a second steward, oldest first."""
    return [Proposal(**row) for row in await tx.fetch(_OPEN)]


async def stale(tx: Tx, found: Proposal) -> bool:
    """Whether the pair waits no more, or either person is not what it was when this was proposed."""
    return found.review is None or await basis_of(tx, found.first_key, found.second_key) != found.basis


async def close(tx: Tx, found: Proposal, outcome: str, *, who: str, decision: int | None = None) -> None:
    """End a proposal: `confirmed`, `refused` or `stale`."""
    await tx.execute(_CLOSE, found.number, outcome, who, decision)


async def basis_of(tx: Tx, one: UUID, other: UUID) -> UUID:
    """A digest of both persons: their sources, and what is known of each."""
    rows = await tx.fetch(_BASIS, one, other)
    return hash128("\n".join(f"{row['pkey']} {row['digest']} {row['person']}" for row in rows))
