"""Persons from pairs. A link joins two groups only if every member can be one person with every other.

Strong links first, whatever the order of the records. A group never grows past a contradiction, nor do two persons of
several records become one because a single record fits both: such links come back as refused, with the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from itertools import combinations

import msgspec
from msgspec import Struct, field

from hub.mpi.decide import Reason


class Relation(msgspec.Struct, frozen=True):
    """What is known of two records.

    `evidence`: bits of all comparisons, without the prior. `contradicts`: they cannot be one person. `linked`: the pair
    alone would be linked.
    """

    evidence: float
    contradicts: bool
    linked: bool


class Link(Struct, frozen=True, order=True):
    """A pair to be linked, places in the list of records, lower first."""

    weight: float
    first: int
    second: int


class Refused(Struct, frozen=True):
    """A link that was not followed, and why."""

    link: Link
    reason: Reason


class Clustered(Struct, frozen=True):
    """Groups of two records and more (sorted places, sorted), the links that made them, and the links refused."""

    groups: list[list[int]]
    followed: list[Link]
    refused: list[Refused]


#: Tells the relation of two records; asked for every pair of members of two groups that a link would join.
Relate = Callable[[int, int], Relation]


class _Groups(Struct):
    members: dict[int, list[int]] = field(default_factory=dict)
    group: dict[int, int] = field(default_factory=dict)

    def of(self, place: int) -> list[int]:
        return self.members.get(self.group.get(place, place), [place])

    def join(self, first: list[int], second: list[int]) -> None:
        both = sorted(first + second)
        for old in {self.group.get(place, place) for place in both}:
            self.members.pop(old, None)
        self.members[both[0]] = both
        self.group.update(dict.fromkeys(both, both[0]))


def cluster(
    links: Sequence[Link], relate: Relate, margin: float, standing: Iterable[Collection[int]] = ()
) -> Clustered:
    """Gather records into groups, beginning with those that stand.

    A record that fits two persons almost equally well (within `margin` bits) joins neither.
    """
    relate = cache(relate)  # the same two records stand beside many others
    groups = _Groups()
    for group in standing:
        groups.join(sorted(group), [])
    torn = _torn(links, relate, margin, groups)
    followed: list[Link] = []
    refused: list[Refused] = []
    for link in sorted(links, key=lambda link: (-link.weight, link.first, link.second)):
        if link.first in torn or link.second in torn:
            refused.append(Refused(link, Reason.TWO_PERSONS))
            continue
        one, other = groups.of(link.first), groups.of(link.second)
        if link.second in one:
            continue
        reason = _objection(one, other, relate)
        if reason:
            refused.append(Refused(link, reason))
        else:
            groups.join(one, other)
            followed.append(link)
    return Clustered(sorted(groups.members.values()), followed, _still_apart(refused, groups))


def _torn(links: Sequence[Link], relate: Relate, margin: float, groups: _Groups) -> set[int]:
    """Records whose best partners, within the margin, contradict each other; partners of one person do not."""
    partners: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
    for link in links:
        partners[link.first].append((link.weight, link.second))
        partners[link.second].append((link.weight, link.first))
    return {place for place, found in partners.items() if _rivals(found, relate, margin, groups)}


def _rivals(found: list[tuple[float, int]], relate: Relate, margin: float, groups: _Groups) -> bool:
    least = max(weight for weight, _ in found) - margin
    persons: defaultdict[int, list[int]] = defaultdict(list)
    for weight, place in sorted(found, key=lambda partner: partner[1]):
        if weight >= least:
            persons[groups.of(place)[0]].append(place)
    return any(
        relate(min(a, b), max(a, b)).contradicts
        for one, other in combinations(persons.values(), 2)
        for a in one
        for b in other
    )


def _still_apart(refused: list[Refused], groups: _Groups) -> list[Refused]:
    return [one for one in refused if one.link.second not in groups.of(one.link.first)]


def _objection(one: list[int], other: list[int], relate: Relate) -> Reason | None:
    relations = {(a, b): relate(min(a, b), max(a, b)) for a in one for b in other}
    if any(relation.contradicts for relation in relations.values()):
        return Reason.CONTRADICTION
    if sum(relation.evidence for relation in relations.values()) < 0:
        return Reason.CONTRADICTION
    if len(one) > 1 and len(other) > 1:
        linked = [pair for pair, relation in relations.items() if relation.linked]
        if len({a for a, _ in linked}) < 2 or len({b for _, b in linked}) < 2:
            return Reason.BRIDGE
    return None
