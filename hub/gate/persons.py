"""Which released source Patients are one person: the id of the golden record beside what was released anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hub.db.database import Database
from hub.gate.released import Released
from hub.kernel.ids import reference_key

_PERSONS: Final = "SELECT patient, person FROM member WHERE pkey = ANY($1)"


class Persons:
    """Tells the persons of Patients the gate has released: it takes those, never an id somebody asks about."""

    def __init__(self, database: Database) -> None:
        self._database: Final = database

    async def of(self, patients: Sequence[Released]) -> Mapping[str, str]:
        """The id of the person of each source patient; its own id where it is a person of its own.

        Raises HubError UNAVAILABLE when the database is away.
        """
        ids = [one.id for one in patients if one.type == "Patient"]
        async with self._database.connection() as tx:
            rows = await tx.fetch(_PERSONS, [reference_key("Patient", rid) for rid in ids])
        return {rid: rid for rid in ids} | {row["patient"]: row["person"] for row in rows}
