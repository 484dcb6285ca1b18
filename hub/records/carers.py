"""Who answers for a resource about a patient, and which family doctors look after her now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.db.database import Tx
from hub.records.person import subject_of
from hub.store.store import Store

_DOCTORS: Final = """
SELECT DISTINCT x.party, r.author_org FROM relation x JOIN resource r ON r.pkey = x.pkey AND r.key = x.key
WHERE x.pkey = ANY($1::uuid[]) AND x.kind = 'managed' AND x.low <= $2 AND x.high >= $2 AND NOT r.deleted
ORDER BY x.party, r.author_org
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """A family doctor by her id, and the facility that has the contract."""

    practitioner: str
    organization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cared:
    """Whom a resource is about (source patient), who answers for it, and who looks after the person.

    `gone`: it was deleted.
    """

    patient: str
    author_org: str
    doctors: tuple[Doctor, ...]
    gone: bool = False


class Carers:
    """Asks for the sake of the hub itself: ids alone, nothing of a record."""

    def __init__(self, store: Store) -> None:
        self._store: Final = store

    async def of(self, tx: Tx, rtype: str, rid: str, now: datetime) -> Cared | None:
        """Who is concerned by a resource; None for one that never was, or about nobody."""
        found = (await self._store.load_facts(tx, [(rtype, rid)])).get((rtype, rid))
        if found is None or found.patient is None:
            return None
        subject = await subject_of(self._store, tx, found.patient)
        rows = [] if subject is None else await tx.fetch(_DOCTORS, subject.pkeys, now)
        doctors = (Doctor(practitioner=row[0].removeprefix("Practitioner/"), organization=row[1]) for row in rows)
        return Cared(
            patient=found.patient, author_org=found.facts.author_org, doctors=tuple(doctors), gone=found.deleted
        )
