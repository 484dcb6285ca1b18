"""Provisions of consents as conditions on a resource (consent rules, section 5). Pure.

Period, actor, action and purpose are settled when an inquiry is prepared (`consent.live`); what is left of a provision
is what a row must be like. A criterion that cannot be evaluated holds in a deny and not in a permit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from consent.live import LiveConsent
from consent.rule import AUTHORED_BY, INSTANCE, RELATED, Classes, Labels, Pointer, Rule, Values
from consent.times import Period
from hub.gate.labels import at_least, within_reach
from hub.gate.moments import instant_of
from hub.kernel.ids import reference_key
from hub.store.conditions import (
    Author,
    AuthorOrg,
    Condition,
    HasCode,
    HasProfile,
    Is,
    Overlaps,
    RefersTo,
    Timed,
    TypeIn,
    Within,
)
from hub.store.logic import ALWAYS, NEVER, every, no, some

#: What each resource that a `related` pointer names refers to itself: keys by its reference.
Pointed = Mapping[str, frozenset[UUID]]

_ORGANIZATION: Final = "Organization/"


@dataclass(frozen=True, slots=True)
class Statement:
    """A provision of a counting consent, when it was given, and where it stands: it matches, none nested in it does."""

    rule: Rule
    given: int
    stands: Condition


def statements(consent: LiveConsent, pointed: Pointed) -> Iterator[Statement]:
    """The provisions of one consent that this request can meet."""
    matches = {number: matching(rule, pointed) for rule, number, _ in consent.rules}
    for rule, number, _ in consent.rules:
        nested = [no(matches[inner]) for _, inner, outer in consent.rules if number in outer]
        stands = every([matches[number], *nested])
        if stands != NEVER:
            yield Statement(rule, consent.given, stands)


def matching(rule: Rule, pointed: Pointed) -> Condition:
    """What a resource must be like for the provision to match."""
    parts: list[Condition] = []
    if rule.label is not None:
        parts.append(_label(rule, rule.label))
    if rule.class_ is not None:
        parts.append(_class(rule, rule.class_))
    if rule.code is not None:
        parts.append(_else_deny(rule, rule.code.unusable, HasCode(rule.code.known)))
    if rule.data_period is not None:
        parts.append(_data_period(rule, rule.data_period))
    if rule.data is not None:
        parts.append(_data(rule, rule.data, pointed))
    return every(parts)


def named(rule: Rule) -> Condition:
    """The resource is one that the provision names with `instance`."""
    known = () if rule.data is None else rule.data.known
    return _any_key(Is, frozenset(key_of(reference) for meaning, reference in known if meaning == INSTANCE))


def key_of(reference: str) -> UUID | None:
    """The key of `Type/id`; None for what is no resource of this hub."""
    kind, slash, rid = reference.partition("/")
    return reference_key(kind, rid) if slash and rid and "/" not in rid and ":" not in kind else None


def _else_deny(rule: Rule, unusable: bool, fits: Condition) -> Condition:
    return ALWAYS if unusable and not rule.permit else fits


def _label(rule: Rule, listed: Labels) -> Condition:
    """In a permit a confidentiality code reaches down from itself, in a deny up."""
    parts = [within_reach(listed.codes)] if listed.codes else []
    if listed.ranks:
        parts.append(no(at_least(max(listed.ranks) + 1)) if rule.permit else at_least(min(listed.ranks)))
    return _else_deny(rule, listed.unusable, some(parts))


def _class(rule: Rule, listed: Classes) -> Condition:
    parts: list[Condition] = [TypeIn(listed.types)] if listed.types else []
    if listed.profiles:
        parts.append(HasProfile(listed.profiles))
    return _else_deny(rule, listed.unusable, some(parts))


def _data_period(rule: Rule, period: Period) -> Condition:
    low, high = instant_of(period[0], up=True), instant_of(period[1], up=False)
    return Within(low, high) if rule.permit else some([no(Timed()), Overlaps(low, high)])


def _data(rule: Rule, listed: Values[Pointer], pointed: Pointed) -> Condition:
    fits = some(_points(meaning, reference, pointed) for meaning, reference in sorted(listed.known))
    # A pointer to what the hub cannot hold is known to the release check alone: here it cannot be evaluated.
    foreign = any(meaning != AUTHORED_BY and key_of(reference) is None for meaning, reference in listed.known)
    return _else_deny(rule, listed.unusable or foreign, fits)


def _points(meaning: str, reference: str, pointed: Pointed) -> Condition:
    if meaning == AUTHORED_BY:
        code = reference.removeprefix(_ORGANIZATION)
        return Author(frozenset({reference})) if code == reference else AuthorOrg(frozenset({code}))
    key = key_of(reference)
    if key is None:
        return NEVER
    if meaning == INSTANCE:
        return Is(frozenset({key}))
    back = pointed.get(reference, frozenset()) if meaning == RELATED else frozenset()
    return some([Is(back | {key}), RefersTo(frozenset({key}))])


def _any_key(leaf: Callable[[frozenset[UUID]], Condition], keys: frozenset[UUID | None]) -> Condition:
    usable = frozenset(key for key in keys if key is not None)
    return leaf(usable) if usable else NEVER
