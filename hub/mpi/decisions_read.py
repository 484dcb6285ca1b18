"""Reading decisions: to take one back, and to tell which statements of facilities still count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.mpi.decision import Actor, Decision, Kind
from hub.mpi.index_read import edge_of_row
from hub.mpi.people import touched

_ONE: Final = """
SELECT decision.*, one.number AS first_number, other.number AS second_number, EXISTS (
    SELECT FROM mpi_decision AS more WHERE more.reverses = decision.number AND more.standing AND more.number <> $2
) AS disputed
FROM mpi_decision AS decision
JOIN mpi_source AS one ON one.pkey = decision.first
LEFT JOIN mpi_source AS other ON other.pkey = decision.second
WHERE decision.number = $1
"""

_MADE: Final = "SELECT * FROM mpi_edge WHERE decision = $1"

_CLOSED: Final = """
SELECT edge.* FROM mpi_closing AS closing
JOIN mpi_edge AS edge ON (edge.first, edge.second, edge.decision) = (closing.first, closing.second, closing.made)
WHERE closing.decision = $1
"""

_MERGE: Final = """
SELECT number FROM mpi_decision
WHERE first = $1 AND second = $2 AND kind = 'merge' AND standing ORDER BY number DESC LIMIT 1
"""

_NEWER: Final = """
SELECT EXISTS (
    SELECT FROM mpi_decision
    WHERE actor = 'message' AND message >= $3 AND ((first = $1 AND second = $2) OR (first = $2 AND second = $1))
)
"""


async def chain(tx: Tx, number: int) -> list[Decision]:
    """A decision, what it reversed, what that reversed, and so on; the last with its edges and closings.

    Raises HubError NOT_FOUND if there is no such decision, CONFLICT (`reversed`) if it was taken back before.
    """
    found: list[Decision] = []
    reached: int | None = number
    while reached is not None:
        row = await tx.fetchrow(_ONE, reached, found[-1].number if found else 0)
        if row is None:
            raise HubError(Category.NOT_FOUND, "no such decision", where="mpi")
        if not found and not row["standing"]:
            raise HubError(Category.CONFLICT, "was reversed before", where="mpi", code="reversed")
        found.append(_decision(dict(row)))
        reached = row["reverses"]
    end = found[-1]
    end.edges += [edge_of_row(dict(row)) for row in await tx.fetch(_MADE, end.number)]
    end.closings += [edge_of_row(dict(row)) for row in await tx.fetch(_CLOSED, end.number)]
    return found


def concerned(decision: Decision) -> set[int]:
    """The sources that taking a decision back may move."""
    return touched(decision) | {decision.first} | ({decision.second} if decision.second is not None else set())


async def merge_of(tx: Tx, survivor: UUID, loser: UUID) -> int | None:
    """The merge of these two that stands, whichever survived."""
    found: int | None = await tx.fetchval(_MERGE, survivor, loser)
    if found is None:
        found = await tx.fetchval(_MERGE, loser, survivor)
    return found


async def settled(tx: Tx, one: UUID, other: UUID, message: int) -> bool:
    """Whether this message or a newer one has spoken of these two already."""
    return bool(await tx.fetchval(_NEWER, one, other, message))


def _decision(row: Mapping[str, Any]) -> Decision:
    return Decision(
        number=row["number"],
        kind=Kind(row["kind"]),
        actor=Actor(row["actor"]),
        first=row["first_number"],
        second=row["second_number"],
        who=row["who"],
        message=row["message"],
        score=row["score"],
        evidence=row["evidence"],
        note=row["note"],
        reverses=row["reverses"],
        standing=row["standing"],
        disputed=row["disputed"],
    )
