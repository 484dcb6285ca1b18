"""The ordinary evaluation: how what the consents say combines (section 6)."""

from __future__ import annotations

from datetime import datetime

from tests.consent.literal.case import CARERS, Case
from tests.consent.literal.counting import counting
from tests.consent.literal.moments import UnreadableError, reference
from tests.consent.literal.saying import Said, covered, is_general, said

#: Decision and reason, then the obligations.
Answer = tuple[str, frozenset[str]]


def ordinary(case: Case) -> Answer:
    """6."""
    try:
        statements = [(at, said(case, consent)) for at, consent in counting(case)]
    except UnreadableError:
        return "deny consent-unprocessable", frozenset()
    word, counting_permits = _combined(case, [(at, standing) for at, standing in statements if standing])
    if word.startswith("permit") and case.restricted and not covered(case, counting_permits):
        word = "deny restricted-not-permitted"
    elif word.startswith("permit") and case.very_restricted and case.form == "identified" and not _second(case):
        word = "deny second-approval-required"
    return word, _obligations(case) if word.startswith("permit") else frozenset()


def _combined(case: Case, statements: list[tuple[datetime, list[Said]]]) -> tuple[str, list[Said]]:
    """6, steps 1 to 5, with the counting permits."""
    general = [(at, _word(standing)) for at, standing in statements if is_general(standing)]
    specific = [standing for _, standing in statements if not is_general(standing)]
    permits = [
        one
        for standing in specific
        if _word(standing) == "permit"
        for one in standing
        if case.related or one.names_actor
    ]
    if any(_word(standing) == "deny" for standing in specific):
        return "deny consent-deny", permits
    if not case.related and not permits:
        return f"deny {'not-managed-patient' if case.role == 'family-doctor' else 'no-care-relationship'}", permits
    if permits:
        return "permit consent-permit", permits
    if general:
        latest = max(at for at, _ in general)
        denied = "deny" in [word for at, word in general if at == latest]
        return "deny consent-deny" if denied else "permit consent-permit", permits
    default = case.policy.get("clinical" if case.role in CARERS else "secondary")
    return "permit default-permit" if default == "opt-out" else "deny no-consent", permits


def _word(standing: list[Said]) -> str:
    return "deny" if any(one.type == "deny" for one in standing) else "permit"


def _second(case: Case) -> bool:
    """6, step 7; 9a: another person is neither the requester's reference nor its practitionerRole."""
    second = case.request.get("coApproval", {})
    who = reference(second.get("reference"))
    same = case.same_entity(second.get("organization"), case.requester.get("organization"))
    return who not in (None, case.asker, reference(case.requester.get("practitionerRole"))) and same


def form_obligations(case: Case) -> frozenset[str]:
    by_form = {"deidentified": ["deidentify"], "aggregate": ["aggregate-only", "suppress-small-cells"]}
    return frozenset(by_form.get(case.form, []))


def _obligations(case: Case) -> frozenset[str]:
    return form_obligations(case) | no_redisclosure(case)


def no_redisclosure(case: Case) -> frozenset[str]:
    return frozenset(["no-redisclosure"] if case.restricted else [])
