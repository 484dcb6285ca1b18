"""At release: the decision on one resource from its release facts, made apart from the predicate. Pure.

The two must agree. They are written twice on purpose: a defect in one is caught by the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from consent.tables import CLINICAL_ROLES, NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.store.values import Stored


@dataclass(frozen=True, slots=True)
class Decision:
    """Permit or deny, with the reason code of the consent rules. The code is for the audit trail, not the requester."""

    permit: bool
    reason: str


def decide(actor: Actor, directory: Directory, stored: Stored) -> Decision:
    """The decision on one version, in the order of the consent rules, section 3."""
    if actor.role not in CLINICAL_ROLES:
        return Decision(False, "role-not-allowed")
    if stored.patient is None and stored.type in NON_PATIENT_TYPES:
        return Decision(True, "not-patient-data")
    if stored.type in RECORD_TYPES:
        return Decision(False, "record-restricted")
    author = directory.legal_entity(stored.facts.author_org)
    if author is not None and author == directory.legal_entity(actor.organization):
        return Decision(True, "author-organisation")
    return Decision(False, "not-managed-patient" if actor.role == "family-doctor" else "no-care-relationship")


def decide_version(actor: Actor, directory: Directory, then: Stored, now: Stored) -> Decision:
    """The decision on an earlier version: the stricter of what held then and what holds now."""
    current = decide(actor, directory, now)
    return decide(actor, directory, then) if current.permit else current
