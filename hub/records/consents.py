"""The only writer of Consent: giving, replacing, withdrawing (design, section 7).

Each change writes the next version of the resource, its compiled rule and an audit row, and raises the epoch, in one
transaction: a read that begins after it was answered is decided by it. The hub itself says who gave the consent, for
whom and when; consents are told apart by their id alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from consent.compiler import CompiledConsent, compile_consent
from consent.configuration import Configuration
from consent.packed import pack, stamp
from consent.references import References
from hub.audit.entry import UNKNOWN_ORIGIN, Interaction, Origin
from hub.audit.trail import Trail
from hub.auth import consent_rules
from hub.auth.actor import Actor
from hub.auth.consent_rules import ConsentRule
from hub.auth.directory import PREFIX, Directory
from hub.db.database import Database, Tx
from hub.fhir.json import loads
from hub.fhir.references import references
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id
from hub.kernel.types import Json
from hub.kernel.versions import fits
from hub.records.client import Validate
from hub.records.consent_document import Giver, check, document, unprocessable, withdrawn
from hub.records.consent_evidence import evidence_of, refuse_unknown_scan, scan_of
from hub.records.consent_rights import (
    DESKS,
    PATIENT,
    PERSONAL,
    PROXY,
    REVIEWER,
    admit,
    giver_of,
    no_consent,
    patient_of,
    recipients,
    refuse_self_grant,
    refuse_undoing,
    refuse_unentitled,
)
from hub.records.consent_templates import fhir_of, from_template
from hub.records.facts import facts_of
from hub.records.ledger import Done, Ledger, asked_of
from hub.records.person import Subject, known_subject
from hub.records.refusal import NonconformantError
from hub.records.rights import Rights
from hub.records.telling import CONSENT_CHANGED, CONSENT_GIVEN, CONSENT_WITHDRAWN, Teller, moment
from hub.store.store import Store
from hub.store.values import Stored, Write

#: Consents of one person. Each is looked at in every decision about her.
MOST_CONSENTS: Final = 100

_GROUNDS: Final = {PATIENT: "self-access", PROXY: "proxy-access"}
_BY_DESK: Final = "recorded-evidence"
#: Id of a consent that is not kept.
_DRAFT: Final = "draft"
_REFUSE_ALL: Final[Json] = {"template": "deny-all"}


class Consents:
    """The consent door. Every method raises HubError FORBIDDEN for a role, a scope or a person it is not open to,
    NOT_FOUND for a consent or a patient that is not the actor's, UNAVAILABLE when nothing could be kept.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        directory: Directory,
        validate: Validate,
        trail: Trail,
        clock: Clock,
        configuration: Configuration,
        canonical_base: str,
        *,
        new_id: Callable[[], str] = random_id,
        entry_ids: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database: Final = database
        self._store: Final = store
        self._directory: Final = directory
        self._rights: Final = Rights(directory)
        self._validate: Final = validate
        self._clock: Final = clock
        self._teller: Final = Teller(configuration)
        self._ledger: Final = Ledger(database, trail, clock, entry_ids)
        self._configuration: Final = configuration
        self._canonical_base: Final = canonical_base
        self._new_id: Final = new_id

    async def grant(self, actor: Actor, asked: Json, *, origin: Origin = UNKNOWN_ORIGIN) -> Json:
        """Keep a new consent: FHIR, or `{template: ...}` with its values. Returns the Consent that now stands.

        A desk (clinician, family doctor, consent reviewer) names the patient and sends its evidence. Raises HubError
        INVALID for what is not R4, cannot be processed or is not taken, TOO_LARGE for too much.
        """
        consent_id = self._new_id()

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            return await self.give(tx, actor, asked, consent_id, now)

        return await self._ledger.change(asked_of(actor, origin, Interaction.CREATE, "Consent", consent_id), work)

    async def give(self, tx: Tx, actor: Actor, asked: Json, consent_id: str, now: datetime) -> tuple[Json, Done]:
        """What `grant` does, in a transaction of the caller's, who raises the epoch and records it."""
        admit(actor, "c", PERSONAL | DESKS)
        subject = await known_subject(self._store, tx, patient_of(actor, asked))
        fhir = fhir_of(asked, now, self._directory.name)
        giver = giver_of(actor, subject, asked, self._rights, evidence_of(asked, now))
        if giver.desk and (scan := scan_of(asked)) is not None:
            await refuse_unknown_scan(self._store, tx, subject, scan, lambda author: self._may_file(actor, author))
        if len(await consent_rules.of_pkeys(tx, subject.pkeys)) >= MOST_CONSENTS:
            raise HubError(
                Category.TOO_LARGE, f"more than {MOST_CONSENTS} consents", where="Consent", todo="replace one"
            )
        consent = self._document(fhir, giver, subject.patient, now, narrative=fhir is not asked)
        return await self._keep(tx, actor, subject, {**consent, "id": consent_id}, giver, None)

    async def draft(self, actor: Actor, asked: Json) -> CompiledConsent:
        """What `grant` or `replace` would keep, compiled and not kept: for a preview by who may give it herself.

        Raises what `grant` does.
        """
        admit(actor, "c", PERSONAL)
        async with self._database.connection() as tx:
            subject, now = await known_subject(self._store, tx, patient_of(actor, asked)), self._clock()
        fhir = fhir_of(asked, now, self._directory.name)
        giver = giver_of(actor, subject, asked, self._rights, None)
        consent = self._document(fhir, giver, subject.patient, now, narrative=fhir is not asked)
        return self._compiled({**consent, "id": _DRAFT}, subject, giver)

    async def replace(
        self,
        actor: Actor,
        consent_id: str,
        asked: Json,
        *,
        expected: int | None = None,
        origin: Origin = UNKNOWN_ORIGIN,
    ) -> Json:
        """Let one consent say something else from now on. `expected` is the version it must have.

        Raises what `grant` does, and PRECONDITION. Who acts for the patient herself may; a desk gives a new one.
        """

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            subject, current = await self._own(tx, actor, consent_id, expected, now)
            fhir = fhir_of(asked, now, self._directory.name)
            if fhir.get("id", consent_id) != consent_id:
                raise HubError(Category.INVALID, "is not the id of the URL", where="Consent.id", code="id-mismatch")
            giver = giver_of(actor, subject, asked, self._rights, None)
            consent = self._document(fhir, giver, subject.patient, now, narrative=fhir is not asked)
            return await self._keep(tx, actor, subject, {**consent, "id": consent_id}, giver, current)

        return await self._ledger.change(asked_of(actor, origin, Interaction.UPDATE, "Consent", consent_id), work)

    async def withdraw(
        self, actor: Actor, consent_id: str, *, refuse: bool = False, origin: Origin = UNKNOWN_ORIGIN
    ) -> Json:
        """Let one consent hold no longer: it becomes inactive, and the policy of the consortium is what is left.

        With `refuse` it becomes a general refusal instead.
        """

        async def work(tx: Tx, now: datetime) -> tuple[Json, Done]:
            subject, current = await self._own(tx, actor, consent_id, None, now)
            giver = giver_of(actor, subject, {}, self._rights, None)
            if refuse:
                fhir = from_template(_REFUSE_ALL, now, self._directory.name)
                consent = self._document(fhir, giver, subject.patient, now, narrative=True)
            else:
                consent = withdrawn(loads(current.body), giver, now)
            return await self._keep(tx, actor, subject, {**consent, "id": consent_id}, giver, current)

        return await self._ledger.change(asked_of(actor, origin, Interaction.UPDATE, "Consent", consent_id), work)

    async def renew(self) -> int:
        """Compile anew what was compiled under another configuration; returns how many. For the start of the hub."""
        stamped = stamp(self._configuration)
        async with self._database.transaction() as tx:
            rules = await consent_rules.of_another_form(tx, stamped)
            stored = await self._store.load(tx, [("Consent", rule.id) for rule in rules])
            for rule in rules:
                await self._put_rule(tx, loads(stored["Consent", rule.id].body), rule.patient, rule.version)
            if rules:
                await consent_rules.raise_epoch(tx)
        return len(rules)

    async def _own(
        self, tx: Tx, actor: Actor, consent_id: str, expected: int | None, now: datetime
    ) -> tuple[Subject, Stored]:
        """The actor's person, as the source patient the consent stands under, and the version that stands.

        Raises HubError FORBIDDEN (`self-grant`) where it says something of proxies and the actor is one.
        """
        admit(actor, "u", PERSONAL)
        subject = await known_subject(self._store, tx, actor.patient or "")
        rules = {rule.id: rule for rule in await consent_rules.of_pkeys(tx, subject.pkeys)}
        if consent_id not in rules:
            raise no_consent()
        current = (await self._store.load(tx, [("Consent", consent_id)], lock=True))["Consent", consent_id]
        standing = compile_consent(loads(current.body), References(self._configuration.base_urls))
        refuse_undoing(standing, subject, actor, self._configuration, moment(now))
        if not fits(expected, current.version):
            raise HubError(
                Category.PRECONDITION,
                "is not at the version If-Match names",
                where="Consent",
                todo="read it again",
                code="precondition",
            )
        return replace(subject, patient=rules[consent_id].patient), current

    def _document(self, fhir: Json, giver: Giver, patient: str, now: datetime, *, narrative: bool) -> Json:
        consent = document(fhir, giver, patient, now, self._canonical_base, narrative=narrative)
        errors = [issue for issue in self._validate(consent) if issue.severity in ("fatal", "error")]
        if errors:
            raise NonconformantError(errors)
        check(consent)
        self._refuse_unknown_organizations(consent)
        return consent

    def _refuse_unknown_organizations(self, consent: Json) -> None:
        """A slip in the code of a facility would leave a refusal without effect."""
        for text in references(consent.get("provision", {})):
            if text.startswith(PREFIX) and not self._directory.knows(text):
                raise HubError(
                    Category.INVALID,
                    "names an organisation that is not in the consortium",
                    where="Consent.provision",
                    todo="name a facility by its code",
                    code="unknown-organization",
                )

    def _may_file(self, actor: Actor, author_org: str) -> bool:
        """Whether a document of this facility may be this desk's evidence."""
        return actor.role == REVIEWER or self._rights.owns(actor, author_org)

    def _compiled(self, consent: Json, subject: Subject, giver: Giver) -> CompiledConsent:
        """Raises HubError INVALID for what cannot be processed, FORBIDDEN for what the giver may not say."""
        compiled = compile_consent(consent, References(self._configuration.base_urls))
        if compiled.rules is None:
            raise unprocessable()
        refuse_unentitled(compiled, subject, self._configuration)
        refuse_self_grant(compiled, subject, giver.performer, self._configuration)
        return compiled

    async def _keep(
        self, tx: Tx, actor: Actor, subject: Subject, consent: Json, giver: Giver, current: Stored | None
    ) -> tuple[Json, Done]:
        self._compiled(consent, subject, giver)
        write = Write(
            type="Consent",
            id=consent["id"],
            resource=consent,
            patient=subject.patient,
            facts=facts_of(consent, giver.desk, self._rights.siblings(actor) if giver.desk else ()),
            current=current,
        )
        (saved,) = await self._store.save(tx, [write])
        kept: Json = loads(saved.body)
        await self._put_rule(tx, kept, subject.patient, saved.version)
        content = {"by": actor.reference, "organization": giver.desk, "consent": saved.id}
        await self._teller.tell(tx, subject, _kind_of_change(kept, current), content, self._clock())
        grounds = _BY_DESK if giver.desk else _GROUNDS[actor.role]
        return kept, Done(grounds=grounds, id=saved.id, version=saved.version, patients=(subject.patient,))

    async def _put_rule(self, tx: Tx, consent: Json, patient: str, version: int) -> None:
        compiled = compile_consent(consent, References(self._configuration.base_urls))
        rule = ConsentRule(
            id=consent["id"],
            patient=patient,
            version=version,
            status=consent["status"],
            actors=recipients(compiled),
            compiled=pack(compiled, self._configuration),
        )
        await consent_rules.put(tx, rule)


def _kind_of_change(kept: Json, current: Stored | None) -> str:
    if current is None:
        return CONSENT_GIVEN
    return CONSENT_WITHDRAWN if kept["status"] != "active" else CONSENT_CHANGED
