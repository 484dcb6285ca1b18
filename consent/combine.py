"""Section 6: what all counting consents say together, and the cover a restricted resource needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from consent.decision import Decision, Obligation, Reason, deny, permit
from consent.facts import Facts
from consent.inquiry import Inquiry
from consent.live import standing
from consent.rule import INSTANCE, Rule
from consent.tables import (
    AGGREGATE,
    DEIDENTIFIED,
    FAMILY_DOCTOR,
    IDENTIFIED,
    RESTRICTED,
    VERY_RESTRICTED,
)


def ordinary(inquiry: Inquiry, facts: Facts) -> Decision:
    """The ordinary evaluation: sections 4 to 6."""
    if inquiry.consents is None:
        return deny(Reason.CONSENT_UNPROCESSABLE)
    permits: list[Rule] = []
    latest: tuple[int, bool] | None = None
    for consent in inquiry.consents:
        rules = standing(consent, facts)
        if not rules:
            continue
        # Only the root is ever general, and where it stands nothing nested in it does.
        if rules[0].general:
            # At the same instant deny wins: False sorts before True, so what is compared is "denies".
            latest = max(latest or (consent.given, False), (consent.given, not rules[0].permit))
        elif all(rule.permit for rule in rules):
            permits += rules
        else:
            return deny(Reason.CONSENT_DENY)
    if not inquiry.related:
        permits = [rule for rule in permits if rule.actor is not None]
        if not permits:
            return deny(_unrelated(inquiry))
    return _weigh(inquiry, facts, permits, None if latest is None else latest[1])


def _unrelated(inquiry: Inquiry) -> Reason:
    return Reason.NOT_MANAGED_PATIENT if inquiry.role == FAMILY_DOCTOR else Reason.NO_CARE_RELATIONSHIP


def _weigh(inquiry: Inquiry, facts: Facts, permits: Sequence[Rule], generally_denied: bool | None) -> Decision:
    """Steps 3 to 8. `generally_denied`: what the latest general statement says, None if there is none."""
    if permits:
        candidate = Reason.CONSENT_PERMIT
    elif generally_denied is not None:
        if generally_denied:
            return deny(Reason.CONSENT_DENY)
        candidate = Reason.CONSENT_PERMIT
    elif inquiry.opt_out:
        candidate = Reason.DEFAULT_PERMIT
    else:
        return deny(Reason.NO_CONSENT)
    if facts.restricted and not covered(facts, permits):
        return deny(Reason.RESTRICTED_NOT_PERMITTED)
    if facts.confidentiality >= VERY_RESTRICTED and lacks_second_approval(inquiry):
        return deny(Reason.SECOND_APPROVAL_REQUIRED)
    return permit(candidate, form_obligations(inquiry.request.form) | disclosure_obligations(facts))


def covered(facts: Facts, permits: Iterable[Rule]) -> bool:
    """Step 6: is a restricted resource named clearly enough by these permits?"""
    naming = [rule for rule in permits if rule.label is not None or rule.data is not None]
    needed = VERY_RESTRICTED if facts.confidentiality >= VERY_RESTRICTED else RESTRICTED
    if any(_names(rule, facts) or _reaches(rule, needed) for rule in naming):
        return True
    if needed == VERY_RESTRICTED or not facts.sensitivities:
        return False
    listed = frozenset().union(*(rule.label.codes for rule in naming if rule.label is not None))
    return all(not kinds.isdisjoint(listed) for kinds in facts.sensitivities)


def _names(rule: Rule, facts: Facts) -> bool:
    return rule.data is not None and (INSTANCE, facts.reference) in rule.data.known


def _reaches(rule: Rule, rank: int) -> bool:
    return rule.label is not None and any(listed >= rank for listed in rule.label.ranks)


def lacks_second_approval(inquiry: Inquiry) -> bool:
    """Step 7: an identified resource of confidentiality V needs another person of the same legal entity."""
    request, requester = inquiry.request, inquiry.request.requester
    if request.form != IDENTIFIED:
        return False
    another = request.co_approver is not None and request.co_approver not in {
        requester.reference,
        requester.practitioner_role,
    }
    return not (another and inquiry.organisations.same_entity(request.co_organisation, requester.organisation))


def form_obligations(form: str | None) -> set[Obligation]:
    if form == DEIDENTIFIED:
        return {Obligation.DEIDENTIFY}
    return {Obligation.AGGREGATE_ONLY, Obligation.SUPPRESS_SMALL_CELLS} if form == AGGREGATE else set()


def disclosure_obligations(facts: Facts) -> set[Obligation]:
    return {Obligation.NO_REDISCLOSURE} if facts.restricted else set()
