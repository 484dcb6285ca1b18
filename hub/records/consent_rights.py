"""Who may give a consent for whom (attack list 27, 28; consent rules, section 4e). Pure.

Three may: the patient herself, one who acts for her, and a desk that holds her signature. Everybody else is refused,
and so is a consent that would have no effect because its giver is not entitled.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from consent.compiler import CompiledConsent
from consent.configuration import Configuration
from consent.person import DELEGATE, GUARDIAN, PARENT
from consent.references import References
from consent.rule import Rule
from consent.tables import RESEARCH_PURPOSES
from consent.which_count import which_count
from hub.auth.actor import Actor
from hub.auth.scopes import Letter, allows
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.consent_document import Giver
from hub.records.person import Subject, unknown_patient
from hub.records.rights import Rights

PATIENT: Final = "patient"
PROXY: Final = "proxy"
REVIEWER: Final = "consent-reviewer"
#: Roles that write down what somebody signed at a desk.
DESKS: Final = frozenset({"clinician", "family-doctor", REVIEWER})
PERSONAL: Final = frozenset({PATIENT, PROXY})


def admit(actor: Actor, letter: Letter, roles: frozenset[str], rtype: str = "Consent") -> None:
    """Raises HubError FORBIDDEN for a role or a scope that leaves this out altogether."""
    if actor.role not in roles:
        raise forbidden("this role does not do this", "role")
    if not allows(actor.scopes, rtype, letter):
        raise forbidden("no scope of the token allows it", "scope")


def giver_of(actor: Actor, subject: Subject, asked: Json, rights: Rights, evidence: str | None) -> Giver:
    """Whose consent it is. `evidence` is what `evidence_of` found in `asked`. Raises HubError FORBIDDEN, NOT_FOUND."""
    _refuse_other_patient(asked, subject)
    if actor.role == PATIENT:
        return Giver(performer=f"Patient/{subject.patient}")
    if actor.role == PROXY:
        return Giver(performer=actor.reference or "")
    _refuse_foreign_desk(actor, subject, rights)
    if evidence is None:
        raise forbidden(
            "a desk records a consent only with its evidence",
            "evidence",
            todo="send sourceAttachment with contentType and hash, or verification with verified, verifiedWith and "
            "verificationDate",
        )
    return Giver(performer=evidence or f"Patient/{subject.patient}", desk=actor.organization)


def refuse_unentitled(compiled: CompiledConsent, subject: Subject, configuration: Configuration) -> None:
    """Raises HubError FORBIDDEN if nobody who gives this consent is entitled to (section 4e)."""
    person = subject.person(References(configuration.base_urls))
    # Whatever it says, and whether or not it still holds: only who gave it, and when, is asked here.
    stripped = structs.replace(compiled, status="active", rules=(Rule(permit=True),))
    if not which_count([stripped], person, compiled.given or 0, RESEARCH_PURPOSES, configuration):
        raise forbidden(
            "whoever gives it is not entitled to consent for this patient",
            "not-entitled",
            todo="the patient from 14 years on, a parent of a minor, a legal guardian, a delegate with scope consent",
        )


def refuse_self_grant(
    compiled: CompiledConsent, subject: Subject, performer: str, configuration: Configuration
) -> None:
    """A proxy may not open to proxies what the patient's own consent must open (section 7): neither to herself nor,
    by agreement, to another. A legal guardian needs no such consent. Raises HubError FORBIDDEN.
    """
    references = References(configuration.base_urls)
    kinds = {
        entry.kind
        for entry in subject.person(references).proxies
        if entry.reference == performer and compiled.given is not None and entry.covers(compiled.given)
    }
    if not kinds or not kinds <= {PARENT, DELEGATE}:
        return
    named = {actor for rule in compiled.rules or () if rule.permit and rule.actor for actor in rule.actor.known}
    if any(actor.startswith("RelatedPerson/") for actor in named):
        raise forbidden("a proxy does not open the record to proxies", "self-grant")


def refuse_undoing(
    standing: CompiledConsent, subject: Subject, actor: Actor, configuration: Configuration, at: int
) -> None:
    """What is said of proxies is not a proxy's to change or to take back (section 7); a legal guardian may.

    Raises HubError FORBIDDEN.
    """
    if actor.role != PROXY:
        return
    person = subject.person(References(configuration.base_urls))
    if any(one.reference == actor.reference and one.kind == GUARDIAN and one.covers(at) for one in person.proxies):
        return
    if any(named.startswith("RelatedPerson/") for named in recipients(standing)):
        raise forbidden("a proxy does not change what is said of proxies", "self-grant")


def recipients(compiled: CompiledConsent) -> tuple[str, ...]:
    """Every reference an actor of the consent names, in whichever provision."""
    return tuple(sorted({actor for rule in compiled.rules or () if rule.actor for actor in rule.actor.known}))


def forbidden(what: str, code: str, todo: str = "") -> HubError:
    return HubError(Category.FORBIDDEN, what, where="Consent", todo=todo, code=code)


def no_consent() -> HubError:
    """The one answer for a consent that does not exist and for another person's."""
    return HubError(Category.NOT_FOUND, "no such consent of yours", where="Consent", code="consent")


def patient_of(actor: Actor, asked: Json) -> str:
    """Id of the patient: the one a personal token is bound to, or the one a desk names."""
    if actor.role in PERSONAL:
        return actor.patient or ""
    named = _named_patient(asked)
    return named.removeprefix("Patient/") if isinstance(named, str) else ""


def _named_patient(asked: Json) -> object:
    """The reference in `patient`, or what stands there; a template may name the bare id."""
    named = asked.get("patient")
    return named.get("reference") if isinstance(named, dict) else named


def _refuse_other_patient(asked: Json, subject: Subject) -> None:
    named = _named_patient(asked)
    if named is not None and named not in (*subject.sources, *sorted(subject.references)):
        raise forbidden("another person's consent", "other-patient")


def _refuse_foreign_desk(actor: Actor, subject: Subject, rights: Rights) -> None:
    """A facility's desk knows its own patients; the reviewer serves the whole consortium."""
    if actor.role != REVIEWER and not rights.owns(actor, subject.author_org):
        raise unknown_patient()
