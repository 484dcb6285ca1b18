"""What is decided apart from the ordinary evaluation: proxies and break-glass (sections 7 and 8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hub.kernel.types import Json
from tests.consent import cases
from tests.consent.literal.case import CARERS, Case
from tests.consent.literal.counting import counting, scope
from tests.consent.literal.moments import UnreadableError, covers, reference, span
from tests.consent.literal.ordinary import Answer, no_redisclosure
from tests.consent.literal.saying import Said, covered, said

_OPENED_BY_GLASS: Final = (
    *("deny consent-deny", "deny no-consent", "deny not-managed-patient", "deny no-care-relationship"),
    *("deny restricted-not-permitted", "deny second-approval-required", "deny consent-unprocessable"),
)


def proxy(case: Case) -> Answer:
    """7, with 9a: only valid entries with `read` count."""
    entries = [one for one in case.proxies if _valid(case, one) and "read" in scope(one)]
    types = {one["type"] for one in entries}
    only_delegates = types == {"delegate"}
    consenting = any("consent" in scope(one) for one in entries)
    steps = {
        "deny proxy-not-valid": not entries,
        "deny withheld-from-patient": case.carries("NOPAT"),
        "deny withheld-from-proxy": "parent" in types and "SDV" in case.sensitivities,
        "deny record-restricted": only_delegates
        and not consenting
        and case.resource["resourceType"] in ("Consent", "AuditEvent"),
    }
    refused = next((word for word, applies in steps.items() if applies), None) or _consented(case, types)
    if refused:
        return refused, frozenset()
    return "permit proxy-access", no_redisclosure(case) if only_delegates else frozenset()


def _consented(case: Case, types: set[str]) -> str:
    """7, second half: what the consents refuse a proxy; nothing if they do not."""
    try:
        statements = [one for _, consent in counting(case) for one in said(case, consent) if one.names_actor]
    except UnreadableError:
        return "deny consent-unprocessable"
    permits = [one for one in statements if one.type == "permit"]
    if len(permits) < len(statements):
        return "deny consent-deny"
    if types == {"delegate"} and not permits:
        return "deny no-consent"
    years = case.age(case.time)
    segmented = types == {"delegate"} or ("legal-guardian" not in types and (years is None or years >= 14))
    return "deny restricted-not-permitted" if case.restricted and segmented and not covered(case, permits) else ""


def _valid(case: Case, entry: Json) -> bool:
    """7; 9a: of unknown age, a parent entry is not valid."""
    years = case.age(case.time)
    return (
        case.asker is not None
        and reference(entry.get("reference")) == case.asker
        and entry.get("status", "active") == "active"
        and covers(entry, case.time, if_missing=True)
        and (entry["type"] != "parent" or (years is not None and years < 18))
    )


def is_emergency(case: Case, found: Answer) -> bool:
    """8, first sentence, where the ordinary evaluation found `found`."""
    declared = case.request.get("breakGlass", {}).get("declared") is True
    return case.role in CARERS and declared and set(case.purposes) <= {"ETREAT", "BTG"} and found[0] in _OPENED_BY_GLASS


def break_glass(case: Case) -> Answer:
    """8, steps 1 to 4."""
    declaration = case.request["breakGlass"]
    if not declaration.get("justification", "").strip():
        return "deny break-glass-not-justified", frozenset()
    if not _in_time(case, declaration):
        return "deny break-glass-expired", frozenset()
    if _denied_in_emergencies(case):
        return "deny emergency-explicitly-denied", frozenset()
    opened = {"audit-break-glass", "notify-patient", "post-review"}
    return "permit break-glass", no_redisclosure(case) | opened


def _in_time(case: Case, declaration: Json) -> bool:
    try:
        declared = span(declaration.get("declaredAt"))[0]
    except UnreadableError:
        return False
    return timedelta() <= case.time - declared <= timedelta(hours=4)


def _denied_in_emergencies(case: Case) -> bool:
    """8, step 3: skipped when the consents cannot be processed."""
    try:
        denials = [one for _, consent in counting(case) for one in said(case, consent) if one.type == "deny"]
    except UnreadableError:
        return False
    return any(_lists_emergency(one) for one in denials)


def _lists_emergency(denial: Said) -> bool:
    listed = denial.criteria.get("purpose", [])
    return any(one.get("system") == cases.ACT_REASON and one.get("code") in ("ETREAT", "BTG") for one in listed)
