"""What a peer states of a message, fact by fact, held against what we state."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.mappings.peers.facts import Fact, Told

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Move:
    """The same value stands with us at another place: pattern of the peer's path, our path, why it is better there."""

    pattern: re.Pattern[str]
    ours: str
    why: str

    def place(self, path: str) -> str | None:
        found = self.pattern.fullmatch(path)
        return found.expand(self.ours) if found else None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a fact of the peer is not one of ours: patterns of path and value, and the reason."""

    path: re.Pattern[str]
    value: re.Pattern[str]
    why: str

    def covers(self, fact: Fact) -> bool:
        return bool(self.path.fullmatch(fact.path) and self.value.fullmatch(fact.value))


def moves(name: str) -> tuple[Move, ...]:
    """The table of moves; its first line says what it is."""
    return tuple(Move(re.compile(row["peer"]), row["ours"], row["why"]) for row in _rows(name))


def explanations(name: str) -> tuple[Explanation, ...]:
    return tuple(
        Explanation(re.compile(row["path"]), re.compile(row["value"] or ".*", re.DOTALL), row["why"])
        for row in _rows(name)
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as lines:
        next(lines)
        yield from csv.DictReader(lines)


@dataclass(slots=True)
class Verdict:
    """How the facts of a peer fared; `same` and `moved` are matched; `used`: facts each rule was needed for."""

    same: int = 0
    moved: int = 0
    explained: int = 0
    differing: list[tuple[str, Fact]] = field(default_factory=list)
    used: Counter[Move | Explanation] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.same + self.moved + self.explained + len(self.differing)


def compare(
    source: str,
    peer: Sequence[Told],
    ours: Sequence[Told],
    rules: tuple[Sequence[Move], Sequence[Explanation]],
    verdict: Verdict,
) -> None:
    """Judge every fact of the peer's resources against the resource of ours that is most like each.

    A resource that none of ours is left for is `alone`: an explanation of its facts names them so.
    """
    partners = pairs(peer, ours)
    judge = _Judge(source, _by_type(ours), rules, verdict)
    for place, told in enumerate(peer):
        partner = partners.get(place)
        own = set(ours[partner].facts) if partner is not None else set()
        linked = _links(ours, partner)
        for fact in told.facts.elements():
            judge(fact, own, alone=partner is None)
        for link in told.links:
            judge(_linked(link.path, peer[link.target], partners.get(link.target)), linked, alone=partner is None)


def _linked(path: str, target: Told, partner: int | None) -> Fact:
    return Fact(path, f"-> {target.type}" + (f" {partner}" if partner is not None else ""))


def _links(ours: Sequence[Told], place: int | None) -> set[Fact]:
    found = ours[place].links if place is not None else ()
    return {_linked(link.path, ours[link.target], link.target) for link in found}


@dataclass(slots=True)
class _Judge:
    source: str
    everywhere: Mapping[str, set[Fact]]
    rules: tuple[Sequence[Move], Sequence[Explanation]]
    verdict: Verdict

    def __call__(self, fact: Fact, own: set[Fact], *, alone: bool) -> None:
        if fact in own:
            self.verdict.same += 1
            return
        move = next((each for each in self.rules[0] if _stands(each, fact, self.everywhere)), None)
        if move is not None:
            self.verdict.moved += 1
            self.verdict.used[move] += 1
            return
        named = Fact(f"alone: {fact.path}", fact.value) if alone else fact
        reason = next((each for each in self.rules[1] if each.covers(named)), None)
        if reason is None:
            self.verdict.differing.append((self.source, named))
            return
        self.verdict.explained += 1
        self.verdict.used[reason] += 1


def _stands(move: Move, fact: Fact, everywhere: Mapping[str, set[Fact]]) -> bool:
    place = move.place(fact.path)
    return place is not None and Fact(place, fact.value) in everywhere.get(place.partition(".")[0], ())


def _by_type(ours: Iterable[Told]) -> Mapping[str, set[Fact]]:
    found: dict[str, set[Fact]] = defaultdict(set)
    for told in ours:
        found[told.type] |= set(told.facts)
    return found


def pairs(peer: Sequence[Told], ours: Sequence[Told]) -> dict[int, int]:
    """Each resource of the peer with the one of ours most like it, both of one type, none twice."""
    places, others = _ranks(peer), _ranks(ours)
    likeness = sorted(
        (-sum((theirs.facts & mine.facts).values()), abs(places[i] - others[j]), i, j)
        for i, theirs in enumerate(peer)
        for j, mine in enumerate(ours)
        if theirs.type == mine.type
    )
    found: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, i, j in likeness:
        if i not in found and j not in taken:
            found[i] = j
            taken.add(j)
    return found


def _ranks(some: Sequence[Told]) -> list[int]:
    """The place of each resource among those of its type: twins are paired in their order."""
    seen: Counter[str] = Counter()
    ranks = []
    for told in some:
        ranks.append(seen[told.type])
        seen[told.type] += 1
    return ranks
