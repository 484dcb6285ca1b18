"""Asking a colleague to approve a look at what is very restricted (consent rules, section 6.7).

Who asks, for which patient and purpose, and why, is written down; another person of the same legal entity approves, and
the approval holds for that pair and that purpose, for four hours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.db.database import Database, Tx
from hub.fhir.references import parse_reference
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json
from hub.records import matters
from hub.records.approvals import SECOND_LASTS, SECOND_ROLES, Approvals
from hub.records.consent_document import instant
from hub.records.consent_rights import admit, forbidden
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.matters import Matter
from hub.records.objections import written, wrong
from hub.records.person import subject_of
from hub.records.rights import Rights
from hub.store.store import Store

KIND: Final = "second-approval"
_TYPE: Final = "Basic"
MOST_WAITING: Final = 50


class SecondRequests:
    """The door. Raises HubError FORBIDDEN, NOT_FOUND, INVALID, CONFLICT, TOO_LARGE, UNAVAILABLE."""

    def __init__(
        self,
        database: Database,
        store: Store,
        directory: Directory,
        trail: Trail,
        clock: Clock,
        approvals: Approvals,
        *,
        new_id: Callable[[], str] = random_id,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._store: Final = store
        self._rights: Final = Rights(directory)
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)
        self._approvals: Final = approvals
        self._new_id: Final = new_id

    async def ask(self, actor: Actor, asked: Json, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """`{patient, reason}`: for the purposes of the token. Whether there is such a patient is not told."""
        matter_id = self._new_id()

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "c", SECOND_ROLES, _TYPE)
            patient = asked.get("patient")
            if not isinstance(patient, str) or parse_reference(f"Patient/{patient}") is None:
                raise wrong("patient", "the id of a Patient")
            if actor.reference is None or not self._rights.entity(actor):
                raise forbidden("the token names no person and organisation that could ask", "second-person")
            if await matters.waiting(tx, KIND, actor.reference, now) >= MOST_WAITING:
                raise HubError(Category.TOO_LARGE, f"more than {MOST_WAITING} of your requests wait", where="requests")
            subject = await subject_of(self._store, tx, patient)
            matter = Matter(
                id=matter_id,
                kind=KIND,
                patient=patient if subject is None else subject.patient,
                opened_by=actor.reference,
                organization=actor.organization,
                content={
                    "reason": written(asked.get("reason"), "reason"),
                    "purpose": list(actor.purpose),
                    "patient": patient,
                },
                recorded=now,
                expires=now + SECOND_LASTS,
            )
            await matters.put(tx, matter)
            return _told(matter, now), Done(grounds=KIND, patients=() if subject is None else (subject.patient,))

        return await self._ledger.file(asked_of(actor, origin, Interaction.OPERATION, _TYPE, matter_id), work)

    async def listed(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """Those of the actor's legal entity, newest first; `own` says which are the actor's."""

        async def work(tx: Tx, now: datetime) -> tuple[list[Json], Done]:
            admit(actor, "s", SECOND_ROLES, _TYPE)
            found = await matters.of_organizations(tx, KIND, self._rights.siblings(actor))
            told = [{**_told(one, now), "own": one.opened_by == actor.reference} for one in found]
            return told, Done(grounds=KIND, count=0)

        return await self._ledger.look(asked_of(actor, origin, Interaction.OPERATION, _TYPE), work)

    async def answer(self, actor: Actor, matter_id: str, *, agree: bool, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """Approve as the second person, or refuse. Nobody answers their own."""
        approval_id = self._new_id()

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "c", SECOND_ROLES, _TYPE)
            matter = await matters.named(tx, KIND, matter_id)
            if matter is None or matter.organization not in self._rights.siblings(actor):
                raise HubError(Category.NOT_FOUND, "no such request of a colleague", where="request", code="request")
            if matter.status_at(now) != matters.OPEN:
                raise HubError(Category.CONFLICT, "was answered or has expired", where="request", code="closed")
            if matter.opened_by == actor.reference:
                raise forbidden("nobody approves their own request", "second-person")
            if agree:
                asked = {"for": matter.opened_by, "patient": matter.patient, "purpose": matter.content["purpose"]}
                await self._approvals.keep_second(tx, actor, asked, approval_id, now)
            status = matters.AGREED if agree else matters.REFUSED
            answer = {"approval": approval_id} if agree else {}
            closed = replace(matter, status=status, closed=now, closed_by=actor.reference, answer=answer)
            await matters.put(tx, closed)
            return _told(closed, now), Done(grounds="approval", patients=(matter.patient,))

        return await self._ledger.change(asked_of(actor, origin, Interaction.CREATE, _TYPE, approval_id), work)

    async def standing(self, actor: Actor, patient: str) -> str | None:
        """Id of an approval this person was given, for a patient or person (id), that may still hold; None if none."""
        async with self._database.connection() as tx:
            subject = await subject_of(self._store, tx, patient)
            found = await matters.opened_by(tx, KIND, actor.reference or "")
        sources = () if subject is None else subject.sources
        now = self._clock()
        for one in found:
            timely = one.closed is not None and now - one.closed <= SECOND_LASTS
            if one.status == matters.AGREED and timely and one.patient in sources:
                return str(one.answer["approval"])
        return None


def _told(matter: Matter, now: datetime) -> Json:
    told = {
        "id": matter.id,
        "status": matter.status_at(now),
        "patient": matter.content["patient"],
        "by": matter.opened_by,
        "organization": matter.organization,
        "reason": matter.content["reason"],
        "purpose": matter.content["purpose"],
        "recorded": instant(matter.recorded),
        "expires": None if matter.expires is None else instant(matter.expires),
        "answered": None if matter.closed is None else instant(matter.closed),
        "second": matter.closed_by,
        "approval": matter.answer.get("approval"),
    }
    return {name: value for name, value in told.items() if value is not None}
