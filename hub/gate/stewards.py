"""The door of the mpi-steward: demographics of the source Patients in pairs that wait for a decision, and no more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec.structs import replace

from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.gate.door import Door, not_found
from hub.gate.recorder import Asked, Basis
from hub.gate.released import Released, released
from hub.kernel.ids import reference_key
from hub.mpi.lookup import in_review

STEWARD: Final = "mpi-steward"
#: Elements of Patient that tell one person from another.
_DEMOGRAPHICS: Final = frozenset(
    {
        "resourceType",
        "id",
        "meta",
        "identifier",
        "active",
        "name",
        "telecom",
        "gender",
        "birthDate",
        "deceasedBoolean",
        "deceasedDateTime",
        "address",
        "multipleBirthBoolean",
        "multipleBirthInteger",
        "contact",
        "managingOrganization",
        "link",
    }
)


async def waiting(tx: Tx, ids: Collection[str]) -> set[str]:
    """Those of some source Patients (ids) that a steward is to look at."""
    keys = {reference_key("Patient", rid): rid for rid in ids}
    return {keys[pkey] for pkey in await in_review(tx, sorted(keys))}


async def read(door: Door, asked: Asked) -> Released:
    """A source Patient of a waiting pair, reduced to its demographics. Raises HubError NOT_FOUND for any other."""
    rid = asked.id or ""
    async with door.snapshot() as tx:
        found = (await door.store.load(tx, [("Patient", rid)])).get(("Patient", rid))
        waits = await waiting(tx, [rid])
    if found is None or found.deleted:
        await door.recorder.absent(asked)
        raise not_found()
    if not waits:
        await door.recorder.refused(asked, "not-in-review")
        raise not_found()
    await door.recorder.released(asked, [found], Basis(grounds=frozenset({STEWARD})))
    return demographics(released(found))


def demographics(patient: Released) -> Released:
    """A Patient without what does not help to tell one person from another."""
    kept = {name: value for name, value in loads(patient.body).items() if name.removeprefix("_") in _DEMOGRAPHICS}
    return replace(patient, body=dumps(kept))
