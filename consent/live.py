"""The counting consents reduced to what a resource must still fulfil, and which of their provisions stand (section 5).

Period, actor, action and purpose depend on the request alone: a provision that fails one of them can neither match
nor override, so it is left out once for all resources. What remains is the form a query predicate is made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from consent.compiler import CompiledConsent
from consent.facts import Facts
from consent.request import Request
from consent.rule import AUTHORED_BY, INSTANCE, RELATED, Classes, Labels, Pointer, Rule, Values
from consent.tables import PURPOSE_KINDS
from consent.times import holds

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LiveConsent:
    """One consent for one request. `rules`: a rule, its number, the numbers of those it overrides; innermost first."""

    consent: CompiledConsent
    rules: tuple[tuple[Rule, int, tuple[int, ...]], ...]

    @property
    def given(self) -> int:
        return self.consent.given or 0


def live(consent: CompiledConsent, request: Request, at: int) -> LiveConsent:
    """The provisions of a counting consent that this request can meet at all."""
    rules = consent.rules or ()
    reachable = [
        (rule, number, _outer(rules, rule))
        for number, rule in enumerate(rules)
        if rule.permit is not None and _meets_request(rule, request, at)
    ]
    return LiveConsent(consent, tuple(reversed(reachable)))


def standing(consent: LiveConsent, facts: Facts) -> list[Rule]:
    """The matching provisions of which no nested one matches."""
    found: list[Rule] = []
    overridden: set[int] = set()
    for rule, number, outer in consent.rules:
        # An overridden rule need not be looked at: all that it would override is overridden by what overrides it.
        if number not in overridden and meets_resource(rule, facts):
            found.append(rule)
            overridden.update(outer)
    return found


def _outer(rules: Sequence[Rule], rule: Rule) -> tuple[int, ...]:
    found: list[int] = []
    parent = rule.parent
    while parent >= 0:
        found.append(parent)
        parent = rules[parent].parent
    return tuple(found)


def _meets_request(rule: Rule, request: Request, at: int) -> bool:
    """Do period, actor, action and purpose hold? What cannot be evaluated holds in a deny only."""
    if rule.period is not None and not holds(rule.period, at):
        return False
    if rule.actor is not None and not _any(rule, rule.actor, request.requester.identities):
        return False
    if rule.action is not None and not _any(rule, rule.action, {request.action}):
        return False
    return rule.purpose is None or _purpose(rule, rule.purpose, request.purposes)


def _purpose(rule: Rule, listed: Values[str], asked: frozenset[str]) -> bool:
    """A permit must list every purpose asked or what it is a kind of, a deny at least one."""
    fits = (not PURPOSE_KINDS[purpose].isdisjoint(listed.known) for purpose in asked)
    return all(fits) if rule.permit else any(fits) or listed.unusable


def _any(rule: Rule, values: Values[T], of: frozenset[T] | set[T | None]) -> bool:
    return not values.known.isdisjoint(of) or (values.unusable and not rule.permit)


def meets_resource(rule: Rule, facts: Facts) -> bool:
    """Do label, class, code, data period and data hold? What cannot be evaluated holds in a deny only."""
    if rule.label is not None and not _label(rule, rule.label, facts):
        return False
    if rule.class_ is not None and not _class(rule, rule.class_, facts):
        return False
    if rule.code is not None and not _any(rule, rule.code, facts.codes):
        return False
    if rule.data_period is not None and not _data_period(rule, facts):
        return False
    return rule.data is None or _data(rule, rule.data, facts)


def _label(rule: Rule, listed: Labels, facts: Facts) -> bool:
    """In a permit a confidentiality code reaches down from itself, in a deny up."""
    effective = facts.confidentiality
    ranked = any(effective <= rank if rule.permit else effective >= rank for rank in listed.ranks)
    return ranked or not listed.codes.isdisjoint(facts.reach) or (listed.unusable and not rule.permit)


def _class(rule: Rule, listed: Classes, facts: Facts) -> bool:
    fits = facts.type in listed.types or not listed.profiles.isdisjoint(facts.profiles)
    return fits or (listed.unusable and not rule.permit)


def _data_period(rule: Rule, facts: Facts) -> bool:
    """A permit needs the whole clinical time inside, a deny an overlap; without a clinical time only a deny holds."""
    if facts.clinical_time is None or rule.data_period is None:
        return not rule.permit
    (first, last), (low, high) = facts.clinical_time, rule.data_period
    return low <= first and last <= high if rule.permit else low <= last and first <= high


def _data(rule: Rule, listed: Values[Pointer], facts: Facts) -> bool:
    return any(_points(pointer, facts) for pointer in listed.known) or (listed.unusable and not rule.permit)


def _points(pointer: Pointer, facts: Facts) -> bool:
    meaning, reference = pointer
    if meaning == AUTHORED_BY:
        return reference in facts.authors or reference == facts.author_organisation
    if reference == facts.reference:
        return True
    if meaning == INSTANCE:
        return False
    return reference in facts.points_to or (meaning == RELATED and reference in facts.pointed_to_by)
