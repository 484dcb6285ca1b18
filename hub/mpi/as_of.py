"""Who was one person at an instant: computed from the decisions and reversals that had come by then alone.

A decision stood unless a reversal of it did; an edge stood while its decision did and no decision that closed it. The
answer for now is what `member` holds, and the answer for an instant is what it held then. (A decision bears the time at
which it was made, and is seen by readers when its transaction ends, some milliseconds later.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.mpi.people import senior

# By the id of the Patient, or by the person id that one source bears.
_ASKED: Final = """
SELECT number FROM mpi_source WHERE (pkey = $1 OR person = $2) AND (since IS NULL OR since <= $3)
ORDER BY pkey = $1 DESC LIMIT 1
"""

_EDGES: Final = """
SELECT edge.first, edge.second, edge.decision, edge.loser, ARRAY(
    SELECT decision FROM mpi_closing WHERE (first, second, made) = (edge.first, edge.second, edge.decision)
) AS closers
FROM mpi_edge AS edge WHERE edge.kind = 'link' AND (edge.first = ANY($1) OR edge.second = ANY($1))
"""

_DECISIONS: Final = """
WITH RECURSIVE told AS (
    SELECT number, reverses FROM mpi_decision WHERE number = ANY($1) AND at <= $2
    UNION
    SELECT more.number, more.reverses FROM told JOIN mpi_decision AS more ON more.reverses = told.number
    WHERE more.at <= $2
)
SELECT number, reverses FROM told
"""

_MEMBERS: Final = "SELECT number, patient, person AS own FROM mpi_source WHERE number = ANY($1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The person at an instant: its id, and the ids of its source Patients, sorted.

    Where a person was asked for that had gone into another by then, `person` is the other one.
    """

    at: datetime
    person: str
    patients: tuple[str, ...]


async def as_of(tx: Tx, of: str, at: datetime) -> AsOf:
    """The person that a source Patient (or a person, by its id) was at an instant.

    Raises HubError NOT_FOUND if the index did not know it then.
    """
    number = await tx.fetchval(_ASKED, reference_key("Patient", of), of, at)
    if number is None:
        todo = "give the id of a Patient or person, and a later time"
        raise HubError(Category.NOT_FOUND, "was not known to the index then", where="mpi", todo=todo)
    group, losers = await _group(tx, number, at)
    rows = {row["number"]: row for row in await tx.fetch(_MEMBERS, sorted(group))}
    person = rows[senior(group, losers.__contains__)]["own"]
    return AsOf(at=at, person=person, patients=tuple(sorted(row["patient"] for row in rows.values())))


def standing(told: Mapping[int, int | None]) -> set[int]:
    """Of decisions, with what each of them reverses, those that stand: no standing decision reverses them."""
    stand: set[int] = set()
    reversed_: set[int | None] = set()
    # A reversal is younger than what it takes back, so the youngest is sure.
    for number in sorted(told, reverse=True):
        if number not in reversed_:
            stand.add(number)
            reversed_.add(told[number])
    return stand


async def _group(tx: Tx, number: int, at: datetime) -> tuple[set[int], set[int]]:
    """The sources that were one person with this one, and those of them that were merged away."""
    found, rim, losers = {number}, {number}, set[int]()
    while rim:
        edges = await _standing(tx, rim, at)
        losers |= {edge["loser"] for edge in edges if edge["loser"] is not None}
        rim = {end for edge in edges for end in (edge["first"], edge["second"])} - found
        found |= rim
    return found, losers


async def _standing(tx: Tx, numbers: Collection[int], at: datetime) -> list[dict[str, Any]]:
    """The links at these sources that stood at an instant."""
    edges = [dict(row) for row in await tx.fetch(_EDGES, sorted(numbers))]
    spoke = await tx.fetch(_DECISIONS, sorted(_spoken_by(edges)), at)
    stood = standing({row["number"]: row["reverses"] for row in spoke})
    return [edge for edge in edges if edge["decision"] in stood and stood.isdisjoint(edge["closers"])]


def _spoken_by(edges: Iterable[Mapping[str, Any]]) -> set[int]:
    return {number for edge in edges for number in (edge["decision"], *edge["closers"])}
