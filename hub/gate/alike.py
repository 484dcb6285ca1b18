"""What provisions look at in a resource, and which resources they cannot tell apart: those share one decision. Pure.

Which codes and profiles a body holds is told by a digest kept beside it, so that one body of each kind is looked into
(docs/decisions/0062-one-of-a-kind.md). Where none was kept, a body is looked into only if something a provision names
may stand in it: bodies are compact JSON (hub.fhir.json.dumps), so a look at the bytes tells that it does not.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct, field

from consent.decision import Decision
from consent.inquiry import Inquiry
from consent.rule import AUTHORED_BY, DEPENDENTS, INSTANCE, RELATED
from consent.times import Period
from hub.fhir.json import dumps
from hub.gate.moments import clinical_time, first_at, first_beyond
from hub.store.values import Facts, Stored

_PROFILES: Final = b'"profile":'
#: The digest of bodies in which nothing stands that is looked for.
_NOTHING: Final = b""


class Looks(Struct, frozen=True, kw_only=True):
    """What the provisions that a request can meet look at, beyond type, author organisation and labels.

    `authors`: who the authors are. `codes` finds those they name as they stand in a body, `named` are the resources
    (`Type/id`). `profiles`: they name some; `references`: they ask what a resource refers to, or what refers to it.
    `periods`: they have data periods; `turns` are the instants at which one begins or is over, in order.
    """

    authors: bool = True
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


class Known(Struct):
    """The decision on each kind of version, and the digests of bodies in which nothing stands that is looked for."""

    decisions: dict[Hashable, Decision] = field(default_factory=dict)
    clear: set[bytes] = field(default_factory=set)


#: What is looked at where no provision is there.
NO_LOOKS: Final = Looks(authors=False)


def looks_of(inquiry: Inquiry) -> Looks:
    """What the provisions that this request can meet look at."""
    rules = [rule for consent in inquiry.consents or () for rule, _, _ in consent.rules]
    pointers = {pointer for rule in rules if rule.data is not None for pointer in rule.data.known}
    periods = [rule.data_period for rule in rules if rule.data_period is not None]
    found = Looks(
        authors=any(meaning == AUTHORED_BY for meaning, _ in pointers),
        codes=_in_bodies(code for rule in rules if rule.code is not None for _, code in rule.code.known),
        profiles=any(rule.class_ is not None and bool(rule.class_.profiles) for rule in rules),
        named=frozenset(reference for meaning, reference in pointers if meaning == INSTANCE),
        references=not {meaning for meaning, _ in pointers}.isdisjoint({RELATED, DEPENDENTS}),
        periods=bool(periods),
        turns=turns_of(periods),
    )
    return NO_LOOKS if found == NO_LOOKS else found


def kind_of(stored: Stored, looks: Looks, clear: set[bytes] | None = None) -> Hashable | None:
    """Versions of one kind are decided alike; None for one that has to be decided by itself.

    `clear`: as in `Known`, and added to. Those bodies are all alike.
    """
    facts = stored.facts
    if looks is NO_LOOKS:
        return stored.patient, stored.type, facts.author_org, facts.labels
    if looks.references or (looks.named and f"{stored.type}/{stored.id}" in looks.named):
        return None
    holds: bytes | None = _NOTHING
    if looks.codes is not None or looks.profiles:
        holds = _holds(stored, looks, set() if clear is None else clear)
        if holds is None:
            return None
    authors = facts.authors if looks.authors else ()
    times = _times(facts, looks) if looks.periods else None
    return stored.patient, stored.type, facts.author_org, authors, facts.labels, holds, times


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


def _holds(stored: Stored, looks: Looks, clear: set[bytes]) -> bytes | None:
    """What of that which is looked for a body holds, by its digest; None where no digest tells.

    Without its body, what is decided of a version is nothing to those that share its digest.
    """
    coded = stored.coded if stored.body else None
    if coded in clear:
        return _NOTHING
    if looks.inside(stored.body):
        return coded
    if coded is not None:
        clear.add(coded)
    return _NOTHING


def _times(facts: Facts, looks: Looks) -> Hashable:
    """Between which turns the clinical time lies: times that lie alike meet the same periods."""
    start, end = facts.clinical_start, facts.clinical_end
    turns = looks.turns
    try:
        low = None if start is None else bisect_right(turns, start)
        if low == len(turns) and start is not None and end is not None and start < end:
            return low, low  # after all of them, as most of a record is
        return low, None if end is None else bisect_left(turns, end)
    except TypeError:  # infinity comes without a zone
        return clinical_time(facts)
