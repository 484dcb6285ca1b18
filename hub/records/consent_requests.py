"""Asking a patient for a consent: a clinician asks, the patient or who acts for her answers.

What the clinician is told does not depend on whether there is such a patient: a request about nobody waits until it
expires. A request gives no right; agreeing gives a consent as if the patient had said it herself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from consent.configuration import Configuration
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
from hub.records.consent_document import instant
from hub.records.consent_rights import PATIENT, PERSONAL, admit, forbidden
from hub.records.consent_templates import TEMPLATES, from_template
from hub.records.consents import Consents
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.matters import Matter
from hub.records.person import subject_of
from hub.records.telling import CONSENT_ASKED, Teller
from hub.store.store import Store

KIND: Final = "consent-request"
ASKERS: Final = frozenset({"clinician", "family-doctor"})
#: What may be asked for: to see something, by the facility of who asks.
ASKABLE: Final = (
    "show-all-for-hours",
    "show-for-hours",
    "show",
    "glucose-for-hours",
    "prescriptions-for-hours",
)
#: How long a request waits, and how many one person may have waiting.
WAITS: Final = timedelta(days=7)
MOST_WAITING: Final = 50
LONGEST: Final = 300


class ConsentRequests:
    """The door. Raises HubError FORBIDDEN, NOT_FOUND, INVALID, CONFLICT, TOO_LARGE, UNAVAILABLE."""

    def __init__(
        self,
        database: Database,
        store: Store,
        directory: Directory,
        trail: Trail,
        clock: Clock,
        configuration: Configuration,
        consents: Consents,
        *,
        new_id: Callable[[], str] = random_id,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._store: Final = store
        self._directory: Final = directory
        self._clock: Final = clock
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)
        self._consents: Final = consents
        self._teller: Final = Teller(configuration, new_id)
        self._new_id: Final = new_id

    async def ask(self, actor: Actor, asked: Json, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """`{patient, reason, template, values...}`; the facility that would see it is the asker's own."""
        matter_id = self._new_id()

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "c", ASKERS)
            content = self._content(actor, asked, now)
            reference, patient = actor.reference or "", _patient(asked)
            await self._refuse_too_many(tx, reference, now)
            subject = await subject_of(self._store, tx, patient)
            about = patient if subject is None else subject.patient
            matter = _opened(matter_id, actor, about, {**content, "patient": patient}, now)
            await matters.put(tx, matter)
            if subject is None:
                return _told(matter, now), Done(grounds=KIND)
            by = {"by": reference, "organization": actor.organization, "request": matter_id}
            await self._teller.tell(tx, subject, CONSENT_ASKED, by, now)
            return _told(matter, now), Done(grounds=KIND, patients=(subject.patient,))

        return await self._ledger.file(asked_of(actor, origin, Interaction.OPERATION, "Consent", matter_id), work)

    async def listed(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """Newest first: for a patient or a proxy those that ask her, for who asks their own."""

        async def work(tx: Tx, now: datetime) -> tuple[list[Json], Done]:
            admit(actor, "s", ASKERS | PERSONAL)
            if actor.role in PERSONAL:
                subject, _ = await self._teller.reader(self._store, tx, actor, now)
                found = await matters.of_pkeys(tx, KIND, subject.pkeys)
                return [_told(one, now) for one in found], Done(grounds=KIND, patients=(subject.patient,), count=0)
            found = await matters.opened_by(tx, KIND, actor.reference or "")
            return [_told(one, now) for one in found], Done(grounds=KIND, count=0)

        return await self._ledger.look(asked_of(actor, origin, Interaction.OPERATION, "Consent"), work)

    async def answer(self, actor: Actor, matter_id: str, *, agree: bool, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """Agree, which gives the consent that was asked for, or refuse. Once only, and in time."""
        consent_id = self._new_id()

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "c", PERSONAL)
            subject, _ = await self._teller.reader(self._store, tx, actor, now)
            matter = await matters.named(tx, KIND, matter_id)
            if matter is None or matter.patient not in subject.sources:
                raise HubError(Category.NOT_FOUND, "no such request to you", where="request", code="request")
            if matter.status_at(now) != matters.OPEN:
                raise HubError(Category.CONFLICT, "was answered or has expired", where="request", code="closed")
            done = Done(grounds="self-access" if actor.role == PATIENT else "proxy-access", patients=(subject.patient,))
            if agree:
                _, done = await self._consents.give(tx, actor, matter.content["asks"], consent_id, now)
            closed = _closed(matter, actor, now, {"consent": consent_id} if agree else {}, agree=agree)
            await matters.put(tx, closed)
            return _told(closed, now), done

        if agree:
            return await self._ledger.change(asked_of(actor, origin, Interaction.CREATE, "Consent", consent_id), work)
        return await self._ledger.file(asked_of(actor, origin, Interaction.OPERATION, "Consent", matter_id), work)

    async def _refuse_too_many(self, tx: Tx, reference: str, now: datetime) -> None:
        if await matters.waiting(tx, KIND, reference, now) >= MOST_WAITING:
            raise HubError(Category.TOO_LARGE, f"more than {MOST_WAITING} of your requests wait", where="requests")

    def _content(self, actor: Actor, asked: Json, now: datetime) -> Json:
        """What is asked for. Raises HubError INVALID for what could not be agreed to."""
        if actor.reference is None or not self._directory.knows(actor.organization):
            raise forbidden("the token names no person and facility that could ask", "asker")
        template, reason = asked.get("template"), asked.get("reason")
        if template not in ASKABLE:
            raise _wrong("template", f"one of {', '.join(ASKABLE)}")
        if not isinstance(reason, str) or not reason.strip() or len(reason) > LONGEST:
            raise _wrong("reason", f"a text of at most {LONGEST} characters")
        values = {name: asked[name] for name in TEMPLATES[template].takes if name in asked}
        strangers = asked.keys() - values.keys() - {"template", "reason", "patient"}
        if strangers:
            raise _wrong("values", f"only {', '.join(TEMPLATES[template].takes)}")
        said: Json = {**values, "template": template, "organization": actor.organization}
        from_template(said, now, self._directory.name)
        return {"asks": said, "reason": reason.strip()}


def _opened(matter_id: str, actor: Actor, about: str, content: Json, now: datetime) -> Matter:
    return Matter(
        id=matter_id,
        kind=KIND,
        patient=about,
        opened_by=actor.reference or "",
        organization=actor.organization,
        content=content,
        recorded=now,
        expires=now + WAITS,
    )


def _patient(asked: Mapping[str, Any]) -> str:
    patient = asked.get("patient")
    if not isinstance(patient, str) or parse_reference(f"Patient/{patient}") is None:
        raise _wrong("patient", "the id of a Patient")
    return patient


def _closed(matter: Matter, actor: Actor, now: datetime, answer: Json, *, agree: bool) -> Matter:
    status = matters.AGREED if agree else matters.REFUSED
    return replace(matter, status=status, closed=now, closed_by=actor.reference, answer=answer)


def _told(matter: Matter, now: datetime) -> Json:
    """As both sides are told. The patient stands as whoever asked named her: an answer does not tell registrations."""
    content = matter.content
    told = {
        "id": matter.id,
        "status": matter.status_at(now),
        "patient": content["patient"],
        "by": matter.opened_by,
        "organization": matter.organization,
        "asks": content["asks"],
        "reason": content["reason"],
        "recorded": instant(matter.recorded),
        "expires": None if matter.expires is None else instant(matter.expires),
        "answered": None if matter.closed is None else instant(matter.closed),
    }
    return {name: value for name, value in told.items() if value is not None}


def _wrong(name: str, should: str) -> HubError:
    return HubError(
        Category.INVALID, "is missing or not what it should be", where=name, todo=should, code="request-value"
    )
