"""Approvals a token refers to by id: of an ethics committee, or of a second person (consent rules, 1 and 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.kernel.types import Json

ETHICS: Final = "ethics"
SECOND: Final = "second"
#: For what a second person approves who does not say.
DEFAULT_PURPOSE: Final = ("TREAT",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One approval; `recorded` is aware.

    `content` of `ethics`: project, document (its number), and status (approved or revoked), organization, period and
    resourceTypes as `ethicsApproval` of the rules. Of `second`: status (active or ended), reference and organization of
    the second person, `for` (the requester's reference), `patient` (reference of a source patient), `purpose` (all a
    request may have), period.
    """

    id: str
    kind: str
    content: Json
    recorded: datetime


_PUT: Final = """
INSERT INTO approval (id, kind, content, recorded) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET content = excluded.content, recorded = excluded.recorded
"""
_SELECT: Final = "SELECT id, kind, content, recorded FROM approval"
_NAMED: Final = f"{_SELECT} WHERE id = $1"
_OF_KIND: Final = f"{_SELECT} WHERE kind = $1 ORDER BY recorded DESC, id LIMIT 500"


async def put(tx: Tx, approval: Approval) -> None:
    """Let the approval stand as it is here. The caller raises the epoch."""
    await tx.execute(_PUT, approval.id, approval.kind, dumps(approval.content).decode(), approval.recorded)


async def named(tx: Tx, approval_id: str) -> Approval | None:
    """One approval, whatever its status; None if there is none of that id."""
    row = await tx.fetchrow(_NAMED, approval_id)
    return None if row is None else _approval(row)


async def of_kind(tx: Tx, kind: str) -> list[Approval]:
    """All of a kind, whatever their status, newest first."""
    return [_approval(row) for row in await tx.fetch(_OF_KIND, kind)]


def _approval(row: Any) -> Approval:
    return Approval(id=row[0], kind=row[1], content=loads(row[2]), recorded=row[3])
