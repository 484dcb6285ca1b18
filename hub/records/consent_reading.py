"""Reading consents back, for the person herself and those who act for her: the consent rules decide (3, 7 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from consent.configuration import Configuration
from consent.decide import decide_for
from consent.facts import read_facts
from consent.inquiry import prepare
from consent.packed import unpack
from consent.references import References
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.trail import Trail
from hub.auth import consent_rules
from hub.auth.actor import Actor
from hub.auth.consent_rules import ConsentRule
from hub.auth.scopes import Letter
from hub.db.database import Database, Tx
from hub.fhir.json import loads
from hub.kernel.clock import Clock
from hub.kernel.types import Json
from hub.records.consent_rights import PATIENT, PERSONAL, admit, no_consent
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.person import Subject, known_subject
from hub.store.store import Store
from hub.store.values import Stored


class ConsentReads:
    """The consents of the person a patient's or a proxy's token is bound to; nobody else reads here.

    Every method raises HubError FORBIDDEN for another role or scope, NOT_FOUND for what is not hers, what may not be
    seen, and for a patient nobody knows; UNAVAILABLE when the reading could not be recorded.
    """

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
        self._configuration: Final = configuration
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)

    async def mine(self, actor: Actor, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """The newest version of each, whatever its status, by id."""

        async def work(tx: Tx, now: datetime) -> tuple[list[Json], Done]:
            shown = await self._shown(tx, actor, "s", now)
            return [loads(one.body) for one in shown], _done(actor, shown, len(shown))

        return await self._ledger.look(asked_of(actor, origin, Interaction.SEARCH_TYPE, "Consent"), work)

    async def read(self, actor: Actor, consent_id: str, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """The newest version of one."""

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            shown = await self._shown(tx, actor, "r", now)
            one = _one(shown, consent_id)
            body: Json = loads(one.body)
            return body, _done(actor, [one], 1)

        return await self._ledger.look(asked_of(actor, origin, Interaction.READ, "Consent", consent_id), work)

    async def history(self, actor: Actor, consent_id: str, *, origin: Origin = UNKNOWN_ORIGIN) -> list[Json]:
        """Every version of one, newest first."""

        async def work(tx: Tx, now: datetime) -> tuple[list[Json], Done]:
            shown = await self._shown(tx, actor, "r", now)
            one = _one(shown, consent_id)
            found: list[Stored] = []
            while page := await self._store.versions(
                tx, "Consent", consent_id, below=found[-1].version if found else None
            ):
                found += page
            return [loads(one.body) for one in found], _done(actor, [one], len(found))

        return await self._ledger.look(asked_of(actor, origin, Interaction.HISTORY, "Consent", consent_id), work)

    async def _shown(self, tx: Tx, actor: Actor, letter: Letter, now: datetime) -> list[Stored]:
        admit(actor, letter, PERSONAL)
        subject = await known_subject(self._store, tx, actor.patient or "")
        rules = await consent_rules.of_pkeys(tx, subject.pkeys)
        stored = await self._store.load(tx, [("Consent", rule.id) for rule in rules])
        found = [stored["Consent", rule.id] for rule in rules]
        return _readable(actor, subject, found, rules, now, self._configuration)


def _readable(
    actor: Actor,
    subject: Subject,
    stored: Sequence[Stored],
    rules: Sequence[ConsentRule],
    now: datetime,
    configuration: Configuration,
) -> list[Stored]:
    """Those the actor may see."""
    inquiry = prepare(
        policy=None,
        directory=None,
        patient=subject.person(References(configuration.base_urls)),
        consents=[unpack(rule.compiled, configuration) for rule in rules],
        request={
            "time": now.isoformat(),
            "requester": {"role": actor.role, "reference": actor.reference},
            "purpose": list(actor.purpose),
            "form": actor.form,
        },
        configuration=configuration,
    )
    return [one for one in stored if decide_for(inquiry, read_facts(_resource(one), inquiry.references)).permitted]


def _resource(stored: Stored) -> Json:
    """A Consent as the rules see it (section 1)."""
    labels = [label.partition("|") for label in stored.facts.labels]
    return {
        "resourceType": "Consent",
        "reference": f"Consent/{stored.id}",
        "patient": f"Patient/{stored.patient}",
        "authorOrganization": f"Organization/{stored.facts.author_org}" if stored.facts.author_org else None,
        "securityLabel": [{"system": system, "code": code} for system, _, code in labels],
        "clinicalTime": loads(stored.body).get("dateTime"),
    }


def _one(shown: Sequence[Stored], consent_id: str) -> Stored:
    for stored in shown:
        if stored.id == consent_id:
            return stored
    raise no_consent()


def _done(actor: Actor, shown: Sequence[Stored], count: int) -> Done:
    grounds = "self-access" if actor.role == PATIENT else "proxy-access"
    patients = {one.patient for one in shown if one.patient is not None}
    return Done(grounds=grounds, patients=tuple(sorted(patients)), count=count)
