"""Who is responsible for what with one patient's record: for the auditor, and of her own record for the patient.

The auditor has every entry with its details. A patient or proxy has the looks they are shown one by one
(`hub.gate.looks`), each with its own name in it and no other. The report is recorded in its turn.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Final

from hub.audit.entry import UNKNOWN_ORIGIN, Entry, Interaction, Origin
from hub.audit.leaves import Leaf
from hub.audit.report import Report, View, report
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.gate import looks
from hub.gate.asking import PERSONAL
from hub.gate.door import Door
from hub.gate.look_wish import LookWish
from hub.gate.recorder import Asked
from hub.gate.searches import query_text
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.mpi.lookup import sources_of
from hub.store.values import Stored

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class ReportWay:
    """Part of the gate; what `Gate` says of admission and trail holds for `made`."""

    def __init__(self, door: Door) -> None:
        self._door: Final = door

    async def made(
        self, actor: Actor, patient: str, low: datetime, high: datetime, *, origin: Origin = UNKNOWN_ORIGIN
    ) -> Json:
        """What happened to a record in [low, high): `document` (which `yilian audit verify` checks), `shares` (who did
        what on which basis how often), `pending` and `erased` entries.

        `patient` is the id of a source Patient or person for the auditor, ignored for everybody else. Raises HubError
        INVALID for an auditor who names nobody, and what `hub.audit.report` raises.
        """
        named = patient if actor.role == looks.AUDITOR else actor.patient or ""
        asked = _asked(actor, named, low, high, origin)
        await looks.admit(self._door, asked, "s")
        await self._admit(asked, named)

        async def attempt() -> Report:
            shown: dict[str, Stored] = {}
            async with self._door.snapshot() as tx:
                view = await looks.view_of(self._door, tx, asked, LookWish())
                sources = await _sources(tx, named, view)
                found = await report(tx, sources, low, high, _audit_view(view, sources, shown))
            await looks.record(self._door, asked, view, list(shown.values()))
            return found

        return _told(await self._door.settled(attempt))

    async def _admit(self, asked: Asked, named: str) -> None:
        if asked.actor.role not in {looks.AUDITOR, *PERSONAL}:
            await self._door.recorder.refused(asked, "role-not-allowed")
            raise HubError(Category.FORBIDDEN, "this role has no door to reports", where="access token", code="role")
        if not _ID.fullmatch(named):
            raise HubError(Category.INVALID, "is not the id of a Patient", where="patient", code="search-value")


def _asked(actor: Actor, named: str, low: datetime, high: datetime, origin: Origin) -> Asked:
    query = query_text([("$report", ""), ("patient", named), ("from", low.isoformat()), ("to", high.isoformat())])
    return Asked(actor=actor, interaction=Interaction.OPERATION, origin=origin, type=looks.AUDIT_EVENT, query=query)


async def _sources(tx: Tx, named: str, view: looks.View) -> tuple[str, ...]:
    """The source patients it is about: of a patient those alone that the token opens."""
    found = await sources_of(tx, named)
    return tuple(one for one in found if view.own is None or reference_key("Patient", one) in view.own)


def _audit_view(view: looks.View, sources: Collection[str], shown: dict[str, Stored]) -> View:
    """What of the entries about these source patients is in the report; `shown` gets an event of each."""

    def shows(entry: Entry) -> bool:
        places = [place for place, one in enumerate(entry.patients, 1) if one in sources]
        allowed = [place for place in places if looks.permitted(view, entry, place)]
        for place in allowed:
            shown.setdefault(entry.patients[place - 1], looks.stored_event(entry, place, {}))
        return bool(allowed)

    if view.cases is None:
        return View(shows=shows)
    return View(looks=True, shows=shows, opened=Leaf.opened)


def _told(made: Report) -> Json:
    shares = [{**asdict(share), "count": count} for share, count in sorted(made.shares.items())]
    return {"document": made.document, "shares": shares, "pending": made.pending, "erased": made.erased}
