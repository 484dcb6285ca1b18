"""What provisions look at in a resource, and which resources they cannot tell apart: those share one decision. Pure.

A body is looked into only if something a provision names may stand in it. Bodies are compact JSON
(hub.fhir.json.dumps), so a look at the bytes tells that it does not.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Final

from consent.inquiry import Inquiry
from consent.rule import DEPENDENTS, INSTANCE, RELATED
from hub.fhir.json import dumps
from hub.gate.moments import clinical_time
from hub.store.values import Facts, Stored

_PROFILES: Final = b'"profile":'
#: The code of each coding, up to its first quotation mark if it has one.
_CODES: Final = re.compile(rb'"code":"([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What the provisions that a request can meet look at, beyond type, author organisation, authors and labels.

    `codes` are those they name as they stand in a body, `named` the resources (`Type/id`). `profiles`: they name some;
    `references`: they ask what a resource refers to, or what refers to it. `lows` and `highs` are the ends of their
    data periods, in order.
    """

    codes: frozenset[bytes] = frozenset()
    profiles: bool = False
    named: frozenset[str] = frozenset()
    references: bool = False
    lows: tuple[int, ...] = ()
    highs: tuple[int, ...] = ()

    @property
    def at_bodies(self) -> bool:
        """Whether a body may have to be looked into."""
        return self.references or self.profiles or bool(self.codes)

    def inside(self, body: bytes) -> bool:
        """Whether anything may stand in a body that they look for; in that of a deletion there is nothing."""
        if not body:
            return False
        if self.references or (self.profiles and _PROFILES in body):
            return True
        return bool(self.codes) and not self.codes.isdisjoint(_CODES.findall(body))


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
        lows=tuple(sorted(low for low, _ in periods)),
        highs=tuple(sorted(high for _, high in periods)),
    )


def kind_of(stored: Stored, looks: Looks) -> Hashable | None:
    """Versions of one kind are decided alike; None for one that has to be decided by itself."""
    if looks.references or (looks.named and f"{stored.type}/{stored.id}" in looks.named):
        return None
    if (looks.codes or looks.profiles) and looks.inside(stored.body):
        return None
    facts = stored.facts
    times = _times(facts, looks) if looks.lows else None
    return stored.patient, stored.type, facts.author_org, facts.authors, facts.labels, times


def _in_bodies(codes: Iterable[str]) -> frozenset[bytes]:
    return frozenset(found for code in codes for found in _CODES.findall(b'"code":' + dumps(code)))


def _times(facts: Facts, looks: Looks) -> Hashable:
    """Where the clinical time lies among the ends of all periods: times that lie alike meet the same periods."""
    period = clinical_time(facts)
    if period is None:
        return None
    return tuple((bisect_right(looks.lows, moment), bisect_left(looks.highs, moment)) for moment in period)
