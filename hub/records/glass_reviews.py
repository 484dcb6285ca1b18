"""Every record that was opened by break-glass waits here for the consent reviewer, whoever opened it and how.

The queue is the audit trail itself: an opening is in it because it happened. A finding is a matter under its id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from consent.configuration import Configuration
from hub.audit import queries
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.queries import Opening
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json
from hub.records import matters
from hub.records.consent_document import instant
from hub.records.consent_rights import REVIEWER, admit
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.matters import Matter
from hub.records.objections import FINDINGS, written, wrong
from hub.records.person import subject_of
from hub.records.telling import GLASS_REVIEWED, Teller
from hub.store.store import Store

KIND: Final = "glass-review"
_ONLY_REVIEWER: Final = frozenset({REVIEWER})


class GlassReviews:
    """The door. Raises HubError FORBIDDEN, NOT_FOUND, INVALID, CONFLICT, UNAVAILABLE."""

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

    async def listed(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """Openings, newest first, those that wait before those that were reviewed. Nothing of a record is told."""

        async def work(tx: Tx, _: datetime) -> tuple[list[Json], Done]:
            admit(actor, "s", _ONLY_REVIEWER)
            reviewed = {one.id: one for one in await matters.of_kind(tx, KIND, closed=True)}
            told = [_told(one, reviewed) for one in await queries.openings(tx)]
            return sorted(told, key=lambda one: one["status"] != matters.OPEN), Done(grounds="consent-review", count=0)

        return await self._ledger.look(asked_of(actor, origin, Interaction.OPERATION, "AuditEvent"), work)

    async def review(
        self, actor: Actor, opening_id: str, finding: object, text: object, *, origin: Origin = UNKNOWN_ORIGIN
    ) -> Json:
        """The finding (`justified` or `unjustified`) on an opening, and why; the patient is told. Nobody reviews
        their own."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "u", _ONLY_REVIEWER)
            opening = next((one for one in await queries.openings(tx) if one.id == opening_id), None)
            if opening is None or opening.requester == actor.reference:
                raise HubError(Category.NOT_FOUND, "no such opening to review", where="opening", code="opening")
            if await matters.named(tx, KIND, opening_id) is not None:
                raise HubError(Category.CONFLICT, "was reviewed", where="opening", code="closed")
            if finding not in FINDINGS:
                raise wrong("finding", f"one of {', '.join(FINDINGS)}")
            matter = _reviewed(opening, actor, now, {"finding": finding, "text": written(text, "text")})
            await matters.put(tx, matter)
            subject = await subject_of(self._store, tx, matter.patient)
            if subject is not None:
                content = {"by": actor.reference, "organization": actor.organization, **matter.answer}
                await self._teller.tell(tx, subject, GLASS_REVIEWED, content, now)
            return _told(opening, {matter.id: matter}), Done(grounds="consent-review", patients=opening.patients)

        return await self._ledger.file(asked_of(actor, origin, Interaction.OPERATION, "AuditEvent", opening_id), work)


def _reviewed(opening: Opening, actor: Actor, now: datetime, answer: Json) -> Matter:
    return Matter(
        id=opening.id,
        kind=KIND,
        patient=opening.patients[0],
        opened_by=opening.requester or "",
        organization=opening.organization,
        content={},
        recorded=opening.first,
        status=matters.ANSWERED,
        closed=now,
        closed_by=actor.reference,
        answer=answer,
    )


def _told(opening: Opening, reviewed: Mapping[str, Matter]) -> Json:
    matter = reviewed.get(opening.id)
    told = {
        "id": opening.id,
        "status": matters.OPEN if matter is None else matter.status,
        "by": opening.requester,
        "role": opening.role,
        "organization": opening.organization,
        "reason": opening.reason,
        "first": instant(opening.first),
        "last": instant(opening.last),
        "looks": opening.looks,
        "patients": list(opening.patients),
        **({} if matter is None else matter.answer),
    }
    return {name: value for name, value in told.items() if value is not None}
