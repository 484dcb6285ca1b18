"""What the matcher decides when sources are new or say something new.

Automatic links are judged again when the demographics of one end change; a person whose members no longer hold together
falls apart, and what then fits better is linked. Links and separations by a message or a steward are never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from math import inf
from typing import Final

from hub.mpi.clusters import Clustered, Link
from hub.mpi.decide import Reason
from hub.mpi.decision import Actor, Bond, Decision, Edge, Kind
from hub.mpi.judge import Doubt, Judge
from hub.mpi.people import People, edge_of
from hub.mpi.score import evidence

Pairs = Iterable[tuple[int, int]]


class Matcher:
    """Makes decisions in `people`; what it leaves to a steward stands in `doubts`, and in `contradicted` the links that
    were not followed because another member of one person speaks against them.
    """

    def __init__(self, people: People, judge: Judge) -> None:
        self._people: Final = people
        self._judge: Final = judge
        self.doubts: Final[list[Doubt]] = []
        self.contradicted: Final[list[Link]] = []

    def join(self, pairs: Pairs) -> None:
        """Link what can be linked among `pairs`, in which one side at least is new."""
        found = self._gather(pairs)
        for link in found.followed:
            self._link(link)

    def win_over(self, contradicted: Iterable[Link]) -> None:
        """Judge again who is held elsewhere by less than such a link: had it come first, it would stand.

        So a source that fitted a stranger while nobody better was known comes to its own person, in whatever order
        sources arrive.
        """
        for link in sorted(contradicted, key=lambda link: -link.weight):
            for number, other in ((link.first, link.second), (link.second, link.first)):
                if other not in self._people.group(number) and self._hold(number) < link.weight:
                    self.judge_again(number, [(number, other)])

    def _hold(self, number: int) -> float:
        """What the strongest automatic link of a source weighs; nothing wins over one that has none."""
        edges = (edge for edge in self._people.standing(number, Bond.LINK) if edge.actor is Actor.MATCHER)
        return max((self._judge.pair(number, edge.other(number))[0].weight for edge in edges), default=inf)

    def _gather(self, pairs: Pairs) -> Clustered:
        found, doubts = self._judge.gather(pairs)
        self.doubts.extend(doubts)
        self.contradicted.extend(one.link for one in found.refused if one.reason is Reason.CONTRADICTION)
        return found

    def judge_again(self, number: int, pairs: Pairs) -> None:
        """The demographics of a source changed; `pairs` are its candidates. If all ends as it was, all stays."""
        people = self._people
        before = people.group(number)
        edges = [edge for edge in people.standing(number, Bond.LINK) if edge.actor is Actor.MATCHER]
        for edge in edges:
            edge.closed += 1
        found = self._gather((*pairs, *((number, edge.other(number)) for edge in edges)))
        after = _joined(people.group(number), people, found.followed)
        for edge in edges:
            edge.closed -= 1
        if not before <= after:
            self._fall_apart(number, edges)
        for link in found.followed:
            self._link(link)

    def _fall_apart(self, number: int, edges: Sequence[Edge]) -> None:
        if not edges:
            return
        partner = max(
            (edge.other(number) for edge in edges), key=lambda other: self._judge.pair(number, other)[0].weight
        )
        score, _ = self._judge.pair(number, partner)
        decision = self._people.new(
            Kind.JUDGED,
            actor=Actor.MATCHER,
            first=number,
            second=partner,
            score=score.weight,
            evidence=evidence(score),
            closings=list(edges),
        )
        self._people.decide(decision)

    def _link(self, link: Link) -> None:
        one, other = self._people.group(link.first), self._people.group(link.second)
        if link.second not in one:
            self._people.decide(self._decision(link, one, other))

    def _decision(self, link: Link, one: Iterable[int], other: Iterable[int]) -> Decision:
        score, _ = self._judge.pair(link.first, link.second)
        decision = self._people.new(
            Kind.LINK,
            actor=Actor.MATCHER,
            first=link.first,
            second=link.second,
            score=link.weight,
            evidence=evidence(score),
        )
        decision.edges += edges_between(decision, one, other, self._judge)
        return decision


def edges_between(decision: Decision, one: Iterable[int], other: Iterable[int], judge: Judge) -> list[Edge]:
    """Every pair of two groups that would be linked by itself: a person holds together by all of them, so that it
    does not fall apart when one of its sources leaves.
    """
    pairs = sorted(product(one, other))
    return [edge_of(decision, a, b, Bond.LINK) for a, b in pairs if judge.links(a, b)]


def _joined(group: frozenset[int], people: People, followed: Sequence[Link]) -> frozenset[int]:
    """A group as it will be once links are followed."""
    found = set(group)
    while new := {
        member
        for link in followed
        if (link.first in found) != (link.second in found)
        for member in (*people.group(link.first), *people.group(link.second))
    }:
        found |= new
    return frozenset(found)
