"""Who looks after a patient, and until when: told to the patient and the reviewer, and laid down as a contract.

Relationships follow from what facilities write (hub.records.relationships); a contract with a family doctor is an
EpisodeOfCare of the facility that has it. It is written by the door for clients, under the same rights and audit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from consent.configuration import Configuration
from consent.times import NEVER, read_period
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.trail import Trail
from hub.auth.actor import Actor
from hub.db.database import Database, Tx
from hub.fhir.json import loads
from hub.fhir.references import parse_reference
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json
from hub.records.client import ClientWrites
from hub.records.consent_document import instant
from hub.records.consent_rights import PERSONAL, REVIEWER, admit
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.operations import Create, Patch, Written
from hub.records.person import known_subject
from hub.records.relationships import CONTRACT, CONTRACT_SYSTEM
from hub.records.telling import Teller
from hub.store.resource_types import type_name
from hub.store.store import Store

_EPISODE: Final = "EpisodeOfCare"
_OF: Final = """
SELECT x.kind, x.party, nullif(x.low, '-infinity') AS low, nullif(x.high, 'infinity') AS high, r.type, r.id
FROM relation x JOIN resource r ON r.pkey = x.pkey AND r.key = x.key WHERE x.pkey = ANY($1::uuid[]) AND NOT r.deleted
ORDER BY x.high DESC, x.low DESC, r.id LIMIT 500
"""


class Ties:
    """The door. Raises HubError FORBIDDEN, NOT_FOUND, INVALID, UNAVAILABLE, and what writing a resource does."""

    def __init__(
        self,
        database: Database,
        store: Store,
        trail: Trail,
        clock: Clock,
        configuration: Configuration,
        writes: ClientWrites,
        *,
        new_id: Callable[[], str] = random_id,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._store: Final = store
        self._clock: Final = clock
        self._writes: Final = writes
        self._teller: Final = Teller(configuration)
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)
        self._new_id: Final = new_id

    async def listed(self, actor: Actor, patient: str = "", *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """What ties whom to a person, over or not, the longest first: the own, or for the reviewer `patient`'s."""

        async def work(tx: Tx, now: datetime) -> tuple[list[Json], Done]:
            admit(actor, "s", PERSONAL | {REVIEWER}, _EPISODE)
            if actor.role == REVIEWER:
                subject = await known_subject(self._store, tx, patient)
            else:
                subject, _ = await self._teller.reader(self._store, tx, actor, now)
            found = [_told(row, now) for row in await tx.fetch(_OF, subject.pkeys)]
            grounds = "consent-review" if actor.role == REVIEWER else "self-access"
            return found, Done(grounds=grounds, patients=(subject.patient,), count=0)

        return await self._ledger.look(asked_of(actor, origin, Interaction.OPERATION, _EPISODE), work)

    async def sign(self, actor: Actor, asked: Json, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """Lay down a contract with a family doctor: `{patient, practitioner, period}`, of the actor's own facility."""
        episode: Json = {
            "resourceType": _EPISODE,
            "id": self._new_id(),
            "status": "active",
            "type": [{"coding": [{"system": CONTRACT_SYSTEM, "code": CONTRACT}]}],
            "patient": {"reference": f"Patient/{_id(asked, 'patient')}"},
            "managingOrganization": {"reference": f"Organization/{actor.organization}"},
            "careManager": {"reference": f"Practitioner/{_id(asked, 'practitioner')}"},
            "period": _bounded(asked.get("period")),
        }
        operation = Create(type=_EPISODE, id=episode["id"], resource=episode)
        return _contract(await self._writes.write(actor, operation, origin=origin))

    async def end(self, actor: Actor, rid: str, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """Let a contract hold no longer, from now on."""
        today = instant(self._clock())

        def finished(episode: Json) -> Json:
            return {**episode, "status": "finished", "period": {**episode.get("period", {}), "end": today}}

        operation = Patch(type=_EPISODE, id=rid, change=finished)
        return _contract(await self._writes.write(actor, operation, origin=origin))


def _told(row: Any, now: datetime) -> Json:
    low, high = row["low"], row["high"]
    holds = (low is None or low <= now) and (high is None or now <= high)
    told = {
        "kind": "family-doctor" if row["kind"] == "managed" else "care",
        "party": row["party"] if "/" in row["party"] else f"Organization/{row['party']}",
        "from": None if low is None else instant(low),
        "to": None if high is None else instant(high),
        "holds": holds,
        "source": f"{type_name(row['type'])}/{row['id']}",
    }
    return {name: value for name, value in told.items() if value is not None}


def _contract(written: Written) -> Json:
    episode: Json = loads(written.body)
    return {
        "id": written.id,
        "status": episode["status"],
        "patient": episode["patient"]["reference"],
        "practitioner": episode["careManager"]["reference"],
        "organization": episode["managingOrganization"]["reference"],
        "period": episode["period"],
    }


def _id(asked: Json, name: str) -> str:
    found = asked.get(name)
    if not isinstance(found, str) or parse_reference(f"Patient/{found}") is None:
        raise _wrong(name, "the id of a resource")
    return found


def _bounded(period: Any) -> Json:
    """A Period with both ends: a contract is for a time."""
    if not isinstance(period, dict) or period.keys() != {"start", "end"} or read_period(period) in (None, NEVER):
        raise _wrong("period", "start and end: dates, or times with a zone; the start not after the end")
    found: Json = period
    return found


def _wrong(name: str, should: str) -> HubError:
    return HubError(Category.INVALID, "is missing or not what it should be", where=name, todo=should, code="tie-value")
