"""Pairs among the people at hand, judged as in batch: the same scorer, bands and vetoes. Each pair is scored once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hub.mpi.clusters import Clustered, Link, Relation, cluster
from hub.mpi.decide import Band, Reason, clearly_apart, contradicts, decide
from hub.mpi.decide import Decision as Judgement
from hub.mpi.features import Features
from hub.mpi.lent_cards import without_lent_cards
from hub.mpi.people import People
from hub.mpi.score import Score, Scorer, evidence


@dataclass(frozen=True, slots=True)
class Doubt:
    """A pair a steward should look at, by number, and why."""

    first: int
    second: int
    reason: Reason
    score: float
    evidence: str


class Judge:
    """Judges pairs of members of `people`."""

    def __init__(self, people: People, scorer: Scorer) -> None:
        self._people: Final = people
        self._scorer: Final = scorer
        self._model: Final = scorer.model
        self._known: Final[dict[tuple[int, int], tuple[Score, Judgement]]] = {}
        self._lent: Final[dict[int, Features]] = {}

    def pair(self, one: int, other: int) -> tuple[Score, Judgement]:
        """Score and judgement of two records by themselves."""
        key = min(one, other), max(one, other)
        if key not in self._known:
            first, second = map(self._side, key)
            score = self._scorer.score(first, second)
            self._known[key] = score, decide(score, first, second, self._model)
        return self._known[key]

    def forget(self, number: int) -> None:
        """Judge the pairs of a record anew."""
        for key in [key for key in self._known if number in key]:
            del self._known[key]

    def links(self, one: int, other: int) -> bool:
        """Whether the pair alone would be linked."""
        return self.pair(one, other)[1].band is Band.LINK

    def relation(self, one: int, other: int) -> Relation:
        """What speaks for and against one person, for the objections of `cluster`."""
        score, judgement = self.pair(one, other)
        first, second = self._side(one), self._side(other)
        apart = self._people.kept_apart(one, other)
        against = apart or contradicts(score.levels, first, second)
        return Relation(sum(score.bits), against, judgement.band is Band.LINK and not apart)

    def gather(self, pairs: Iterable[tuple[int, int]]) -> tuple[Clustered, list[Doubt]]:
        """Which of `pairs` would become links, beginning with the persons as they stand, and what is in doubt."""
        links: list[Link] = []
        doubts: list[Doubt] = []
        chosen = sorted({(min(pair), max(pair)) for pair in pairs})
        self._see_lent_cards({number for pair in chosen for number in pair})
        for one, other in chosen:
            if self._people.kept_apart(one, other) or clearly_apart(self._side(one), self._side(other)):
                continue
            score, judgement = self.pair(one, other)
            if judgement.band is Band.LINK:
                links.append(Link(score.weight, one, other))
            elif judgement.reason:
                doubts.append(self.doubt(one, other, judgement.reason))
        standing = self._people.groups(number for link in links for number in (link.first, link.second))
        found = cluster(links, self.relation, self._model.margin, sorted(standing, key=min))
        doubts += [self.doubt(one.link.first, one.link.second, one.reason) for one in found.refused]
        return found, doubts

    def _side(self, number: int) -> Features:
        return self._lent.get(number) or self._people.members[number].side

    def _see_lent_cards(self, numbers: Iterable[int]) -> None:
        """Read the cards of these records and of their persons' others as lent where the records together say so."""
        if all(member.side.registered is None for member in self._people.members.values()):
            return  # only when it was shown tells that a card was a parent's, and Patients do not say
        near = {member for group in self._people.groups(numbers) for member in group}
        lent = without_lent_cards({number: self._people.members[number].side for number in near})
        for number in lent.keys() - self._lent.keys():
            self._lent[number] = lent[number]
            self.forget(number)

    def doubt(self, one: int, other: int, reason: Reason) -> Doubt:
        """A pair to review."""
        score, _ = self.pair(one, other)
        return Doubt(min(one, other), max(one, other), reason, score.weight, evidence(score))
