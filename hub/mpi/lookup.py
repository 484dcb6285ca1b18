"""Asking the index without changing it: who is one person, who waits for a steward, and why it was decided so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from hub.db.database import Tx
from hub.kernel.ids import reference_key

_MEMBERS: Final = "SELECT pkey, person FROM member WHERE pkey = ANY($1)"

_PERSONS: Final = "SELECT person, patient FROM member WHERE person = ANY($1) ORDER BY person, patient"

# A person's id is that of one of its sources: where that source is now, its person went.
_SUCCESSORS: Final = """
SELECT source.person AS asked, member.person
FROM mpi_source AS source JOIN member USING (pkey)
WHERE source.person = ANY($1) AND member.person <> source.person
"""

_HISTORY: Final = """
WITH asked AS (
    SELECT pkey FROM member WHERE pkey = $1 OR person = $2
    UNION SELECT pkey FROM mpi_move WHERE origin = $2 OR target = $2
)
SELECT decision.number, decision.kind, decision.actor, decision.who, decision.message, one.patient AS first,
    other.patient AS second, decision.score, decision.evidence, decision.model, decision.note, decision.at,
    decision.reverses, decision.standing, moved.moves::text AS moves
FROM mpi_decision AS decision
JOIN mpi_source AS one ON one.pkey = decision.first
LEFT JOIN mpi_source AS other ON other.pkey = decision.second
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(member.patient, move.origin, move.target) ORDER BY member.patient) AS moves
    FROM mpi_move AS move JOIN member USING (pkey) WHERE move.decision = decision.number
) AS moved ON true
WHERE decision.number IN (
    SELECT number FROM mpi_decision JOIN asked ON first = asked.pkey
    UNION SELECT number FROM mpi_decision JOIN asked ON second = asked.pkey
    UNION SELECT move.decision FROM mpi_move AS move JOIN asked USING (pkey)
    UNION SELECT edge.decision FROM asked JOIN mpi_source USING (pkey) JOIN mpi_edge AS edge ON edge.first = number
    UNION SELECT edge.decision FROM asked JOIN mpi_source USING (pkey) JOIN mpi_edge AS edge ON edge.second = number
)
ORDER BY decision.number
"""

# Either side of a pair that waits and is still of two persons.
_WAITING: Final = """
SELECT review.first, review.second FROM mpi_review AS review
JOIN member AS a ON a.pkey = review.first
JOIN member AS b ON b.pkey = review.second
WHERE review.decision IS NULL AND a.person <> b.person AND (review.first = ANY($1) OR review.second = ANY($1))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A decision as it is told: `first` and `second` are source Patient ids, `moves` (patient, origin, target)."""

    number: int
    kind: str
    actor: str
    who: str
    message: int | None
    first: str
    second: str | None
    score: float | None
    evidence: str
    model: str
    note: str
    at: datetime
    reverses: int | None
    standing: bool
    moves: tuple[tuple[str, str, str], ...]


async def members(tx: Tx, pkeys: Sequence[UUID]) -> dict[UUID, str]:
    """The persons of source patients; who is missing is a person of its own that the index has not met yet."""
    return {row["pkey"]: row["person"] for row in await tx.fetch(_MEMBERS, pkeys)}


async def persons(tx: Tx, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The source Patient ids of persons, sorted; a person that went into another or never was is missing."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in await tx.fetch(_PERSONS, ids):
        found[row["person"]].append(row["patient"])
    return {person: tuple(patients) for person, patients in found.items()}


async def sources_of(tx: Tx, rid: str) -> tuple[str, ...]:
    """The source Patient ids of one person, named by the person or by any of them.

    One that the index does not know, or does no more, is looked for by that id alone.
    """
    known = (await persons(tx, [rid])).get(rid)
    if known is None:
        person = (await members(tx, [reference_key("Patient", rid)])).values()
        known = next(iter((await persons(tx, list(person))).values()), None)
    return known or (rid,)


async def successors(tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    """Of persons that are no more, the person each went into."""
    return {row["asked"]: row["person"] for row in await tx.fetch(_SUCCESSORS, ids)}


async def history(tx: Tx, of: str) -> list[Past]:
    """Every decision about a source patient or a person (by either id), oldest first."""
    rows: Iterable[dict[str, object]] = map(dict, await tx.fetch(_HISTORY, reference_key("Patient", of), of))
    return [msgspec.convert({**row, "moves": msgspec.json.decode(str(row["moves"] or "[]"))}, Past) for row in rows]


async def in_review(tx: Tx, pkeys: Sequence[UUID]) -> set[UUID]:
    """Those of some source patients that are one side of a pair that waits for a steward."""
    rows = await tx.fetch(_WAITING, pkeys)
    return {pkey for row in rows for pkey in (row["first"], row["second"])}.intersection(pkeys)
