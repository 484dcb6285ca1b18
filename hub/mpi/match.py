"""Who a registration may be, for `Patient/$match` (https://hl7.org/fhir/R4/patient-operation-match.html)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp2

from hub.mpi.decide import Band
from hub.mpi.judge import Judge
from hub.mpi.model import Model
from hub.mpi.people import People
from hub.mpi.score import evidence


class Grade(StrEnum):
    """http://terminology.hl7.org/CodeSystem/match-grade; who is certainly not meant is not told."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A person who may be meant, with all her source Patient ids.

    `score`: bits of the best pair for (above 0) or against one person. `band`: what that pair would lead to.
    `opposed`: another of her sources speaks against it. `evidence` names comparisons, never values.
    """

    person: str
    patients: tuple[str, ...]
    score: float
    band: Band
    opposed: bool
    evidence: str
    grade: Grade = Grade.POSSIBLE

    @property
    def probability(self) -> float:
        """The score as a probability, from 0 to 1."""
        return 1 / (1 + exp2(min(-self.score, 1000.0)))


def candidates(
    people: People, judge: Judge, probe: int, model: Model, among: Collection[int] | None = None
) -> list[Candidate]:
    """The persons whom `probe`, a member of `people` by itself, may be; the best first.

    Sources that are not `among` these numbers (None: all are) count as if they were not there. Certain is the one to
    whom the probe would be linked: likely enough, unopposed, and ahead of all others by the margin.
    """
    sources: defaultdict[str, list[int]] = defaultdict(list)
    for number, person in people.persons.items():
        if number != probe and (among is None or number in among):
            sources[person].append(number)
    found = (_candidate(people, judge, probe, person, numbers) for person, numbers in sources.items())
    told = sorted(filter(None, found), key=lambda one: (_likeness(one), one.person))
    return [replace(one, grade=_grade(one, told, model)) for one in told]


def _likeness(one: Candidate) -> tuple[bool, float]:
    return one.opposed or one.band is not Band.LINK, -one.score


def _candidate(people: People, judge: Judge, probe: int, person: str, numbers: Sequence[int]) -> Candidate | None:
    pairs = [judge.pair(probe, number) for number in numbers]
    told = [(verdict.band is Band.LINK, score.weight, score, verdict) for score, verdict in pairs]
    told = [one for one in told if one[3].band is not Band.APART]
    if not told:
        return None
    _, weight, score, verdict = max(told, key=lambda one: one[:2])
    relations = [judge.relation(probe, number) for number in numbers]
    return Candidate(
        person=person,
        patients=tuple(sorted(people.members[number].patient for number in numbers)),
        score=weight,
        band=verdict.band,
        opposed=sum(one.evidence for one in relations) < 0 or any(one.contradicts for one in relations),
        evidence=evidence(score),
    )


def _grade(one: Candidate, told: Iterable[Candidate], model: Model) -> Grade:
    if one.opposed or one.band is not Band.LINK:
        return Grade.POSSIBLE
    rivals = [other for other in told if other is not one and other.band is Band.LINK]
    ahead = all(one.score - other.score >= model.margin for other in rivals)
    return Grade.CERTAIN if ahead and one.score >= model.certain else Grade.PROBABLE
