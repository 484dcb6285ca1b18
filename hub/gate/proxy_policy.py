"""What a proxy may see, as a condition (consent rules, section 7). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from consent.inquiry import Inquiry
from consent.person import CONSENT, DELEGATE, PARENT, ProxyEntry
from consent.proxies import segmented, valid_entries
from consent.tables import RECORD_TYPES
from hub.gate.labels import carries
from hub.gate.ordinary import covered
from hub.gate.provisions import Pointed, statements
from hub.store.conditions import Condition, TypeIn
from hub.store.logic import NEVER, every, no, some


def proxy_access(inquiry: Inquiry, pointed: Pointed) -> Condition:
    """What a row must be like; only provisions that name an actor count."""
    entries = valid_entries(inquiry)
    if not entries or inquiry.consents is None:
        return NEVER
    delegated = all(entry.kind == DELEGATE for entry in entries)
    said = [one for consent in inquiry.consents for one in statements(consent, pointed) if one.rule.actor is not None]
    permits = [one for one in said if one.rule.permit]
    parts = _withheld(inquiry, entries, delegated=delegated)
    parts.append(no(some(one.stands for one in said if not one.rule.permit)))
    if delegated:
        parts.append(some(one.stands for one in permits))
    if segmented(inquiry, entries, delegated=delegated):
        parts.append(covered(permits))
    return every(parts)


def _withheld(inquiry: Inquiry, entries: Sequence[ProxyEntry], *, delegated: bool) -> list[Condition]:
    """What no consent opens to a proxy."""
    parts = [no(carries(inquiry.configuration.withheld_from_patient))]
    if any(entry.kind == PARENT for entry in entries):
        parts.append(no(carries(inquiry.configuration.withheld_from_parent)))
    if delegated and not any(CONSENT in entry.scope for entry in entries):
        parts.append(no(TypeIn(RECORD_TYPES)))
    return parts
