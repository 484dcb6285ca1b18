"""What a patient, and who acts for her, is told: changes of consents and proxies, requests, emergencies, answers.

Emergencies come from the audit trail itself, so none can be left out; all else was written when it was done.
"""

from __future__ import annotations

from collections.abc import Callable
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
from hub.kernel.types import Json
from hub.records.consent_document import instant
from hub.records.consent_rights import PATIENT, PERSONAL, admit
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.telling import Notice, Teller, mark_seen, notices
from hub.store.store import Store

GLASS_BROKEN: Final = "break-glass"


class NoticeBoard:
    """The door. Raises HubError FORBIDDEN, NOT_FOUND, UNAVAILABLE."""

    def __init__(
        self,
        database: Database,
        store: Store,
        trail: Trail,
        clock: Clock,
        configuration: Configuration,
        *,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._store: Final = store
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)
        self._teller: Final = Teller(configuration)

    async def listed(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """The newest first, seen ones too."""

        async def work(tx: Tx, now: datetime) -> tuple[list[Json], Done]:
            admit(actor, "s", PERSONAL)
            subject, recipient = await self._teller.reader(self._store, tx, actor, now)
            told = [_told(one) for one in await notices(tx, subject.pkeys, recipient)]
            told += [_glass(one) for one in await queries.openings(tx, subject.pkeys)]
            found = sorted(told, key=lambda one: str(one["at"]), reverse=True)
            return found, Done(grounds=_grounds(actor), patients=(subject.patient,), count=0)

        return await self._ledger.look(asked_of(actor, origin, Interaction.OPERATION, "Consent"), work)

    async def seen(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> None:
        """All that was written down has been seen."""

        async def work(tx: Tx, now: datetime) -> tuple[None, Done]:
            admit(actor, "s", PERSONAL)
            subject, recipient = await self._teller.reader(self._store, tx, actor, now)
            await mark_seen(tx, subject.pkeys, recipient, now)
            return None, Done(grounds=_grounds(actor), patients=(subject.patient,), count=0)

        await self._ledger.file(asked_of(actor, origin, Interaction.OPERATION, "Consent"), work)


def _told(notice: Notice) -> Json:
    return {
        "id": notice.id,
        "kind": notice.kind,
        "at": instant(notice.recorded),
        "seen": notice.seen is not None,
        **{name: value for name, value in notice.content.items() if value},
    }


def _glass(opening: Opening) -> Json:
    told = {
        "id": opening.id,
        "kind": GLASS_BROKEN,
        "at": instant(opening.first),
        "by": opening.requester,
        "organization": opening.organization,
        "reason": opening.reason,
    }
    return {name: value for name, value in told.items() if value}


def _grounds(actor: Actor) -> str:
    return "self-access" if actor.role == PATIENT else "proxy-access"
