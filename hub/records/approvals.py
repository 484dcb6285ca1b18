"""Approvals a token may refer to by id: of an ethics committee, of a second person (consent rules, 3.10 and 6.7).

An approval is a record, made by the one who approves under a token of their own; it is never a parameter of the
request that uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from consent.times import NEVER, read_period
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.trail import Trail
from hub.auth import approvals
from hub.auth.actor import Actor
from hub.auth.approvals import DEFAULT_PURPOSE, ETHICS, SECOND, Approval
from hub.auth.directory import Directory
from hub.auth.roles import role_named
from hub.db.database import Database, Tx
from hub.fhir.references import parse_reference
from hub.fhir.structure import RESOURCE_TYPES
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json
from hub.records.consent_document import instant
from hub.records.consent_rights import REVIEWER, admit, forbidden
from hub.records.ledger import Done, Ledger, asked_of

#: How long a second person's approval holds: as long as a break-glass declaration (consent rules, section 8).
SECOND_LASTS: Final = timedelta(hours=4)
#: Who records what an ethics committee decided.
KEEPERS: Final = frozenset({REVIEWER, "administrator"})
_LONGEST: Final = 200
SECOND_ROLES: Final = frozenset({"clinician", "family-doctor"})

APPROVED: Final = "approved"
REVOKED: Final = "revoked"
ACTIVE: Final = "active"
ENDED: Final = "ended"

#: Approvals have no FHIR type of their own; the trail knows them as basic resources.
_TYPE: Final = "Basic"


class Approvals:
    """The door for approvals. Raises HubError FORBIDDEN, NOT_FOUND, INVALID, UNAVAILABLE."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        trail: Trail,
        clock: Clock,
        *,
        new_id: Callable[[], str] = random_id,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._directory: Final = directory
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)
        self._new_id: Final = new_id

    async def give(self, actor: Actor, asked: Json, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """`{kind: second, for, patient, purpose?}` by a second clinician or family doctor: for four hours; or
        `{kind: ethics, organization, project, document, period, resourceTypes?}` by the consent reviewer or an
        administrator. Returns it with its id.
        """
        approval_id = self._new_id()

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            kind = asked.get("kind")
            if kind not in (ETHICS, SECOND):
                raise _wrong("kind", f"{ETHICS} or {SECOND}")
            admit(actor, "c", SECOND_ROLES if kind == SECOND else KEEPERS, _TYPE)
            if kind == SECOND:
                approval = await self.keep_second(tx, actor, asked, approval_id, now)
                return _told(approval), Done(grounds="approval", patients=(asked["patient"],))
            approval = Approval(id=approval_id, kind=ETHICS, content=self._ethics(asked), recorded=now)
            await approvals.put(tx, approval)
            return _told(approval), Done(grounds="approval")

        return await self._ledger.change(asked_of(actor, origin, Interaction.CREATE, _TYPE, approval_id), work)

    async def keep_second(self, tx: Tx, actor: Actor, asked: Json, approval_id: str, now: datetime) -> Approval:
        """Keep `actor`'s approval, `{for, patient, purpose?}`, in a transaction of the caller's."""
        approval = Approval(id=approval_id, kind=SECOND, content=_second(actor, asked, now), recorded=now)
        await approvals.put(tx, approval)
        return approval

    async def end(self, actor: Actor, approval_id: str, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """Revoke an ethics approval (the consent reviewer or an administrator), or one's own as a second person."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "u", SECOND_ROLES | KEEPERS, _TYPE)
            found = await approvals.named(tx, approval_id)
            own = found is not None and found.kind == SECOND and found.content["reference"] == actor.reference
            if found is None or not (own or (found.kind == ETHICS and actor.role in KEEPERS)):
                raise HubError(Category.NOT_FOUND, "no such approval of yours", where="approval", code="approval")
            status = REVOKED if found.kind == ETHICS else ENDED
            ended = Approval(id=found.id, kind=found.kind, content={**found.content, "status": status}, recorded=now)
            await approvals.put(tx, ended)
            return _told(ended), Done(grounds="approval")

        return await self._ledger.change(asked_of(actor, origin, Interaction.UPDATE, _TYPE, approval_id), work)

    async def listed(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """The ethics approvals, newest first, revoked ones too."""

        async def work(tx: Tx, _: datetime) -> tuple[list[Json], Done]:
            admit(actor, "s", KEEPERS, _TYPE)
            return [_told(one) for one in await approvals.of_kind(tx, ETHICS)], Done(grounds="approval", count=0)

        return await self._ledger.look(asked_of(actor, origin, Interaction.SEARCH_TYPE, _TYPE), work)

    def _ethics(self, asked: Json) -> Json:
        organization, period, types = asked.get("organization"), asked.get("period"), asked.get("resourceTypes", [])
        if not isinstance(organization, str) or not self._directory.knows(organization):
            raise _wrong("organization", "the code of a facility")
        if not isinstance(types, list) or not all(isinstance(name, str) and name in RESOURCE_TYPES for name in types):
            raise _wrong("resourceTypes", "a list of FHIR resource types")
        return {
            "status": APPROVED,
            "organization": f"Organization/{self._directory.facility(organization).code}",
            "project": _text(asked.get("project"), "project"),
            "document": _text(asked.get("document"), "document"),
            "period": _bounded(period),
            "resourceTypes": types,
        }


def _second(actor: Actor, asked: Json, now: datetime) -> Json:
    """Content of an approval by `actor`, who is somebody else than the one it is for."""
    requester, patient = _reference(asked.get("for"), "for"), asked.get("patient")
    if not isinstance(patient, str) or parse_reference(f"Patient/{patient}") is None:
        raise _wrong("patient", "the id of a source patient")
    if actor.reference is None or not actor.organization:
        raise forbidden("the token names no person and organisation that could approve", "second-person")
    if requester == actor.reference:
        raise forbidden("nobody approves their own request", "second-person")
    return {
        "status": ACTIVE,
        "reference": actor.reference,
        "organization": f"Organization/{actor.organization}",
        "for": requester,
        "patient": f"Patient/{patient}",
        "purpose": _purposes(asked.get("purpose", list(DEFAULT_PURPOSE))),
        "period": {"start": instant(now), "end": instant(now + SECOND_LASTS)},
    }


def _purposes(value: Any) -> list[str]:
    allowed = role_named("clinician").purposes
    if not isinstance(value, list) or not value or not all(one in allowed for one in value):
        raise _wrong("purpose", f"some of {', '.join(allowed)}")
    return value


def _text(value: Any, name: str) -> str:
    """The name of a project, or the number or reference of a document: never its content."""
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        raise _wrong(name, f"a text of at most {_LONGEST} characters")
    return value.strip()


def _reference(value: Any, where: str) -> str:
    target = parse_reference(value) if isinstance(value, str) else None
    if target is None or target.type not in ("Practitioner", "PractitionerRole"):
        raise _wrong(where, "Practitioner/ID of the one who asks")
    return f"{target.type}/{target.id}"


def _bounded(period: Any) -> Json:
    """A Period with both ends: an approval for ever is none."""
    both = isinstance(period, dict) and period.keys() == {"start", "end"}
    if not both or read_period(period) in (None, NEVER):
        raise _wrong("period", "start and end: dates, or times with a zone; the start not after the end")
    found: Json = period
    return found


def _told(approval: Approval) -> Json:
    return {"id": approval.id, "kind": approval.kind, **approval.content, "recorded": instant(approval.recorded)}


def _wrong(name: str, should: str) -> HubError:
    return HubError(
        Category.INVALID, "is missing or not what it should be", where=name, todo=should, code="approval-value"
    )
