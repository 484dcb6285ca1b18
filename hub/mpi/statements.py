"""What facilities and stewards state about source patients, and taking a decision back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise, product
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.mpi.decide import Reason
from hub.mpi.decision import Actor, Bond, Decision, Edge, Kind
from hub.mpi.judge import Doubt, Judge
from hub.mpi.matching import edges_between
from hub.mpi.people import People, edge_of, touched


class Statements:
    """Decisions of messages and stewards in `people`; what they leave open stands in `doubts`."""

    def __init__(self, people: People, judge: Judge) -> None:
        self._people: Final = people
        self._judge: Final = judge
        self.doubts: Final[list[Doubt]] = []

    def merge(self, survivor: int, loser: int, *, message: int | None, who: str = "") -> None:
        """A facility says that `loser` is `survivor`. Only what the facility answers for moves: the automatic links of
        the loser are cut, and who was linked to it stays behind unless it fits the merged person with no objection.
        """
        people = self._people
        decision = people.new(Kind.MERGE, actor=Actor.MESSAGE, first=survivor, second=loser, message=message, who=who)
        decision.edges.append(edge_of(decision, survivor, loser, Bond.LINK, loser))
        decision.closings += _edges(people, [survivor], [loser], Bond.APART)
        companions = people.group(loser)
        if survivor not in companions:
            decision.closings += [e for e in people.standing(loser, Bond.LINK) if e.actor is Actor.MATCHER]
        people.decide(decision)
        if survivor not in companions:
            self._follow(decision, companions - people.group(loser), survivor, loser)

    def _follow(self, decision: Decision, left: frozenset[int], survivor: int, loser: int) -> None:
        """Let who was linked to the loser join the merged person, as part of the decision that parted them."""
        pairs = product(left, self._people.group(survivor))
        found, _ = self._judge.gather(pairs)
        more: list[Edge] = []
        for link in found.followed:
            one, other = self._people.group(link.first), self._people.group(link.second)
            edges = edges_between(decision, one, other, self._judge)
            for edge in edges:
                edge.actor = Actor.MATCHER
                more.append(self._people.put(edge))
        decision.edges += more
        self._people.settle(decision, touched(decision))
        for number in sorted(left - self._people.group(survivor)):
            self.doubts.append(self._judge.doubt(number, loser, Reason.CONTRADICTION))

    def link(self, one: int, other: int, *, who: str, note: str = "") -> Decision:
        """A steward says that two are one person; all of both persons come with them."""
        people = self._people
        decision = self._by_steward(Kind.LINK, one, other, who, note)
        decision.edges.append(edge_of(decision, one, other, Bond.LINK))
        decision.closings += _edges(people, people.group(one), people.group(other), Bond.APART)
        return people.decide(decision)

    def apart(self, one: int, other: int, *, who: str, note: str = "") -> Decision:
        """A steward says that two are two persons, and the matcher shall not link them.

        Raises HubError CONFLICT if they are one person now.
        """
        if other in self._people.group(one):
            raise HubError(
                Category.CONFLICT, "are one person now", where="mpi", todo="unlink one of them", code="one-person"
            )
        decision = self._by_steward(Kind.APART, one, other, who, note)
        decision.edges.append(edge_of(decision, one, other, Bond.APART))
        return self._people.decide(decision)

    def unlink(self, number: int, *, who: str, note: str = "") -> Decision:
        """A steward takes a source out of its person; the matcher shall not put it back.

        Raises HubError CONFLICT if it is a person of its own.
        """
        others = self._people.group(number) - {number}
        if not others:
            raise HubError(Category.CONFLICT, "is a person of its own", where="mpi", code="alone")
        decision = self._by_steward(Kind.UNLINK, number, None, who, note)
        return self._leave(decision, number, others)

    def split(self, numbers: Collection[int], *, who: str, note: str = "") -> Decision:
        """A steward says that some sources of one person are another one, and stay together there.

        Raises HubError CONFLICT if they are not of one person, or are all of it.
        """
        people, leaving = self._people, sorted(numbers)
        group = people.group(leaving[0])
        if not group.issuperset(leaving):
            raise HubError(Category.CONFLICT, "are not of one person", where="mpi", code="two-persons")
        stay = group.difference(leaving)
        if not stay:
            raise HubError(
                Category.CONFLICT, "are the whole person", where="mpi", todo="name those that leave", code="alone"
            )
        decision = self._by_steward(Kind.SPLIT, leaving[0], None, who, note)
        decision.closings += _edges(people, leaving, stay, Bond.LINK)
        decision.closings += [e for a in leaving for e in people.standing(a, Bond.APART) if a < e.other(a) in leaving]
        decision.edges += [edge_of(decision, a, b, Bond.LINK) for a, b in pairwise(leaving)]
        decision.edges += [edge_of(decision, a, b, Bond.APART) for a, b in product(leaving, sorted(stay))]
        return people.decide(decision)

    def move(self, number: int, target: int, *, who: str, note: str = "") -> Decision:
        """A steward says that a source is not the person it was taken for, but the one `target` is.

        Raises HubError CONFLICT if they are one person now, or the source has nobody to leave.
        """
        people = self._people
        old, new = people.group(number) - {number}, people.group(target)
        if number in new:
            raise HubError(Category.CONFLICT, "are one person already", where="mpi", code="one-person")
        if not old:
            raise HubError(Category.CONFLICT, "leaves nobody", where="mpi", todo="link the two", code="alone")
        decision = self._by_steward(Kind.MOVE, number, target, who, note)
        decision.closings += [*people.standing(number, Bond.LINK), *_edges(people, [number], new, Bond.APART)]
        decision.edges.append(edge_of(decision, number, target, Bond.LINK))
        decision.edges += [edge_of(decision, number, other, Bond.APART) for other in sorted(old)]
        return people.decide(decision)

    def unmerge(self, survivor: int, loser: int, *, message: int | None) -> None:
        """A facility says that two of its numbers are two patients (HL7 A37); a merge of this batch is taken back."""
        merge = next((one for one in reversed(self._people.decided) if _merges(one, {survivor, loser})), None)
        if merge:
            self.reverse([merge], actor=Actor.MESSAGE, message=message)
            return
        decision = self._people.new(Kind.UNLINK, actor=Actor.MESSAGE, first=loser, second=survivor, message=message)
        if survivor in self._people.group(loser):
            self._leave(decision, loser, {survivor})
        else:
            decision.edges.append(edge_of(decision, survivor, loser, Bond.APART))
            self._people.decide(decision)

    def reverse(
        self, chain: Sequence[Decision], *, actor: Actor, who: str = "", note: str = "", message: int | None = None
    ) -> Decision:
        """Take back `chain[0]`; `chain` goes on with what it reversed itself, and what that reversed."""
        target = chain[0]
        decision = self._people.new(
            Kind.REVERSAL,
            actor=actor,
            who=who,
            note=note,
            message=message,
            first=target.first,
            second=target.second,
            reverses=target.number,
        )
        return self._people.take_back(chain, decision)

    def _leave(self, decision: Decision, number: int, others: Iterable[int]) -> Decision:
        decision.closings += list(self._people.standing(number, Bond.LINK))
        decision.edges += [edge_of(decision, number, other, Bond.APART) for other in sorted(others)]
        return self._people.decide(decision)

    def _by_steward(self, kind: Kind, one: int, other: int | None, who: str, note: str) -> Decision:
        return self._people.new(kind, actor=Actor.STEWARD, first=one, second=other, who=who, note=note)


def _merges(decision: Decision, pair: set[int]) -> bool:
    return decision.kind is Kind.MERGE and decision.standing and {decision.first, decision.second} == pair


def _edges(people: People, some: Iterable[int], others: Collection[int], bond: Bond) -> list[Edge]:
    """The standing edges of one kind between two sets of sources that share none."""
    return [edge for one in sorted(some) for edge in people.standing(one, bond) if edge.other(one) in others]
