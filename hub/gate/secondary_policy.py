"""What regional centres, researchers and enterprises may use of a person, as a condition. Pure.

Consent rules, section 3.
"""

from __future__ import annotations

from consent.inquiry import Inquiry
from consent.tables import DEIDENTIFIED, NOT_DEIDENTIFIABLE, RECORD_TYPES, RESEARCHER
from hub.gate.ordinary import ordinary
from hub.gate.provisions import Pointed
from hub.store.conditions import Condition, TypeIn
from hub.store.logic import ALWAYS, NEVER, every, no


def secondary_use(inquiry: Inquiry, pointed: Pointed) -> Condition:
    """Steps 6, 7, 10, 11 and 13 of a request that may be made."""
    request = inquiry.request
    barred = RECORD_TYPES | NOT_DEIDENTIFIABLE if request.form == DEIDENTIFIED else RECORD_TYPES
    return every(
        [no(TypeIn(frozenset(barred))), _approved(inquiry), ALWAYS if inquiry.statutory else ordinary(inquiry, pointed)]
    )


def _approved(inquiry: Inquiry) -> Condition:
    """Step 10: a researcher's ethics approval, and the types it is for."""
    if inquiry.role != RESEARCHER:
        return ALWAYS
    if not inquiry.approved:
        return NEVER
    types = inquiry.request.ethics.types
    return TypeIn(frozenset(types)) if types else ALWAYS
