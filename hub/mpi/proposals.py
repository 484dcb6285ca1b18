"""Four eyes: what one steward decided stays a proposal until another one confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import hash128, reference_key
from hub.mpi import decisions_read
from hub.mpi.deeds import Deed, What
from hub.mpi.preview import effect
from hub.mpi.stewardship import Steward

# Who the persons are made of, and what was known of each source.
_BASIS: Final = """
SELECT source.pkey, source.digest, member.person FROM member JOIN mpi_source AS source USING (pkey)
WHERE member.person IN (SELECT person FROM member WHERE pkey = ANY($1::uuid[])) ORDER BY source.pkey
"""

# Why pairs between these persons wait.
_REASONS: Final = """
WITH asked AS (SELECT person FROM member WHERE pkey = ANY($1::uuid[]))
SELECT DISTINCT review.reason FROM mpi_review AS review
JOIN member AS a ON a.pkey = review.first JOIN member AS b ON b.pkey = review.second
WHERE review.decision IS NULL AND a.person <> b.person
    AND a.person IN (SELECT person FROM asked) AND b.person IN (SELECT person FROM asked)
"""

_NAMES: Final = "SELECT patient FROM mpi_source WHERE number = ANY($1::bigint[])"

_PUT: Final = """
INSERT INTO mpi_proposal (deed, patients, target, review, who, note, basis, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING number
"""

_SELECT: Final = """
SELECT proposal.number, proposal.deed, proposal.patients, proposal.target, proposal.review, proposal.who, proposal.note,
    proposal.basis, proposal.at, proposal.outcome,
    proposal.review IS NULL OR EXISTS (
        SELECT FROM mpi_review AS review WHERE review.number = proposal.review AND review.decision IS NULL
    ) AS waits
FROM mpi_proposal AS proposal
"""

_ONE: Final = f"{_SELECT} WHERE proposal.number = $1 FOR UPDATE OF proposal"

_OPEN: Final = f"{_SELECT} WHERE proposal.outcome = '' ORDER BY proposal.number"

_OPEN_OF: Final = "SELECT number FROM mpi_proposal WHERE outcome = '' AND patients = $1::text[]"

_CLOSE: Final = "UPDATE mpi_proposal SET outcome = $2, closer = $3, decision = $4 WHERE number = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a steward proposed, for the pair `review` if for one, and whether that `waits`. `outcome`: "" while open."""

    number: int
    deed: Deed
    review: int | None
    who: str
    note: str
    basis: UUID
    at: datetime
    outcome: str
    waits: bool


async def words(tx: Tx, deed: Deed) -> frozenset[str]:
    """What `review.four_eyes` may say so that a deed needs a second steward: its own word, or why the pairs wait that
    it settles. Whoever merges two persons by other sources of theirs than the pair in review does the same.
    """
    about = await _about(tx, deed)
    return frozenset({deed.what.value, *(row["reason"] for row in await tx.fetch(_REASONS, _keys(about)))})


async def propose(
    tx: Tx, steward: Steward, deed: Deed, *, review: int | None, who: str, note: str, now: datetime
) -> int:
    """Put a deed to a second steward; returns the number of the proposal. It is tried out first.

    An open one that has gone stale makes room. Raises HubError CONFLICT (`proposed`) for any other open one about the
    same sources, and what doing it would raise.
    """
    about = await _about(tx, deed)
    await refuse_open(tx, deed)
    await effect(tx, steward, deed)
    basis = await _basis_of(tx, about)
    values = (deed.what.value, list(about), deed.target, review, who, note, basis, now)
    number: int = await tx.fetchval(_PUT, *values)
    return number


async def refuse_open(tx: Tx, deed: Deed) -> None:
    """Raises HubError CONFLICT (`proposed`) if a proposal about the same sources is open; a stale one is closed."""
    number = await tx.fetchval(_OPEN_OF, list(await _about(tx, deed)))
    if number is None:
        return
    found = await proposal(tx, number)
    if not await stale(tx, found):
        what, todo = "a proposal about the same is open", "confirm or refuse it"
        raise HubError(Category.CONFLICT, what, where=f"proposal {found.number}", todo=todo, code="proposed")
    await close(tx, found, "stale", who="")


async def proposal(tx: Tx, number: int) -> Proposal:
    """An open proposal, held until the transaction ends. Raises HubError NOT_FOUND, CONFLICT (`closed`)."""
    row = await tx.fetchrow(_ONE, number)
    if row is None:
        raise HubError(Category.NOT_FOUND, "no such proposal", where="mpi")
    found = _proposal(dict(row))
    if found.outcome:
        raise HubError(Category.CONFLICT, f"is {found.outcome} already", where=f"proposal {number}", code="closed")
    return found


async def open_proposals(tx: Tx) -> list[Proposal]:
    """What waits for a second steward, oldest first."""
    return [_proposal(dict(row)) for row in await tx.fetch(_OPEN)]


async def stale(tx: Tx, found: Proposal) -> bool:
    """Whether the pair waits no more, or a person is not what it was when this was proposed."""
    return not found.waits or await _basis_of(tx, found.deed.patients) != found.basis


async def close(tx: Tx, found: Proposal, outcome: str, *, who: str, decision: int | None = None) -> None:
    """End a proposal: `confirmed`, `refused` or `stale`."""
    await tx.execute(_CLOSE, found.number, outcome, who, decision)


async def _about(tx: Tx, deed: Deed) -> tuple[str, ...]:
    """The source Patients of a deed, in the order it takes them; sorted where that says nothing."""
    if deed.target is not None:
        last = (await decisions_read.chain(tx, deed.target))[-1]
        rows = await tx.fetch(_NAMES, sorted(decisions_read.concerned(last)))
        return tuple(sorted(row["patient"] for row in rows))
    return deed.patients if deed.what is What.MOVE else tuple(sorted(set(deed.patients)))


async def _basis_of(tx: Tx, patients: Sequence[str]) -> UUID:
    """A digest of the persons of some sources: all their sources, and what is known of each."""
    rows = await tx.fetch(_BASIS, _keys(patients))
    return hash128("\n".join(f"{row['pkey']} {row['digest']} {row['person']}" for row in rows))


def _keys(patients: Sequence[str]) -> list[UUID]:
    return [reference_key("Patient", patient) for patient in patients]


def _proposal(told: dict[str, Any]) -> Proposal:
    deed = Deed(what=What(told.pop("deed")), patients=tuple(told.pop("patients")), target=told.pop("target"))
    return Proposal(deed=deed, **told)
