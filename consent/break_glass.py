"""Section 8: access in an emergency, declared and answered for, against an ordinary denial."""

from __future__ import annotations

from consent.combine import disclosure_obligations
from consent.decision import Decision, Obligation, Reason, deny, permit
from consent.facts import Facts
from consent.inquiry import Inquiry
from consent.live import standing
from consent.tables import CLINICAL_ROLES, EMERGENCY_PURPOSES
from consent.times import HOUR

_DUTIES = frozenset({Obligation.AUDIT_BREAK_GLASS, Obligation.NOTIFY_PATIENT, Obligation.POST_REVIEW})


def applies(inquiry: Inquiry) -> bool:
    """May this request override an ordinary denial at all?"""
    request = inquiry.request
    return inquiry.role in CLINICAL_ROLES and request.break_glass.declared and request.purposes <= EMERGENCY_PURPOSES


def break_glass(inquiry: Inquiry, facts: Facts) -> Decision:
    """The decision in place of an ordinary denial, where `applies`."""
    declaration = inquiry.request.break_glass
    if not declaration.justified:
        return deny(Reason.BREAK_GLASS_NOT_JUSTIFIED)
    limit = inquiry.configuration.break_glass_hours * HOUR
    if declaration.at is None or not 0 <= inquiry.time - declaration.at <= limit:
        return deny(Reason.BREAK_GLASS_EXPIRED)
    if _denied_explicitly(inquiry, facts):
        return deny(Reason.EMERGENCY_EXPLICITLY_DENIED)
    return permit(Reason.BREAK_GLASS, _DUTIES | disclosure_obligations(facts))


def _denied_explicitly(inquiry: Inquiry, facts: Facts) -> bool:
    """Does a standing deny list an emergency purpose itself? Not asked where consents cannot be processed."""
    return any(
        not rule.permit and rule.purpose is not None and not rule.purpose.known.isdisjoint(EMERGENCY_PURPOSES)
        for consent in inquiry.consents or ()
        for rule in standing(consent, facts)
    )
