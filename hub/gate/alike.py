"""What provisions look at in a resource, and which resources they cannot tell apart: those share one decision. Pure.

A body is looked into only if something a provision names may stand in it. Bodies are compact JSON
(hub.fhir.json.dumps), so a look at the bytes tells that it does not.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consent.inquiry import Inquiry
from consent.rule import DEPENDENTS, INSTANCE, RELATED
from consent.times import Period
from hub.fhir.json import dumps
from hub.gate.moments import clinical_time, first_at, first_beyond
from hub.store.values import Facts, Stored

_PROFILES: Final = b'"profile":'


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What the provisions that a request can meet look at, beyond type, author organisation, authors and labels.

    `codes` finds those they name as they stand in a body, `named` are the resources (`Type/id`). `profiles`: they name
    some; `references`: they ask what a resource refers to, or what refers to it. `periods`: they have data periods;
    `turns` are the instants at which one begins or is over, in order.
    """

    codes: re.Pattern[bytes] | None = None
    profiles: bool = False
    named: frozenset[str] = frozenset()
    references: bool = False
    periods: bool = False
    turns: tuple[datetime, ...] = ()

    @property
    def at_bodies(self) -> bool:
        """Whether a body may have to be looked into."""
        return self.references or self.profiles or self.codes is not None

    def inside(self, body: bytes) -> bool:
        """Whether anything may stand in a body that they look for; in that of a deletion there is nothing."""
        if not body:
            return False
        if self.references or (self.profiles and _PROFILES in body):
            return True
        return self.codes is not None and self.codes.search(body) is not None


#: What is looked at where no provision is there.
NO_LOOKS: Final = Looks()


def looks_of(inquiry: Inquiry) -> Looks:
    """What the provisions that this request can meet look at."""
    rules = [rule for consent in inquiry.consents or () for rule, _, _ in consent.rules]
    pointers = {pointer for rule in rules if rule.data is not None for pointer in rule.data.known}
    periods = [rule.data_period for rule in rules if rule.data_period is not None]
    return Looks(
        codes=_in_bodies(code for rule in rules if rule.code is not None for _, code in rule.code.known),
        profiles=any(rule.class_ is not None and bool(rule.class_.profiles) for rule in rules),
        named=frozenset(reference for meaning, reference in pointers if meaning == INSTANCE),
        references=not {meaning for meaning, _ in pointers}.isdisjoint({RELATED, DEPENDENTS}),
        periods=bool(periods),
        turns=turns_of(periods),
    )


def kind_of(stored: Stored, looks: Looks) -> Hashable | None:
    """Versions of one kind are decided alike; None for one that has to be decided by itself."""
    if looks.references or (looks.named and f"{stored.type}/{stored.id}" in looks.named):
        return None
    if (looks.codes is not None or looks.profiles) and looks.inside(stored.body):
        return None
    facts = stored.facts
    times = _times(facts, looks) if looks.periods else None
    return stored.patient, stored.type, facts.author_org, facts.authors, facts.labels, times


def turns_of(periods: Iterable[Period]) -> tuple[datetime, ...]:
    """The instants, microseconds of the store, at which one of these begins to hold or holds no more."""
    turns = {turn for low, high in periods for turn in (first_at(low), first_beyond(high)) if turn is not None}
    return tuple(sorted(turns))


def _in_bodies(codes: Iterable[str]) -> re.Pattern[bytes] | None:
    """What finds one of these in a body. By their first letter: a code of another one is then told by that alone."""
    first: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for code in map(dumps, sorted(set(codes))):
        first[code[:2]].append(re.escape(code[2:]))
    found = b"|".join(re.escape(start) + b"(?:" + b"|".join(rest) + b")" for start, rest in first.items())
    # Without its first quotation mark: every text has one, and each would halt the look.
    return re.compile(b'code":(?:' + found + b")") if found else None


def _times(facts: Facts, looks: Looks) -> Hashable:
    """Between which turns the clinical time lies: times that lie alike meet the same periods."""
    start, end = facts.clinical_start, facts.clinical_end
    try:
        low = None if start is None else bisect_right(looks.turns, start)
        return low, None if end is None else bisect_left(looks.turns, end)
    except TypeError:  # infinity comes without a zone
        return clinical_time(facts)
