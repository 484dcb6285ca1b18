"""At release: the decision on one version from its release facts, made apart from the predicate. Pure.

The two must agree. They are written twice on purpose: a defect in one is caught by the other.
"""

from __future__ import annotations

from consent.decide import decide_for
from consent.decision import Decision, Reason, deny, permit
from consent.inquiry import Inquiry
from consent.tables import CLINICIAN, NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.auth.roles import VOCABULARY
from hub.gate.alike import NO_LOOKS, Known, Looks, kind_of
from hub.gate.asking import is_confined
from hub.gate.cases import Cases
from hub.gate.ceiling import covers, narrows
from hub.gate.facts import facts_of
from hub.gate.policy import askable
from hub.gate.provisions import Pointed
from hub.gate.unplaced import UNPLACED
from hub.store.values import Stored


def short_way(actor: Actor, directory: Directory, stored: Stored) -> Decision | None:
    """What is decided whoever the patient is, if any (section 3, steps 3 and 12); None where the person must be looked
    at, and for what the token's scopes do not open.

    The actor's purposes and form are those of its role, as its token was checked for.
    """
    return _short_way(actor, directory, stored) if covers(actor.scopes, stored) else None


def _short_way(actor: Actor, directory: Directory, stored: Stored) -> Decision | None:
    if stored.patient is None and stored.type in NON_PATIENT_TYPES:
        return permit(Reason.NOT_PATIENT_DATA)
    if stored.patient is None and stored.type not in UNPLACED:
        return None
    if actor.role != CLINICIAN or is_confined(actor) or stored.type in RECORD_TYPES:
        return None
    author = directory.legal_entity(stored.facts.author_org)
    same = author is not None and author == directory.legal_entity(actor.organization)
    return permit(Reason.AUTHOR_ORGANISATION) if same else None


def apart(cases: Cases, stored: Stored) -> Decision | None:
    """The short way of a request that may be made: once for each kind of version, as a page holds many of few kinds."""
    kind = stored.type, stored.facts.author_org, stored.patient is None
    try:
        return cases.apart[kind]
    except KeyError:
        may = stored.type in NON_PATIENT_TYPES or askable(cases.nobody)
        found = cases.apart[kind] = _short_way(cases.actor, cases.rules.directory, stored) if may else None
        return found


def decide(cases: Cases, stored: Stored, *, anew: bool = False) -> Decision:
    """The decision on one version; a patient who was not looked up is nobody the request may be about.

    The consent rules know nothing of the scopes of a token, which come first, nor of requests that see what codes mean
    and nothing else. Versions of one kind are decided once (hub.gate.alike); `anew`: this one is decided by itself.
    """
    scopes = cases.actor.scopes
    if scopes and not covers(scopes, stored):
        return deny(Reason.SCOPE_NOT_ALLOWED)
    if cases.vocabulary_alone:
        allowed = stored.patient is None and stored.type in VOCABULARY
        return permit(Reason.NOT_PATIENT_DATA) if allowed else deny(Reason.ROLE_NOT_ALLOWED)
    if stored.patient is None:
        of_author = apart(cases, stored) if stored.type in UNPLACED else None
        return of_author or _decided(cases.decided, stored, cases.nobody, NO_LOOKS, {})
    if cases.confined is not None and stored.pkey not in cases.confined:
        return deny(Reason.PATIENT_MISMATCH)
    case = cases.by_pkey.get(stored.pkey)
    if case is None:
        found = apart(cases, stored)
        return deny(Reason.PATIENT_MISMATCH) if found is None else found
    known = Known() if anew else case.decided
    return _decided(known, stored, case.inquiry, case.looks, case.pointed)


def looks_at_body(cases: Cases, stored: Stored) -> bool:
    """Whether the decision on a version may hang on its body."""
    if narrows(cases.actor.scopes, stored.type):
        return True
    case = cases.by_pkey.get(stored.pkey)
    return stored.patient is not None and case is not None and case.looks.at_bodies


def decide_version(cases: Cases, then: Stored, now: Stored) -> Decision:
    """The decision on an earlier version: the stricter of what held then and what holds now."""
    current = decide(cases, now)
    return decide(cases, then) if current.permitted else current


def _decided(known: Known, stored: Stored, inquiry: Inquiry, looks: Looks, pointed: Pointed) -> Decision:
    """The decision, which is `known` if one on its kind was made before."""
    kind = kind_of(stored, looks, known.clear)
    found = known.decisions.get(kind)
    if found is None:
        found = decide_for(inquiry, facts_of(stored, looks, inquiry.references, pointed))
        if kind is not None:
            known.decisions[kind] = found
    return found
