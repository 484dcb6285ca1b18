"""What a decision says: its closed list of reasons, and the obligations that come with a permit."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from hub.kernel.types import Json


class Reason(StrEnum):
    """Why it was decided so (sections 3, 6, 7 and 8). For auditors and the patient, never for the requester."""

    INVALID_REQUEST = "invalid-request"
    ROLE_NOT_ALLOWED = "role-not-allowed"
    NOT_PATIENT_DATA = "not-patient-data"
    PATIENT_MISMATCH = "patient-mismatch"
    PURPOSE_NOT_ALLOWED = "purpose-not-allowed"
    BREAK_GLASS_NOT_JUSTIFIED = "break-glass-not-justified"
    FORM_NOT_ALLOWED = "form-not-allowed"
    NOT_DEIDENTIFIABLE = "not-deidentifiable"
    RECORD_RESTRICTED = "record-restricted"
    NOT_SELF = "not-self"
    NO_CAPACITY = "no-capacity"
    WITHHELD_FROM_PATIENT = "withheld-from-patient"
    SELF_ACCESS = "self-access"
    PROXY_NOT_VALID = "proxy-not-valid"
    WITHHELD_FROM_PROXY = "withheld-from-proxy"
    PROXY_ACCESS = "proxy-access"
    ETHICS_APPROVAL_MISSING = "ethics-approval-missing"
    STATUTORY_PUBLIC_HEALTH = "statutory-public-health"
    AUTHOR_ORGANISATION = "author-organisation"
    CONSENT_UNPROCESSABLE = "consent-unprocessable"
    CONSENT_DENY = "consent-deny"
    CONSENT_PERMIT = "consent-permit"
    NOT_MANAGED_PATIENT = "not-managed-patient"
    NO_CARE_RELATIONSHIP = "no-care-relationship"
    NO_CONSENT = "no-consent"
    DEFAULT_PERMIT = "default-permit"
    RESTRICTED_NOT_PERMITTED = "restricted-not-permitted"
    SECOND_APPROVAL_REQUIRED = "second-approval-required"
    BREAK_GLASS_EXPIRED = "break-glass-expired"
    EMERGENCY_EXPLICITLY_DENIED = "emergency-explicitly-denied"
    BREAK_GLASS = "break-glass"
    #: Not of the rules: the token's scopes leave this resource out. The gate says so before it asks them.
    SCOPE_NOT_ALLOWED = "scope-not-allowed"


class Obligation(StrEnum):
    """What whoever releases a resource must do with it or after it."""

    DEIDENTIFY = "deidentify"
    AGGREGATE_ONLY = "aggregate-only"
    SUPPRESS_SMALL_CELLS = "suppress-small-cells"
    NO_REDISCLOSURE = "no-redisclosure"
    AUDIT_BREAK_GLASS = "audit-break-glass"
    NOTIFY_PATIENT = "notify-patient"
    POST_REVIEW = "post-review"


class Decision(Struct, frozen=True):
    """One answer. `obligations` is a set (section 9a), written in alphabetical order; a deny has none."""

    decision: Literal["permit", "deny"]
    reason: Reason
    obligations: tuple[Obligation, ...] = ()

    @property
    def permitted(self) -> bool:
        return self.decision == "permit"

    def as_json(self) -> Json:
        return {
            "decision": self.decision,
            "reason": self.reason.value,
            "obligations": [obligation.value for obligation in self.obligations],
        }


def deny(reason: Reason) -> Decision:
    return _DENIED[reason]


def permit(reason: Reason, obligations: Iterable[Obligation] = ()) -> Decision:
    return Decision("permit", reason, tuple(sorted(obligations)))


_DENIED = {reason: Decision("deny", reason) for reason in Reason}
