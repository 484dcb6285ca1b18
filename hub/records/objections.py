"""Objections to a look: the patient, or who acts for her, opens a case; the consent reviewer answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from consent.configuration import Configuration
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json
from hub.records import matters
from hub.records.consent_document import instant
from hub.records.consent_rights import PATIENT, PERSONAL, REVIEWER, admit
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.matters import Matter
from hub.records.person import subject_of
from hub.records.telling import OBJECTION_ANSWERED, Teller
from hub.store.store import Store

KIND: Final = "objection"
FINDINGS: Final = ("justified", "unjustified")
#: How many one person may have waiting, and how long what is written may be.
MOST_WAITING: Final = 50
LONGEST: Final = 500


class Objections:
    """The door. Raises HubError FORBIDDEN, NOT_FOUND, INVALID, CONFLICT, TOO_LARGE, UNAVAILABLE."""

    def __init__(
        self,
        database: Database,
        store: Store,
        trail: Trail,
        clock: Clock,
        configuration: Configuration,
        *,
        new_id: Callable[[], str] = random_id,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._store: Final = store
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)
        self._teller: Final = Teller(configuration, new_id)
        self._new_id: Final = new_id

    async def open(self, actor: Actor, event: str, reason: object, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """Object to the look that an AuditEvent (id) tells of; whoever calls has let the gate show it to the actor."""
        matter_id = self._new_id()

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "c", PERSONAL)
            subject, _ = await self._teller.reader(self._store, tx, actor, now)
            reference = actor.reference or ""
            if await matters.waiting(tx, KIND, reference, now) >= MOST_WAITING:
                raise HubError(Category.TOO_LARGE, f"more than {MOST_WAITING} objections wait", where="objections")
            matter = Matter(
                id=matter_id,
                kind=KIND,
                patient=subject.patient,
                opened_by=reference,
                organization="",
                content={"event": event, "reason": written(reason, "reason")},
                recorded=now,
            )
            await matters.put(tx, matter)
            return _told(matter), Done(grounds=KIND, patients=(subject.patient,))

        return await self._ledger.file(asked_of(actor, origin, Interaction.OPERATION, "AuditEvent", event), work)

    async def listed(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """Newest first: the person's own, or for the reviewer all, those that wait and those that were answered."""

        async def work(tx: Tx, now: datetime) -> tuple[list[Json], Done]:
            admit(actor, "s", PERSONAL | {REVIEWER})
            if actor.role == REVIEWER:
                found = await matters.of_kind(tx, KIND, closed=True)
                return [_told(one) for one in found], Done(grounds="consent-review", count=0)
            subject, _ = await self._teller.reader(self._store, tx, actor, now)
            found = await matters.of_pkeys(tx, KIND, subject.pkeys)
            done = Done(grounds=_grounds(actor), patients=(subject.patient,), count=0)
            return [_told(one) for one in found], done

        return await self._ledger.look(asked_of(actor, origin, Interaction.OPERATION, "AuditEvent"), work)

    async def answer(
        self, actor: Actor, matter_id: str, finding: object, text: object, *, origin: Origin = UNKNOWN_ORIGIN
    ) -> Json:
        """The reviewer's finding (`justified` or `unjustified`) on the objection, and why; the patient is told."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "u", frozenset({REVIEWER}))
            matter = await matters.named(tx, KIND, matter_id)
            if matter is None:
                raise HubError(Category.NOT_FOUND, "no such objection", where="objection", code="objection")
            if matter.status != matters.OPEN:
                raise HubError(Category.CONFLICT, "was answered", where="objection", code="closed")
            if finding not in FINDINGS:
                raise wrong("finding", f"one of {', '.join(FINDINGS)}")
            answer: Json = {"finding": finding, "text": written(text, "text")}
            closed = replace(matter, status=matters.ANSWERED, closed=now, closed_by=actor.reference, answer=answer)
            await matters.put(tx, closed)
            subject = await subject_of(self._store, tx, matter.patient)
            if subject is not None:
                content = {"by": actor.reference, "organization": actor.organization, "objection": matter_id, **answer}
                await self._teller.tell(tx, subject, OBJECTION_ANSWERED, content, now)
            return _told(closed), Done(grounds="consent-review", patients=(matter.patient,))

        return await self._ledger.file(asked_of(actor, origin, Interaction.OPERATION, "AuditEvent", matter_id), work)


def written(text: object, name: str) -> str:
    """A text somebody wrote, trimmed. Raises HubError INVALID."""
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise wrong(name, f"a text of at most {LONGEST} characters")
    return text.strip()


def wrong(name: str, should: str) -> HubError:
    """A value that is missing or not what it should be."""
    return HubError(
        Category.INVALID, "is missing or not what it should be", where=name, todo=should, code="matter-value"
    )


def _grounds(actor: Actor) -> str:
    return "self-access" if actor.role == PATIENT else "proxy-access"


def _told(matter: Matter) -> Json:
    told = {
        "id": matter.id,
        "event": matter.content["event"],
        "reason": matter.content["reason"],
        "status": matter.status,
        "recorded": instant(matter.recorded),
        "answered": None if matter.closed is None else instant(matter.closed),
        **matter.answer,
    }
    return {name: value for name, value in told.items() if value is not None}
