"""Telling a patient, and who acts for her, what others did: notices as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from consent.configuration import Configuration
from consent.person import CONSENT, DELEGATE, PARENT, READ
from consent.references import References
from consent.times import read_period
from hub.auth.actor import Actor
from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.kernel.ids import random_id, reference_key
from hub.kernel.types import Json
from hub.records.consent_document import instant
from hub.records.consent_rights import PATIENT, forbidden
from hub.records.person import Subject, known_subject
from hub.store.store import Store

#: Recipient of what the patient herself is told.
HERSELF: Final = ""

CONSENT_GIVEN: Final = "consent-given"
CONSENT_CHANGED: Final = "consent-changed"
CONSENT_WITHDRAWN: Final = "consent-withdrawn"
PROXY_CONFIRMED: Final = "proxy-confirmed"
PROXY_ENDED: Final = "proxy-ended"
CONSENT_ASKED: Final = "consent-asked"
OBJECTION_ANSWERED: Final = "objection-answered"
GLASS_REVIEWED: Final = "break-glass-reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice. `content`: `by` (reference of who did it), `organization` (its facility), and what the kind adds."""

    id: str
    patient: str
    kind: str
    content: Json
    recorded: datetime
    seen: datetime | None = None


_TELL: Final = """
INSERT INTO notice (id, pkey, patient, recipient, kind, content, recorded) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_OF: Final = """
SELECT id, patient, kind, content, recorded, seen FROM notice WHERE pkey = ANY($1::uuid[]) AND recipient = $2
ORDER BY recorded DESC, id LIMIT $3
"""
_SEEN: Final = "UPDATE notice SET seen = $3 WHERE pkey = ANY($1::uuid[]) AND recipient = $2 AND seen IS NULL"
#: Notices of one list.
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells people of what was done about a patient."""

    configuration: Configuration
    new_id: Callable[[], str] = random_id

    async def tell(self, tx: Tx, subject: Subject, kind: str, content: Json, now: datetime) -> None:
        """Tell the patient and everybody who acts for her now, but for who did it."""
        doer = HERSELF if content.get("by") in subject.references else content.get("by")
        told = [one for one in self.recipients(subject, now) if one != doer]
        key, body = reference_key("Patient", subject.patient), dumps(content).decode()
        rows = [(self.new_id(), key, subject.patient, one, kind, body, now) for one in told]
        await tx.executemany(_TELL, rows)

    def recipients(self, subject: Subject, now: datetime) -> list[str]:
        """The patient, and the valid proxies who may know of consents and looks (consent rules, section 7).

        A parent while the patient is a minor; a delegate whose scope holds `consent`.
        """
        person = subject.person(References(self.configuration.base_urls))
        at = moment(now)
        minor = person.younger_than(self.configuration.age_of_majority, at)
        valid = (
            one.reference
            for one in person.proxies
            if one.reference is not None
            and READ in one.scope
            and one.covers(at)
            and (one.kind != PARENT or minor)
            and (one.kind != DELEGATE or CONSENT in one.scope)
        )
        return list(dict.fromkeys([HERSELF, *valid]))

    async def reader(self, store: Store, tx: Tx, actor: Actor, now: datetime) -> tuple[Subject, str]:
        """The person an actor's token is bound to, and as whom the actor is told of her.

        Raises HubError FORBIDDEN for a proxy who is none any more or may not know of it, NOT_FOUND for no such patient.
        """
        subject = await known_subject(store, tx, actor.patient or "")
        recipient = HERSELF if actor.role == PATIENT else actor.reference
        if recipient is None or recipient not in self.recipients(subject, now):
            raise forbidden("acts for this patient no longer, or not in this", "proxy-not-valid")
        return subject, recipient


def moment(now: datetime) -> int:
    """An instant as the consent rules count it."""
    period = read_period({"start": instant(now)})
    return 0 if period is None else period[0]


async def notices(tx: Tx, pkeys: Iterable[UUID], recipient: str) -> list[Notice]:
    """What one recipient was told about these source patients, newest first."""
    return [_notice(row) for row in await tx.fetch(_OF, list(pkeys), recipient, MOST)]


async def mark_seen(tx: Tx, pkeys: Sequence[UUID], recipient: str, now: datetime) -> None:
    """All that one recipient was told has been seen."""
    await tx.execute(_SEEN, list(pkeys), recipient, now)


def _notice(row: Any) -> Notice:
    names = ("id", "patient", "kind", "recorded", "seen")
    return Notice(**{name: row[name] for name in names}, content=loads(row["content"]))
