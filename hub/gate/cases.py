"""Cases: a request put together with what is known of each person it looks at, in one snapshot of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from consent.compiler import CompiledConsent
from consent.configuration import Configuration
from consent.decision import Decision
from consent.inquiry import Inquiry, prepare
from consent.live import LiveConsent
from consent.organisations import Organisations
from consent.person import Person
from consent.references import References
from consent.request import Request
from consent.rule import RELATED
from consent.tables import CLINICAL_ROLES, CLINICIAN, ENTERPRISE, FAMILY_DOCTOR, REGIONAL_CENTRE
from hub.auth import approvals
from hub.auth.actor import Actor
from hub.auth.approvals import Approval
from hub.auth.directory import Directory
from hub.db.database import Tx
from hub.gate import dossiers
from hub.gate.alike import Known, Looks, looks_of
from hub.gate.asking import PERSONAL, ethics_approval, is_confined, request_of, second_person, sees_vocabulary_alone
from hub.gate.dossiers import Dossier, Ties, Whom
from hub.gate.moments import instant_of, moment_of
from hub.gate.policy import permitted
from hub.gate.provisions import Pointed
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store.conditions import Condition

#: Persons prepared in one turn of the event loop.
_TURN: Final = 50
#: Roles of whose requests nothing hangs on the person but the consents and the relationship.
_PLAIN: Final = CLINICAL_ROLES | {REGIONAL_CENTRE, ENTERPRISE}
_NOBODY: Final = Person(frozenset(), None, (), (), ())


class Rules:
    """What all cases of an installation share: the directory, the policy, the configuration of the consent rules."""

    def __init__(self, directory: Directory, configuration: Configuration) -> None:
        self.directory: Final = directory
        self.configuration: Final = configuration
        self._organisations: Final = Organisations(directory.as_case(), References(configuration.base_urls))
        #: The request of an actor about nobody: neither its time nor what was declared play a part in it.
        self.nobody: Final = lru_cache(maxsize=1024)(self._about_nobody)
        #: What requests that are alike but for what consents say (`_is_plain`) may see of a person, and look at.
        self.settled: Final = lru_cache(maxsize=1024)(self._settled)

    def inquiry(self, request: Json | Request, person: Person, consents: tuple[CompiledConsent, ...]) -> Inquiry:
        """A request about one person."""
        return prepare(
            policy=self.directory.policy,
            directory=self._organisations,
            patient=person,
            consents=consents,
            request=request,
            configuration=self.configuration,
        )

    def _settled(self, actor: Actor, related: bool, consents: tuple[LiveConsent, ...]) -> tuple[Condition, Looks]:
        """By the consents that count, none of which points to what is related. Whoever gives the same, whenever it is
        asked, is answered alike: what is kept here is true as long as the code is.
        """
        own = frozenset(self.directory.same_entity(actor.organization))
        inquiry = replace(self.nobody(actor), related=related, consents=consents)
        return permitted(inquiry, own, {}), looks_of(inquiry)

    def _about_nobody(self, actor: Actor) -> Inquiry:
        return self.inquiry(request_of(actor, self.directory, actor.expires), _NOBODY, ())


class Case(Struct, frozen=True, kw_only=True):
    """A request about one person.

    `pointed`: what the `related` pointers of the consents refer to; `looks`: what the consents look at in a resource.
    `decided` keeps the decision on each kind of resource (hub.gate.alike). `settled`: the condition where it is known
    already, as the request has nothing of its own.
    """

    dossier: Dossier
    inquiry: Inquiry
    pointed: Pointed
    looks: Looks
    decided: Known = field(default_factory=Known)
    settled: Condition | None = None

    def condition(self, own: Collection[str]) -> Condition:
        """What a row about the person must be like; `own` are the facilities of the requester's legal entity."""
        return self.settled or permitted(self.inquiry, frozenset(own), self.pointed)

    @property
    def consents_used(self) -> tuple[str, ...]:
        """The consents that count, as the audit names them."""
        ids = (consent.id for consent in self.inquiry.consents_used)
        return tuple(f"Consent/{cid}/_history/{self.dossier.versions[cid]}" for cid in ids)


class Cases(Struct, kw_only=True):
    """One request at one instant, in one snapshot: `epoch` is that of the consents, None before any were asked
    for; `by_pkey` says who was looked up.

    `confined` are the source patients outside of whom the token sees nothing; None: it is not confined. `own` are the
    facilities of the requester's legal entity. `nobody` is the request about what is about no patient; `decided` keeps
    the decision on each kind of that, `apart` what is decided of each kind whoever the patient is (hub.gate.release).
    `vocabulary_alone`: all it may meet is what codes mean.
    """

    rules: Rules
    actor: Actor
    at: datetime
    own: tuple[str, ...]
    nobody: Inquiry
    second: Approval | None = None
    epoch: int | None = None
    confined: tuple[UUID, ...] | None = None
    by_pkey: dict[UUID, Case] = field(default_factory=dict)
    vocabulary_alone: bool = False
    decided: Known = field(default_factory=Known)
    apart: dict[Hashable, Decision | None] = field(default_factory=dict)

    async def look_up(self, tx: Tx, whom: Whom) -> list[Case]:
        """The cases of these persons, which are kept."""
        births = whom.births or self.actor.role in PERSONAL
        epoch, found = await dossiers.load(tx, replace(whom, births=births), self.ties, self.rules.configuration)
        self.stand_under(epoch)
        cases = []
        for number, dossier in enumerate(found):
            if number % _TURN == _TURN - 1:
                await asyncio.sleep(0)  # others are served while a whole panel is prepared
            cases.append(await self.seen_by(tx, self.actor, dossier))
        self.by_pkey.update((pkey, case) for case in cases for pkey in case.dossier.pkeys)
        return cases

    def stand_under(self, epoch: int) -> None:
        """What was looked at stood under this epoch: the request hangs on the oldest."""
        self.epoch = epoch if self.epoch is None else min(self.epoch, epoch)

    async def seen_by(self, tx: Tx, actor: Actor, dossier: Dossier, ethics: Json | None = None) -> Case:
        """The case of a person as if `actor` asked, under an `ethicsApproval` where one is given; it is not kept."""
        at = _not_before(dossier.consents, self.at)
        request = self._request(actor, dossier.person, at, ethics)
        inquiry = self.rules.inquiry(request, dossier.person, dossier.consents)
        pointers = _pointers(inquiry)
        if inquiry.consents is not None and not pointers and _is_plain(actor):
            condition, looks = self.rules.settled(actor, inquiry.related, inquiry.consents)
            return Case(dossier=dossier, inquiry=inquiry, pointed={}, looks=looks, settled=condition)
        pointed = await dossiers.neighbours(tx, pointers)
        return Case(dossier=dossier, inquiry=inquiry, pointed=pointed, looks=looks_of(inquiry))

    def _request(self, actor: Actor, person: Person, at: datetime, ethics: Json | None) -> Json | Request:
        if self.second is None and ethics is None and _is_plain(actor):
            return replace(self.rules.nobody(actor).request, time=moment_of(at))
        second = second_person(self.second, actor, person, at)
        approvals = {"coApproval": second, "ethicsApproval": ethics or ethics_approval(self.second)}
        return {**request_of(actor, self.rules.directory, at), **approvals}

    @property
    def persons(self) -> list[Case]:
        """Every person looked up, once."""
        return list({id(case): case for case in self.by_pkey.values()}.values())

    @property
    def ties(self) -> Ties:
        """The relations that matter to this requester."""
        if self.actor.role == FAMILY_DOCTOR:
            parties = () if self.actor.reference is None else (self.actor.reference,)
            return Ties(kind="managed", parties=parties, at=self.at)
        return Ties(kind="care", parties=self.own if self.actor.role == CLINICIAN else (), at=self.at)


async def open_cases(
    tx: Tx, rules: Rules, actor: Actor, at: datetime, whom: Whom | None = None, rtype: str | None = None
) -> Cases:
    """The cases of a request at the instant `at`, with the persons it is about from the start; `rtype` is the type of
    resource it asks for, if it is about one.

    A confined token looks at its own person, whatever is asked for.
    """
    cases = Cases(
        rules=rules,
        actor=actor,
        at=at,
        own=rules.directory.same_entity(actor.organization),
        nobody=rules.nobody(actor),
        vocabulary_alone=sees_vocabulary_alone(actor, rtype),
        second=None if actor.co_approval is None else await approvals.named(tx, actor.co_approval),
    )
    if is_confined(actor):
        bound = actor.patient or ""
        found = await cases.look_up(tx, Whom(keys=[reference_key("Patient", bound)], names=[bound]))
        cases.confined = tuple(pkey for case in found for pkey in case.dossier.pkeys)
    elif whom is not None:
        await cases.look_up(tx, whom)
    return cases


def _is_plain(actor: Actor) -> bool:
    """Whether all of its requests are alike, but for what consents say: nothing of it hangs on the person's age or
    proxies, on when the glass was broken, or on a second person.
    """
    return actor.role in _PLAIN and actor.break_glass is None and actor.co_approval is None


def _not_before(consents: Iterable[CompiledConsent], at: datetime) -> datetime:
    """`at`, or the time of the newest consent if that is later.

    The hub itself dates a consent when it keeps it, so what is kept has been given. A machine whose clock is behind
    would otherwise take a withdrawal for one of the future, and let what it withdraws stand.
    """
    given = (instant_of(consent.given, up=True) for consent in consents if consent.given is not None)
    return max([at, *(instant for instant in given if instant is not None)])


def _pointers(inquiry: Inquiry) -> set[str]:
    """What the consents name with `related`."""
    return {
        reference
        for consent in inquiry.consents or ()
        for rule, _, _ in consent.rules
        if rule.data is not None
        for meaning, reference in rule.data.known
        if meaning == RELATED
    }
