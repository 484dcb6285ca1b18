"""The golden record of a person through the gate: computed for each requester from the sources it may see.

It is never stored, so it has no history; a person of whom no source may be seen is absent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.gate.cases import Case, Cases
from hub.gate.door import Door
from hub.gate.release import decide
from hub.gate.released import Released
from hub.mpi.golden import golden
from hub.mpi.survivorship import SourcePatient
from hub.store.values import Stored


def person_named(cases: Cases, rtype: str, rid: str) -> Case | None:
    """The person whose golden record has this address, if there is one."""
    return next((case for case in cases.persons if rtype == "Patient" and case.dossier.golden == rid), None)


async def sources(door: Door, tx: Tx, cases: Cases, person: Case) -> list[Stored]:
    """The person's source Patients that stand and are permitted."""
    rows = await door.store.load(tx, [("Patient", source) for source in person.dossier.sources])
    return [row for row in rows.values() if not row.deleted and decide(cases, row).permitted]


def released(door: Door, rows: Sequence[Stored], person: str) -> Released:
    """The golden record made of some sources; its version changes with theirs."""
    patients = [
        SourcePatient(
            resource=loads(row.body),
            facility=row.facts.author_org,
            version=row.version,
            updated=row.updated,
            trust=door.rules.directory.trust(row.facts.author_org),
        )
        for row in rows
    ]
    resource = golden(patients, person, door.canonical_base)
    version = int.from_bytes(hashlib.sha256(resource["meta"]["versionId"].encode()).digest()[:4])
    # The number of the ETag.
    resource["meta"]["versionId"] = str(version)
    return Released(
        type="Patient",
        id=person,
        version=version,
        updated=max(row.updated for row in rows),
        deleted=False,
        body=dumps(resource),
        computed=True,
    )
