"""Section 7: parents, legal guardians and delegates."""

from __future__ import annotations

from collections.abc import Sequence

from consent.combine import covered, disclosure_obligations
from consent.decision import Decision, Reason, deny, permit
from consent.facts import Facts
from consent.inquiry import Inquiry
from consent.live import standing
from consent.person import CONSENT, DELEGATE, GUARDIAN, PARENT, READ, ProxyEntry
from consent.tables import RECORD_TYPES


def proxy_access(inquiry: Inquiry, facts: Facts) -> Decision:
    """What a proxy may see. Only valid entries with `read` count, and only provisions that name an actor."""
    entries = valid_entries(inquiry)
    if not entries:
        return deny(Reason.PROXY_NOT_VALID)
    delegated = all(entry.kind == DELEGATE for entry in entries)
    withheld = _withheld(inquiry, facts, entries, delegated=delegated)
    if withheld is not None:
        return deny(withheld)
    if inquiry.consents is None:
        return deny(Reason.CONSENT_UNPROCESSABLE)
    named = [rule for one in inquiry.consents for rule in standing(one, facts) if rule.actor is not None]
    if not all(rule.permit for rule in named):
        return deny(Reason.CONSENT_DENY)
    if delegated and not named:
        return deny(Reason.NO_CONSENT)
    if facts.restricted and segmented(inquiry, entries, delegated=delegated) and not covered(facts, named):
        return deny(Reason.RESTRICTED_NOT_PERMITTED)
    return permit(Reason.PROXY_ACCESS, disclosure_obligations(facts) if delegated else ())


def valid_entries(inquiry: Inquiry) -> Sequence[ProxyEntry]:
    """The entries that make the requester a proxy at the time of the request, and let it read."""
    reference = inquiry.request.requester.reference
    return [
        entry
        for entry in inquiry.person.proxies
        if reference is not None and entry.reference == reference and READ in entry.scope and _valid(entry, inquiry)
    ]


def _valid(entry: ProxyEntry, inquiry: Inquiry) -> bool:
    """An entry of a type that does not exist is never valid."""
    if entry.kind == PARENT and not inquiry.person.younger_than(inquiry.configuration.age_of_majority, inquiry.time):
        return False
    return entry.kind in {PARENT, GUARDIAN, DELEGATE} and entry.covers(inquiry.time)


def _withheld(inquiry: Inquiry, facts: Facts, entries: Sequence[ProxyEntry], *, delegated: bool) -> Reason | None:
    """What no consent opens to a proxy."""
    if not inquiry.configuration.withheld_from_patient.isdisjoint(facts.labels):
        return Reason.WITHHELD_FROM_PATIENT
    parent = any(entry.kind == PARENT for entry in entries)
    if parent and not inquiry.configuration.withheld_from_parent.isdisjoint(facts.labels):
        return Reason.WITHHELD_FROM_PROXY
    if delegated and facts.type in RECORD_TYPES and not any(CONSENT in entry.scope for entry in entries):
        return Reason.RECORD_RESTRICTED
    return None


def segmented(inquiry: Inquiry, entries: Sequence[ProxyEntry], *, delegated: bool) -> bool:
    """Does restricted data need cover? For delegates always, for parents once the patient can consent herself."""
    if delegated:
        return True
    kinds = {entry.kind for entry in entries}
    capable = not inquiry.person.younger_than(inquiry.configuration.age_of_capacity, inquiry.time)
    return GUARDIAN not in kinds and PARENT in kinds and capable
