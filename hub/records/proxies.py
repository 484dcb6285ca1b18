"""Who acts for a patient: confirmed and ended here alone (design, section 7; consent rules, section 7).

A proxy is a RelatedPerson with an entry. The hub itself answers for that resource, so no facility can change it; a
RelatedPerson that a facility writes is a contact and gives no right.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid4

from consent.configuration import Configuration
from consent.person import CONSENT, DELEGATE, GUARDIAN, PARENT, READ
from consent.references import References
from consent.times import NEVER, read_period
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.trail import Trail
from hub.auth import proxies
from hub.auth.actor import Actor
from hub.auth.proxies import Proxy
from hub.db.database import Database, Tx
from hub.fhir.json import loads
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json
from hub.records.client import Validate
from hub.records.consent_document import instant
from hub.records.consent_rights import PATIENT, PROXY, REVIEWER, admit, forbidden
from hub.records.facts import facts_of
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.person import Subject, known_subject
from hub.records.refusal import NonconformantError
from hub.records.telling import PROXY_CONFIRMED, PROXY_ENDED, Teller
from hub.store.store import Store
from hub.store.values import Write

_ROLES: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
#: How each kind stands in RelatedPerson.relationship (v3-RoleCode).
KINDS: Final = {
    PARENT: {"system": _ROLES, "code": "PRN", "display": "parent"},
    GUARDIAN: {"system": _ROLES, "code": "GUARD", "display": "guardian"},
    DELEGATE: {"system": _ROLES, "code": "HPOWATT", "display": "healthcare power of attorney"},
}
SCOPES: Final = (READ, CONSENT)

ACTIVE: Final = "active"
ENDED: Final = "inactive"
_SELF: Final = "appointed by the patient"
_LONGEST: Final = 200


class Proxies:
    """The door for proxies. Raises HubError FORBIDDEN, NOT_FOUND, INVALID, UNAVAILABLE.

    The consent reviewer confirms all kinds, with the number of the file that proves them; the patient appoints a
    delegate. The reviewer, the patient and the proxy end an entry.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        validate: Validate,
        trail: Trail,
        clock: Clock,
        configuration: Configuration,
        *,
        new_id: Callable[[], str] = random_id,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._store: Final = store
        self._validate: Final = validate
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)
        self._configuration: Final = configuration
        self._new_id: Final = new_id
        self._teller: Final = Teller(configuration)

    async def confirm(self, actor: Actor, asked: Json, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """A new entry: `{kind, name, scope?, period?}`, for the reviewer also `{patient, evidence}`.

        Returns it, with `reference`: what the proxy's token must name as its person.
        """
        proxy_id = self._new_id()

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "c", frozenset({PATIENT, REVIEWER}), "RelatedPerson")
            patient = actor.patient if actor.role == PATIENT else asked.get("patient")
            subject = await known_subject(self._store, tx, patient if isinstance(patient, str) else "")
            proxy = _entry(actor, asked, proxy_id, subject, now)
            if actor.role == PATIENT:
                self._refuse_incapable(subject, now)
            await self._keep(tx, proxy, {"name": [{"text": _text(asked, "name")}]})
            # Told to those who act for her already, and to who does from now on.
            subject = replace(subject, proxies=(*subject.proxies, proxy))
            await self._teller.tell(tx, subject, PROXY_CONFIRMED, _content(actor, proxy), now)
            return told(proxy), Done(grounds=_grounds(actor), version=1, patients=(subject.patient,))

        return await self._ledger.change(asked_of(actor, origin, Interaction.CREATE, "RelatedPerson", proxy_id), work)

    async def end(self, actor: Actor, proxy_id: str, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """Let an entry hold no longer. Ending one that has ended changes nothing."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            admit(actor, "u", frozenset({PATIENT, PROXY, REVIEWER}), "RelatedPerson")
            proxy = await proxies.named(tx, proxy_id)
            if proxy is None or not await self._may_end(tx, actor, proxy):
                raise HubError(Category.NOT_FOUND, "no such proxy of yours", where="proxy", code="proxy")
            subject = await known_subject(self._store, tx, proxy.patient)
            await self._teller.tell(tx, subject, PROXY_ENDED, _content(actor, proxy), now)
            proxy = replace(proxy, status=ENDED, recorded=now)
            current = (await self._store.load(tx, [("RelatedPerson", proxy.id)], lock=True))["RelatedPerson", proxy.id]
            await self._keep(tx, proxy, loads(current.body))
            return told(proxy), Done(grounds=_grounds(actor), patients=(proxy.patient,))

        return await self._ledger.change(asked_of(actor, origin, Interaction.UPDATE, "RelatedPerson", proxy_id), work)

    async def listed(self, actor: Actor, patient: str = "", *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """The entries of a person, ended ones too: the actor's own, or for the reviewer those of `patient`."""

        async def work(tx: Tx, _: datetime) -> tuple[list[Json], Done]:
            admit(actor, "s", frozenset({PATIENT, REVIEWER}), "RelatedPerson")
            bound = actor.patient if actor.role == PATIENT else patient
            subject = await known_subject(self._store, tx, bound or "")
            found = [{**told(proxy), **self._grown_up(proxy, subject)} for proxy in subject.proxies]
            return found, Done(grounds=_grounds(actor), patients=(subject.patient,), count=len(found))

        return await self._ledger.look(asked_of(actor, origin, Interaction.SEARCH_TYPE, "RelatedPerson"), work)

    def _grown_up(self, proxy: Proxy, subject: Subject) -> Json:
        """The day on which the patient is of age and a parent acts for her no more, where it is known."""
        birth = subject.person(References(self._configuration.base_urls)).birth
        if proxy.kind != PARENT or birth is None:
            return {}
        year = birth.year + self._configuration.age_of_majority
        leap = (birth.month, birth.day) == (2, 29)
        return {"until": (date(year, 3, 1) if leap and not isleap(year) else birth.replace(year=year)).isoformat()}

    def _refuse_incapable(self, subject: Subject, now: datetime) -> None:
        """Who appoints a delegate must be able to consent herself (section 4e)."""
        person = subject.person(References(self._configuration.base_urls))
        at = read_period({"start": instant(now)})
        moment = at[0] if at else 0
        age = person.age_at(moment)
        limited = any(entry.limits(moment) for entry in person.proxies)
        if limited or age is None or age < self._configuration.age_of_capacity:
            raise forbidden("this patient does not appoint a delegate herself", "no-capacity")

    async def _may_end(self, tx: Tx, actor: Actor, proxy: Proxy) -> bool:
        if actor.role == REVIEWER:
            return True
        if actor.role == PROXY:
            return actor.reference == proxy.reference
        subject = await known_subject(self._store, tx, actor.patient or "")
        # A guardian or a parent is not the patient's to send away.
        return proxy.kind == DELEGATE and proxy.patient in subject.sources

    async def _keep(self, tx: Tx, proxy: Proxy, standing: Json) -> None:
        resource: Json = {
            **standing,
            "resourceType": "RelatedPerson",
            "id": proxy.id,
            "active": proxy.status == ACTIVE,
            "patient": {"reference": f"Patient/{proxy.patient}"},
            "relationship": [{"coding": [KINDS[proxy.kind]]}],
            **({"period": proxy.period} if proxy.period else {}),
        }
        errors = [issue for issue in self._validate(resource) if issue.severity in ("fatal", "error")]
        if errors:
            raise NonconformantError(errors)
        current = (await self._store.load(tx, [("RelatedPerson", proxy.id)])).get(("RelatedPerson", proxy.id))
        write = Write(
            type="RelatedPerson",
            id=proxy.id,
            resource=resource,
            patient=proxy.patient,
            facts=facts_of(resource, ""),
            current=current,
        )
        await self._store.save(tx, [write])
        await proxies.put(tx, proxy)


def told(proxy: Proxy) -> Json:
    """An entry as it is told."""
    return {
        "id": proxy.id,
        "patient": proxy.patient,
        "reference": proxy.reference,
        "kind": proxy.kind,
        "status": proxy.status,
        "scope": list(proxy.scope),
        "period": proxy.period,
        "evidence": proxy.evidence,
        "recorded": instant(proxy.recorded),
    }


def _entry(actor: Actor, asked: Json, proxy_id: str, subject: Subject, now: datetime) -> Proxy:
    kind, scope, period = asked.get("kind"), asked.get("scope", [READ]), asked.get("period", {})
    if not isinstance(kind, str) or kind not in KINDS:
        raise _wrong("kind", f"one of {', '.join(KINDS)}")
    if actor.role == PATIENT and kind != DELEGATE:
        raise forbidden("a patient appoints delegates only", "proxy-kind")
    if not isinstance(scope, list) or READ not in scope or not all(one in SCOPES for one in scope):
        raise _wrong("scope", "read, or read and consent")
    if not isinstance(period, dict) or period.keys() - {"start", "end"} or read_period(period) == NEVER:
        raise _wrong("period", "start, end or both: dates, or times with a zone; the start not after the end")
    evidence = _SELF if actor.role == PATIENT else _text(asked, "evidence")
    return Proxy(
        id=proxy_id,
        patient=subject.patient,
        reference=f"RelatedPerson/{proxy_id}",
        kind=kind,
        status=ACTIVE,
        period=period,
        scope=tuple(sorted(set(scope), reverse=True)),
        evidence=evidence,
        recorded=now,
    )


def _text(asked: Json, name: str) -> str:
    found = asked.get(name)
    if not isinstance(found, str) or not found.strip() or len(found) > _LONGEST:
        raise _wrong(name, f"a text of at most {_LONGEST} characters")
    return found.strip()


def _content(actor: Actor, proxy: Proxy) -> Json:
    return {"by": actor.reference, "organization": actor.organization, "proxy": proxy.reference, "as": proxy.kind}


def _grounds(actor: Actor) -> str:
    return {PATIENT: "self-access", PROXY: "proxy-access"}.get(actor.role, "consent-review")


def _wrong(name: str, should: str) -> HubError:
    return HubError(
        Category.INVALID, "is missing or not what it should be", where=name, todo=should, code="proxy-value"
    )
