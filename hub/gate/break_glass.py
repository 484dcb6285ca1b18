"""Break-glass at the gate: attempts that opened nothing, and whether one would open a record (consent rules, 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from consent.tables import BREAK_THE_GLASS, CLINICAL_ROLES
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.gate.cases import Case, Cases
from hub.gate.policy import refused_break_glass
from hub.store.values import Stored

#: A reason is needed to break the glass; here it is asked whether any would do.
_SOME_REASON: Final = "?"


@dataclass(frozen=True, slots=True)
class Refused:
    """A break-glass that was refused: the reason of the consent rules, and the source patients it was about."""

    reason: str
    patients: tuple[str, ...]


def refused_in(cases: Cases, rows: Sequence[Stored]) -> Refused | None:
    """The declaration that kept an answer about patients empty; None if something was released or none was made."""
    if cases.actor.break_glass is None or any(row.patient is not None for row in rows):
        return None
    for case in cases.persons:
        reason = refused_break_glass(case.inquiry, case.pointed)
        if reason is not None and case.dossier.sources:
            return Refused(reason.value, case.dossier.sources)
    return None


async def variants(tx: Tx, cases: Cases, people: Sequence[Case]) -> list[Case]:
    """The same persons as if the requester declared a break-glass now; none for roles that cannot."""
    if cases.actor.role not in CLINICAL_ROLES:
        return []
    return [await cases.seen_by(tx, _declaring(cases), person.dossier) for person in people]


def _declaring(cases: Cases) -> Actor:
    return replace(cases.actor, purpose=(BREAK_THE_GLASS,), break_glass=_SOME_REASON, issued=cases.at)
