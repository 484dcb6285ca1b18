"""Source patients and the persons they are, as far as one transaction knows them. In memory, no I/O.

A person is a set of sources held together by standing links. Its id is the one its senior source bears: the oldest that
was not merged away. So the id follows from the edges too, and comes back when they do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final
from uuid import UUID

import msgspec

from hub.mpi.decision import Bond, Decision, Edge, Kind, Move
from hub.mpi.features import Features


class Member(msgspec.Struct, frozen=True):
    """A source patient: `own` is the id it would have as a person of its own, `person` the one it belongs to."""

    number: int
    pkey: UUID
    patient: str
    own: str
    person: str
    side: Features


class UnreadEdgesError(LookupError):
    """Edges of stored sources are asked for that were not read."""


class People:
    """Whole persons with all their members and the edges between them; decisions change them.

    `edges` must hold every standing edge between two members. What was decided is in `decided`, in order, each with
    the moves it caused; their numbers are below zero until they are stored. `turned` are decisions taken back, or that
    hold again.

    With `edges` None they are not read yet (see `learn`): each person holds together as it is stored, and `merged` are
    those members that were merged away. That is enough to let a new source join one of them; to ask how stored sources
    are linked or kept apart raises UnreadEdgesError.
    """

    def __init__(
        self, members: Iterable[Member] = (), edges: Iterable[Edge] | None = (), merged: Collection[int] = ()
    ) -> None:
        self.members: Final[dict[int, Member]] = {}
        self.persons: Final[dict[int, str]] = {}
        self.decided: Final[list[Decision]] = []
        self.turned: list[Decision] = []
        self._edges: Final[defaultdict[int, dict[tuple[int, int, int], Edge]]] = defaultdict(dict)
        #: Edges that keep apart are few, and asked for of every pair.
        self._apart: Final[defaultdict[tuple[int, int], list[Edge]]] = defaultdict(list)
        self._sources: Final[defaultdict[str, set[int]]] = defaultdict(set)
        for member in members:
            self.add(member)
        #: Of stored sources whose edges are not read, those that are one person, by number.
        self._stored: dict[int, frozenset[int]] = {}
        self._merged: Collection[int] = ()
        if edges is None:
            self._merged = merged
            for numbers in self._sources.values():
                self._stored |= dict.fromkeys(numbers, frozenset(numbers))
        else:
            self.learn(edges)

    def learn(self, edges: Iterable[Edge]) -> None:
        """Let every standing edge between two stored members in."""
        self._stored, self._merged = {}, ()
        for edge in edges:
            self.put(edge)

    def add(self, member: Member) -> None:
        """Let a source in, or replace what is known of it."""
        number = member.number
        self.members[number] = member
        self._sources[self.persons.setdefault(number, member.person)].add(number)

    def put(self, edge: Edge) -> Edge:
        """Let an edge in; returns the one known already, if it is."""
        key = edge.key
        known = self._edges[edge.first].setdefault(key, edge)
        self._edges[edge.second].setdefault(key, known)
        if known is edge and edge.bond is Bond.APART:
            self._apart[edge.first, edge.second].append(edge)
        return known

    def group(self, number: int) -> frozenset[int]:
        """The sources that are one person with this one, itself included."""
        found, waiting = {number}, [number]
        while waiting:
            here = waiting.pop()
            linked = {e.other(here) for e in self._edges[here].values() if e.bond is Bond.LINK and not e.closed}
            more = linked.union(self._stored.get(here, ())) - found
            found |= more
            waiting += more
        return frozenset(found)

    def groups(self, numbers: Iterable[int]) -> set[frozenset[int]]:
        """The persons of these sources, each once."""
        found: set[frozenset[int]] = set()
        seen: set[int] = set()
        for number in numbers:
            if number not in seen:
                group = self.group(number)
                found.add(group)
                seen |= group
        return found

    def standing(self, number: int, bond: Bond) -> Iterator[Edge]:
        """The standing edges of one kind at a source."""
        if number in self._stored:
            raise UnreadEdgesError
        return (edge for edge in self._edges[number].values() if edge.bond is bond and not edge.closed)

    def kept_apart(self, first: int, second: int) -> bool:
        """Whether a message or a steward said that these two are two persons."""
        if first in self._stored and second in self._stored:
            raise UnreadEdgesError
        if not self._apart:
            return False
        return any(not edge.closed for edge in self._apart.get((min(first, second), max(first, second)), ()))

    def decide(self, decision: Decision) -> Decision:
        """Let a decision take effect: its edges and closings, then the moves that follow from them."""
        for edge in decision.edges:
            self.put(edge)
        for edge in decision.closings:
            edge.closed += 1
        self.settle(decision, touched(decision))
        self.decided.append(decision)
        return decision

    def take_back(self, chain: Sequence[Decision], reversal: Decision) -> Decision:
        """Let `reversal` take back `chain[0]`. What that had reversed follows in `chain`, and so on: each holds again
        if no reversal of it stands, and no more if one does; only the last has edges.
        """
        end, stood = chain[-1], chain[-1].standing
        chain[0].standing = False
        for later, earlier in pairwise(chain):
            earlier.standing = not (later.standing or earlier.disputed)
        end.edges = [self.put(edge) for edge in end.edges]
        end.closings = [self.put(edge) for edge in end.closings]
        change = int(end.standing) - int(stood)
        for edge in end.edges:
            edge.closed -= change
        for edge in end.closings:
            edge.closed += change
        self.settle(reversal, touched(end))
        self.decided.append(reversal)
        self.turned += chain
        return reversal

    def settle(self, decision: Decision, touched: Iterable[int]) -> None:
        """Let every source go where its edges put it, and enter the moves into `decision`."""
        affected = {number for source in touched for number in self._sources[self.persons[source]]}
        while affected:
            group = self.group(affected.pop())
            affected -= group
            target = self._name_of(group)
            for number in sorted(group):
                self._move(number, target, decision)

    def _move(self, number: int, target: str, decision: Decision) -> None:
        origin = self.persons[number]
        if origin != target:
            decision.moves.append(Move(number, origin, target))
            self._sources[origin].discard(number)
            self._sources[target].add(number)
            self.persons[number] = target

    def _name_of(self, group: Iterable[int]) -> str:
        return self.members[senior(group, self._merged_away)].own

    def _merged_away(self, number: int) -> bool:
        if number in self._stored:
            return number in self._merged
        return any(edge.loser == number for edge in self.standing(number, Bond.LINK))

    def new(self, kind: Kind, **told: object) -> Decision:
        """A decision with the next number, not yet taken."""
        return Decision(number=-1 - len(self.decided), kind=kind, **told)  # type: ignore[arg-type]


def senior(group: Iterable[int], merged_away: Callable[[int], bool]) -> int:
    """The source whose own id a person bears."""
    return min(group, key=lambda number: (merged_away(number), number))


def edge_of(decision: Decision, one: int, other: int, bond: Bond, loser: int | None = None) -> Edge:
    """An edge made by a decision."""
    return Edge(min(one, other), max(one, other), decision.number, decision.actor, bond, loser)


def touched(decision: Decision) -> set[int]:
    """The sources at the edges a decision makes or closes."""
    return {number for edge in (*decision.edges, *decision.closings) for number in (edge.first, edge.second)}
