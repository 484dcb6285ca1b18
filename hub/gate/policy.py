"""From an inquiry to a condition: which rows about the person the consent rules permit, whatever the row. Pure.

The condition goes into the SQL; `consent.decide` answers the same question for one row at a time. They are written
apart on purpose, and a test holds them together.
"""

from __future__ import annotations

from consent import break_glass
from consent.decision import Reason
from consent.inquiry import Inquiry
from consent.tables import (
    BREAK_THE_GLASS,
    CLINICAL_ROLES,
    CLINICIAN,
    EMERGENCY_PURPOSES,
    RECORD_TYPES,
    ROLES,
)
from consent.times import HOUR
from hub.gate.labels import carries
from hub.gate.ordinary import ordinary
from hub.gate.provisions import Pointed, statements
from hub.gate.proxy_policy import proxy_access
from hub.gate.secondary_policy import secondary_use
from hub.store.conditions import AuthorOrg, Condition, TypeIn
from hub.store.logic import NEVER, every, no, some


def permitted(inquiry: Inquiry, own: frozenset[str], pointed: Pointed) -> Condition:
    """What a row about the inquiry's person must be like to be released.

    `own` are the facilities of the requester's legal entity (codes); `pointed` what the `related` pointers of the
    person's consents refer to.
    """
    if not askable(inquiry):
        return NEVER
    match inquiry.role:
        case "patient":
            return _self_access(inquiry)
        case "proxy":
            return proxy_access(inquiry, pointed)
    if inquiry.role not in CLINICAL_ROLES:
        return secondary_use(inquiry, pointed)
    by_author = AuthorOrg(own) if own and (inquiry.role == CLINICIAN or inquiry.related) else NEVER
    return every([no(TypeIn(RECORD_TYPES)), some([by_author, _consented(inquiry, pointed)])])


def refused_break_glass(inquiry: Inquiry, pointed: Pointed) -> Reason | None:
    """Why a declared break-glass opens nothing, or not everything; None if it stands or none was declared."""
    if not break_glass.applies(inquiry):
        return None
    fault = _declaration_fault(inquiry)
    if fault is not None:
        return fault
    return None if _explicitly_denied(inquiry, pointed) == NEVER else Reason.EMERGENCY_EXPLICITLY_DENIED


def askable(inquiry: Inquiry) -> bool:
    """Whether the request may be made at all (section 3, steps 1, 2, 5 and 6)."""
    request, role = inquiry.request, ROLES.get(inquiry.role or "")
    if role is None or request.time is None or not request.purposes or not request.purposes <= role.purposes:
        return False
    declared = request.break_glass.declared or BREAK_THE_GLASS not in request.purposes
    return declared and request.form in role.forms


def _self_access(inquiry: Inquiry) -> Condition:
    """Step 8."""
    age = inquiry.person.age_at(inquiry.time)
    own = inquiry.request.requester.reference in inquiry.person.references
    if not own or age is None or age < inquiry.configuration.age_of_capacity:
        return NEVER
    return no(carries(inquiry.configuration.withheld_from_patient))


def _consented(inquiry: Inquiry, pointed: Pointed) -> Condition:
    """Step 13: the ordinary evaluation, or an emergency."""
    found = ordinary(inquiry, pointed)
    if not break_glass.applies(inquiry) or _declaration_fault(inquiry) is not None:
        return found
    return some([found, no(_explicitly_denied(inquiry, pointed))])


def _declaration_fault(inquiry: Inquiry) -> Reason | None:
    """Section 8, steps 1 and 2."""
    declaration = inquiry.request.break_glass
    if not declaration.justified:
        return Reason.BREAK_GLASS_NOT_JUSTIFIED
    limit = inquiry.configuration.break_glass_hours * HOUR
    timely = declaration.at is not None and declaration.at <= inquiry.time <= declaration.at + limit
    return None if timely else Reason.BREAK_GLASS_EXPIRED


def _explicitly_denied(inquiry: Inquiry, pointed: Pointed) -> Condition:
    """Section 8, step 3. What cannot be processed is not asked."""
    return some(
        one.stands
        for consent in inquiry.consents or ()
        for one in statements(consent, pointed)
        if not one.rule.permit and one.rule.purpose and one.rule.purpose.known & EMERGENCY_PURPOSES
    )
