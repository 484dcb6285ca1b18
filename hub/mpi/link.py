"""A whole file of records linked at once: persons, and pairs for a human to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from hub.mpi.blocking import candidate_pairs
from hub.mpi.clusters import Link, Relation, cluster
from hub.mpi.decide import Band, Reason, clearly_apart, contradicts, decide
from hub.mpi.features import Features
from hub.mpi.frequencies import count
from hub.mpi.lent_cards import as_read
from hub.mpi.model import Model
from hub.mpi.score import Scorer
from hub.mpi.sole_bearers import sole_bearers


@dataclass(frozen=True, slots=True)
class Pair:
    """A judged pair of records: bits, and why a human decides; `reason` is None where the pair was linked."""

    record_id: str
    candidate_id: str
    score: float
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """Persons (record ids, sorted; every record in exactly one), the links they are made of, the pairs to review."""

    persons: tuple[tuple[str, ...], ...]
    links: tuple[Pair, ...]
    reviews: tuple[Pair, ...]


#: Told, now and then, how many records have been matched so far.
Progress = Callable[[int], None]


def link(records: Iterable[Features], model: Model, progress: Progress = lambda _: None) -> Linked:
    """Link records with different ids. The result does not depend on their order."""
    sides = sorted(records, key=lambda side: side.record_id)
    return _Linking(sides, Scorer(model, count(sides)), model).run(progress)


class _Linking:
    """One run over records sorted by id; works on their places."""

    def __init__(self, sides: Sequence[Features], scorer: Scorer, model: Model) -> None:
        self._sides = sides
        self._read = as_read(sides)
        self._scorer = scorer
        self._model = model
        self._links: list[Link] = []
        #: Of pairs to be linked, which never contradict: most relations are asked of these.
        self._evidence: dict[tuple[int, int], float] = {}
        self._reviews: dict[tuple[int, int], tuple[float, Reason]] = {}

    def run(self, progress: Progress) -> Linked:
        self._match(progress)
        paired = cluster(self._links, self._relate, self._model.margin)
        named = sole_bearers(self._read, paired.groups, self._scorer)
        whole = cluster(named, self._relate, self._model.margin, paired.groups)
        for one in (*paired.refused, *whole.refused):
            self._reviews[one.link.first, one.link.second] = (one.link.weight, one.reason)
        links = tuple(self._pair(one.first, one.second, one.weight) for one in (*paired.followed, *whole.followed))
        return Linked(self._persons(whole.groups), links, self._worklist(whole.groups))

    def _match(self, progress: Progress) -> None:
        matched = 0
        for first, second in candidate_pairs(self._sides):
            if first > matched:
                matched = first
                progress(matched)
            self._judge(first, second)
        progress(len(self._sides))

    def _judge(self, first: int, second: int) -> None:
        one, other = self._read[first], self._read[second]
        if clearly_apart(one, other):
            return
        score = self._scorer.score(one, other)
        decision = decide(score, one, other, self._model)
        if decision.band is Band.LINK:
            self._links.append(Link(score.weight, first, second))
            self._evidence[first, second] = sum(score.bits)
        elif decision.reason:
            self._reviews[first, second] = (score.weight, decision.reason)

    def _relate(self, first: int, second: int) -> Relation:
        evidence = self._evidence.get((first, second))
        if evidence is not None:
            return Relation(evidence, contradicts=False, linked=True)
        one, other = self._read[first], self._read[second]
        score = self._scorer.score(one, other)
        linked = decide(score, one, other, self._model).band is Band.LINK
        return Relation(sum(score.bits), contradicts(score.levels, one, other), linked)

    def _persons(self, groups: Sequence[Sequence[int]]) -> tuple[tuple[str, ...], ...]:
        grouped = {place for group in groups for place in group}
        alone = ([place] for place in range(len(self._sides)) if place not in grouped)
        persons = sorted(chain(groups, alone), key=lambda group: group[0])
        return tuple(tuple(self._sides[place].record_id for place in group) for group in persons)

    def _worklist(self, groups: Sequence[Sequence[int]]) -> tuple[Pair, ...]:
        """One row per pair of persons: the strongest; none within a person. Strongest first."""
        person = {place: group[0] for group in groups for place in group}
        best: dict[tuple[int, int], tuple[float, int, int]] = {}
        for (first, second), (weight, _) in self._reviews.items():
            one, other = person.get(first, first), person.get(second, second)
            key, row = (min(one, other), max(one, other)), (-weight, first, second)
            if one != other and (key not in best or row < best[key]):
                best[key] = row
        return tuple(
            self._pair(first, second, -weight, self._reviews[first, second][1])
            for weight, first, second in sorted(best.values())
        )

    def _pair(self, first: int, second: int, weight: float, reason: Reason | None = None) -> Pair:
        return Pair(self._sides[first].record_id, self._sides[second].record_id, weight, reason)
