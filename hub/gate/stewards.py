"""The door of the mpi-steward: demographics of the source Patients in pairs that wait for a decision, and no more.

A pair waits for a decision too while a second opinion on it is asked for, or one disputes what was decided.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from hub.auth.scopes import allows
from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.gate.door import Door, not_found
from hub.gate.recorder import Asked, Basis
from hub.gate.released import Released, released
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.mpi.lookup import in_review
from hub.mpi.record import Record
from hub.mpi.record_of import record_of
from hub.mpi.second_opinions import in_question
from hub.store.values import Stored

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
#: Comparison -> the parts of a registration it compares; hub/mpi/levels.py names the comparisons.
_COMPARED: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name",),
    "birth": ("birth_date",),
    "id": ("id_no",),
    "insurance": ("insurance_no",),
    "sex": ("sex",),
    "household": ("phone", "address"),
    "contact": ("contact_name", "contact_phone"),
    "facility": ("facility",),
}


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What two source Patients say under each comparison, as written; nothing where one says nothing."""

    values: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


async def waiting(tx: Tx, ids: Collection[str]) -> set[str]:
    """Those of some source Patients (ids) that a steward is to look at."""
    keys = {reference_key("Patient", rid): rid for rid in ids}
    ordered = sorted(keys)
    return {keys[pkey] for pkey in await in_review(tx, ordered) | await in_question(tx, ordered)}


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


async def side_by_side(door: Door, asked: Asked, first: str, second: str) -> SideBySide:
    """What the two source Patients (ids) of a waiting pair say.

    Raises HubError FORBIDDEN for who is no steward, NOT_FOUND unless both wait.
    """
    await _admit(door, asked)
    ids = (first, second)
    async with door.snapshot() as tx:
        found = await door.store.load(tx, [("Patient", rid) for rid in ids])
        waits = await waiting(tx, ids)
    rows = [row for rid in ids if (row := found.get(("Patient", rid))) is not None and not row.deleted]
    if len(rows) < len(ids):
        await door.recorder.absent(asked)
        raise not_found()
    if waits != set(ids):
        await door.recorder.refused(asked, "not-in-review")
        raise not_found()
    await door.recorder.released(asked, rows, Basis(grounds=frozenset({STEWARD})))
    one, other = map(_record, rows)
    return SideBySide({name: (_said(one, parts), _said(other, parts)) for name, parts in _COMPARED.items()})


async def _admit(door: Door, asked: Asked) -> None:
    if asked.actor.role == STEWARD and allows(asked.actor.scopes, "Patient", "r"):
        return
    await door.recorder.refused(asked, "role")
    raise HubError(Category.FORBIDDEN, "this token does not review pairs", where="access token", code="role")


def _record(row: Stored) -> Record:
    return record_of(loads(row.body), row.facts.author_org)


def _said(record: Record, parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for part in parts if (value := getattr(record, part)))


def demographics(patient: Released) -> Released:
    """A Patient without what does not help to tell one person from another."""
    kept = {name: value for name, value in loads(patient.body).items() if name.removeprefix("_") in _DEMOGRAPHICS}
    return replace(patient, body=dumps(kept))
