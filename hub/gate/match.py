"""`Patient/$match` through the gate: who may be meant, as far as the actor may see them.

The index is asked about sources the actor may see and no others, so neither a score nor the order of candidates tells
anything of the rest. A steward of the index sees the demographics of pairs that wait for a decision.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from consent.tables import CLINICAL_ROLES
from hub.db.database import Tx
from hub.gate import golden_records
from hub.gate.cases import Cases
from hub.gate.checks import basis_of
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.recorder import Asked, Basis
from hub.gate.release import decide
from hub.gate.released import Released
from hub.gate.stewards import STEWARD, demographics, waiting
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.mpi import match as index
from hub.mpi.record_of import record_of
from hub.store.values import Stored

#: Digits of a score.
_DIGITS: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A person who may be meant: the golden Patient, how sure (0 to 1), and the code of the value set match-grade."""

    patient: Released
    score: Decimal
    grade: str


@dataclass(slots=True)
class _Sight:
    """The source Patients an actor may see among those the index came upon, by id."""

    rows: dict[str, Stored]
    basis: Basis


async def match(door: Door, asked: Asked, patient: Json, *, count: int, certain: bool) -> list[Candidate]:
    """At most `count` candidates, the best first; with `certain` the one that is certain, or none."""
    await _admit(door, asked)
    await door.pace.ask(asked)
    # A question is no registration: where it is asked speaks neither for nor against anybody.
    record = record_of(patient, "")

    async def attempt() -> list[Candidate]:
        sight = _Sight({}, Basis())
        async with door.snapshot() as tx:

            async def among(ids: Collection[str]) -> Collection[str]:
                nonlocal sight
                sight = await _seen(door, tx, asked, ids)
                return sight.rows

            found = await door.index.match(tx, record, count, among=among)
        kept = [one for one in found if not certain or one.grade is index.Grade.CERTAIN]
        released = [row for one in kept for row in _rows(one, sight)]
        await door.recorder.released(asked, released, sight.basis)
        return [_candidate(door, asked, one, _rows(one, sight)) for one in kept]

    return await door.settled(attempt)


async def _admit(door: Door, asked: Asked) -> None:
    if asked.actor.role in CLINICAL_ROLES:
        await door.admit(asked, "s")
    elif asked.actor.role != STEWARD:
        await door.recorder.refused(asked, "role-not-allowed")
        raise HubError(Category.FORBIDDEN, "this role looks for nobody", where="access token", code="role-not-allowed")


async def _seen(door: Door, tx: Tx, asked: Asked, ids: Collection[str]) -> _Sight:
    """Which of these source Patients the actor may see. Persons are looked up also where there is none of them."""
    rows = await door.store.load(tx, [("Patient", rid) for rid in ids])
    standing = [row for row in rows.values() if not row.deleted]
    if asked.actor.role == STEWARD:
        open_ones = await waiting(tx, ids)
        return _Sight({row.id: row for row in standing if row.id in open_ones}, Basis(grounds=frozenset({STEWARD})))
    cases = await door.cases(tx, asked, Whom(keys=[reference_key("Patient", rid) for rid in sorted(ids)]))
    return _clinical(cases, standing)


def _clinical(cases: Cases, standing: Sequence[Stored]) -> _Sight:
    decided = [(row, decide(cases, row)) for row in standing]
    permitted = [(row, decision) for row, decision in decided if decision.permitted]
    return _Sight({row.id: row for row, _ in permitted}, basis_of(cases, permitted))


def _rows(candidate: index.Candidate, sight: _Sight) -> list[Stored]:
    return [sight.rows[rid] for rid in candidate.patients]


def _candidate(door: Door, asked: Asked, found: index.Candidate, rows: Sequence[Stored]) -> Candidate:
    patient = golden_records.released(door, rows, found.person)
    return Candidate(
        patient=demographics(patient) if asked.actor.role == STEWARD else patient,
        score=Decimal(found.probability).quantize(_DIGITS),
        grade=found.grade.value,
    )
