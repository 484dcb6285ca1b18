"""The last look before rows leave: each is decided again, apart from the predicate, and what decided is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from secrets import randbelow
from typing import Final, TypeAlias
from uuid import UUID

from consent.decision import Decision, Reason
from hub.db.database import Tx
from hub.gate.cases import Cases
from hub.gate.dossiers import Whom
from hub.gate.recorder import Asked, Basis, Recorder
from hub.gate.release import apart, decide
from hub.kernel.errors import Category, HubError
from hub.store.values import Stored

#: Decided without a look at consents: these do not name them.
_APART: Final = frozenset({Reason.NOT_PATIENT_DATA, Reason.AUTHOR_ORGANISATION})
#: Decisions by patient and identity.
_Told: TypeAlias = dict[tuple[UUID, int], Decision]


async def look_up_all(tx: Tx, cases: Cases, rows: Collection[Stored]) -> None:
    """Look up the persons of rows that only a look at the person can decide."""
    # A thousand rows are about a handful of patients, most often of one who was looked up.
    leading = {row.patient: row.pkey for row in rows if row.patient is not None}
    unknown = {patient for patient, pkey in leading.items() if pkey not in cases.by_pkey}
    if not unknown or cases.confined is not None:
        return
    missing = {row.pkey for row in rows if row.patient in unknown and apart(cases, row) is None}
    if missing:
        await cases.look_up(tx, Whom(keys=sorted(missing)))


def basis_of(cases: Cases, decided: Iterable[tuple[Stored, Decision]]) -> Basis:
    """On what some permitted rows are released; an empty answer hangs on the consents too.

    So does one about a person who was looked up, whoever wrote it: who is one person passes with the epoch.
    """
    return _basis(cases, _told(decided))


def _told(decided: Iterable[tuple[Stored, Decision]]) -> _Told:
    """Each decision once for each patient: a thousand rows share a handful."""
    return {(row.pkey, id(decision)): decision for row, decision in decided}


def _basis(cases: Cases, told: _Told) -> Basis:
    looked = {pkey for (pkey, _), decision in told.items() if decision.reason not in _APART}
    used = [cases.by_pkey[pkey].consents_used for pkey in looked if pkey in cases.by_pkey]
    hangs = not told or looked or any(pkey in cases.by_pkey for pkey, _ in told)
    return Basis(
        grounds=frozenset(decision.reason.value for decision in told.values()),
        obligations=frozenset(duty.value for decision in told.values() for duty in decision.obligations),
        consents=frozenset(consent for consents in used for consent in consents),
        epoch=cases.epoch if hangs else None,
    )


def decide_all(cases: Cases, rows: Iterable[Stored]) -> list[Decision]:
    """The decision on each row."""
    return [decide(cases, row) for row in rows]


async def checked(
    recorder: Recorder, asked: Asked, cases: Cases, rows: Sequence[Stored], decisions: Sequence[Decision] | None = None
) -> Basis:
    """On what these rows are released, by `decisions` if they were made already.

    Raises HubError FAULT when one denies what the predicate let pass, or one row drawn by lot is not decided by itself
    as its kind was.
    """
    if decisions is None:
        decisions = decide_all(cases, rows)
    told = _told(zip(rows, decisions, strict=True))
    denied = []
    if not all(decision.permitted for decision in told.values()):
        denied = [decision.reason for decision in decisions if not decision.permitted]
    elif rows:
        drawn = randbelow(len(rows))
        anew = decide(cases, rows[drawn], anew=True)
        denied = [] if anew == decisions[drawn] else [anew.reason]
    if denied:
        await recorder.incident(asked, denied[0], len(denied))
        raise HubError(Category.FAULT, "the answer failed its check", where="gate", todo="tell the operator")
    return _basis(cases, told)
