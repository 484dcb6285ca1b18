"""Matters: what somebody asks about a patient and another answers, as rows. Whether anybody may is for the doors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.kernel.ids import reference_key
from hub.kernel.types import Json

OPEN: Final = "open"
EXPIRED: Final = "expired"
AGREED: Final = "agreed"
REFUSED: Final = "refused"
ANSWERED: Final = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One matter. `patient` is the id that was asked about, `opened_by` and `closed_by` are references, `organization`
    the facility code of who asks. It waits until `expires`; None: until it is answered."""

    id: str
    kind: str
    patient: str
    opened_by: str
    organization: str
    content: Json
    recorded: datetime
    status: str = OPEN
    expires: datetime | None = None
    closed: datetime | None = None
    closed_by: str | None = None
    answer: Json = field(default_factory=dict)

    def status_at(self, now: datetime) -> str:
        """Its status; one that nobody answered in time has expired."""
        late = self.status == OPEN and self.expires is not None and self.expires < now
        return EXPIRED if late else self.status


_COLUMNS: Final = (
    "id, kind, patient, opened_by, organization, content, recorded, status, expires, closed, closed_by, answer"
)
_PUT: Final = f"""
INSERT INTO matter ({_COLUMNS}, pkey) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (id) DO UPDATE SET status = excluded.status, closed = excluded.closed, closed_by = excluded.closed_by,
    answer = excluded.answer
"""
_SELECT: Final = f"SELECT {_COLUMNS} FROM matter"
_NEWEST: Final = "ORDER BY recorded DESC, id LIMIT $3"
_NAMED: Final = f"{_SELECT} WHERE kind = $1 AND id = $2 FOR UPDATE"
_OF_PKEYS: Final = f"{_SELECT} WHERE kind = $1 AND pkey = ANY($2::uuid[]) {_NEWEST}"
_OPENED_BY: Final = f"{_SELECT} WHERE kind = $1 AND opened_by = $2 {_NEWEST}"
_OF_ORGANIZATIONS: Final = f"{_SELECT} WHERE kind = $1 AND organization = ANY($2::text[]) {_NEWEST}"
_OF_KIND: Final = f"{_SELECT} WHERE kind = $1 AND ($2 OR status = 'open') {_NEWEST}"
_WAITING: Final = """
SELECT count(*) FROM matter WHERE kind = $1 AND opened_by = $2 AND status = 'open' AND coalesce(expires > $3, true)
"""
#: Rows of one list.
MOST: Final = 200


async def put(tx: Tx, matter: Matter) -> None:
    """Let the matter stand as it is here."""
    key = reference_key("Patient", matter.patient)
    who = (matter.id, matter.kind, matter.patient, matter.opened_by, matter.organization)
    times = (matter.recorded, matter.status, matter.expires, matter.closed, matter.closed_by)
    await tx.execute(_PUT, *who, dumps(matter.content).decode(), *times, dumps(matter.answer).decode(), key)


async def named(tx: Tx, kind: str, matter_id: str) -> Matter | None:
    """One matter of this kind, held against others until `tx` ends."""
    row = await tx.fetchrow(_NAMED, kind, matter_id)
    return None if row is None else _matter(row)


async def of_pkeys(tx: Tx, kind: str, pkeys: Sequence[UUID]) -> list[Matter]:
    """Those about these source patients, newest first."""
    return [_matter(row) for row in await tx.fetch(_OF_PKEYS, kind, list(pkeys), MOST)]


async def opened_by(tx: Tx, kind: str, reference: str) -> list[Matter]:
    """Those this person opened, newest first."""
    return [_matter(row) for row in await tx.fetch(_OPENED_BY, kind, reference, MOST)]


async def of_organizations(tx: Tx, kind: str, codes: Sequence[str]) -> list[Matter]:
    """Those opened at these facilities, newest first."""
    return [_matter(row) for row in await tx.fetch(_OF_ORGANIZATIONS, kind, list(codes), MOST)]


async def of_kind(tx: Tx, kind: str, *, closed: bool) -> list[Matter]:
    """All that wait, and with `closed` the others too, newest first."""
    return [_matter(row) for row in await tx.fetch(_OF_KIND, kind, closed, MOST)]


async def waiting(tx: Tx, kind: str, reference: str, now: datetime) -> int:
    """How many this person has opened that still wait."""
    found: int = await tx.fetchval(_WAITING, kind, reference, now)
    return found


def _matter(row: Any) -> Matter:
    names = ("id", "kind", "patient", "opened_by", "organization", "recorded", "status", "expires", "closed")
    content, answer = loads(row["content"]), loads(row["answer"])
    return Matter(**{name: row[name] for name in names}, closed_by=row["closed_by"], content=content, answer=answer)
