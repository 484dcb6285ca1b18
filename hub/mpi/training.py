"""What a model is estimated from: pairs of records as comparison levels, drawn from the hub's own records, unlabelled.

u is counted on pairs drawn at random, nearly all of two persons. m is estimated by expectation maximisation over pairs
that share one thing, each comparison where it is not that thing (the sessions below), as Splink does it: Linacre et
al., Splink: Free software for probabilistic record linkage at scale, IJPDS 2022.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.mpi.compare import compare
from hub.mpi.features import Features
from hub.mpi.levels import COMPARISONS, BirthLevel, IdLevel, InsuranceLevel, Levels, NameLevel

#: How often each combination of levels was met.
Patterns = Counter[Levels]
#: Told how many pairs have been compared so far.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Session:
    """Pairs that share `anchor`, from which the m of `comparisons` are estimated."""

    anchor: str
    comparisons: tuple[str, ...]


#: A number stands beside what people say of themselves, and the other way round.
SESSIONS: Final = (
    Session("a number", ("name", "birth", "sex", "household", "facility")),
    Session("name and day of birth", ("id", "insurance", "sex", "household", "facility")),
)
#: The pairs of one session are at most so many of each shared value: a crowd of namesakes teaches nothing more.
_LARGEST: Final = 30
#: What the base model is worth against counts, in pairs: nothing that has not been met is impossible.
_U_WORTH: Final = 20_000
_M_WORTH: Final = 200
_FEWEST: Final = 1000
#: Comparisons whose u is conditional on another comparison, which counting cannot tell: they stay as they are.
JUDGED: Final = frozenset({"contact"})
#: Comparison -> level -> probability.
Probabilities = Mapping[str, Mapping[str, float]]
#: Tells m of the levels of some comparisons from the pairs of a session, given u.
Estimate = Callable[[Patterns, Sequence[str], Probabilities], Probabilities]


@dataclass(frozen=True, slots=True)
class Samples:
    """The patterns of pairs drawn at random, and of each session in the order of `SESSIONS`."""

    random: Patterns
    sessions: tuple[Patterns, ...]

    @property
    def told(self) -> str:
        """How many pairs of each kind there are."""
        shared = ", ".join(
            f"{one.total()} that share {session.anchor}" for session, one in zip(SESSIONS, self.sessions, strict=True)
        )
        return f"{self.random.total()} random pairs, {shared}"


def sample(sides: Sequence[Features], pairs: int, random: Random, progress: Progress = lambda _: None) -> Samples:
    """Compare `pairs` random pairs, and at most as many of each session. Newborns under temporary names are left out.

    Raises HubError INVALID where there are too few records to learn from.
    """
    named = [side for side in sides if side.newborn is None]
    if len(named) < _FEWEST:
        todo = f"give at least {_FEWEST} records of persons under their own names"
        raise HubError(Category.INVALID, f"has only {len(named)} records to learn from", where="records", todo=todo)
    drawn: list[Iterable[tuple[Features, Features]]] = [_random_pairs(named, pairs, random)]
    drawn += [_anchored(named, anchor, pairs, random) for anchor in (_number_anchors, _name_anchors)]
    counted = []
    done = 0
    for several in drawn:
        patterns: Patterns = Counter()
        for first, second in several:
            patterns[compare(first, second)] += 1
            done += 1
            if done % 1000 == 0:
                progress(done)
        counted.append(patterns)
    progress(done)
    return Samples(counted[0], tuple(counted[1:]))


def _random_pairs(sides: Sequence[Features], pairs: int, random: Random) -> Iterator[tuple[Features, Features]]:
    for _ in range(pairs):
        first, second = random.sample(range(len(sides)), 2)
        yield sides[first], sides[second]


def _anchored(
    sides: Sequence[Features], anchors: Callable[[Features], Iterable[str]], pairs: int, random: Random
) -> list[tuple[Features, Features]]:
    """Pairs that share an anchor, each once; a random choice of them where there are more than `pairs`."""
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    for place, side in enumerate(sides):
        for anchor in set(anchors(side)):
            blocks[anchor].append(place)
    found = {
        (one, other)
        for block in blocks.values()
        if 1 < len(block) <= _LARGEST
        for at, one in enumerate(block)
        for other in block[at + 1 :]
    }
    chosen = sorted(found)
    if len(chosen) > pairs:
        chosen = random.sample(chosen, pairs)
    return [(sides[one], sides[other]) for one, other in chosen]


def _number_anchors(side: Features) -> Iterator[str]:
    if side.own_id and side.own_id.valid:
        yield f"id:{side.own_id.digits}"
    if side.insurance:
        yield f"insurance:{side.insurance}"


def _name_anchors(side: Features) -> Iterator[str]:
    if side.born:
        yield from (f"{spelling}:{side.born.isoformat()}" for spelling in side.name.spellings[:1])


def u_of(patterns: Patterns, base: Mapping[str, Any]) -> Probabilities:
    """u of every level: its share among random pairs, drawn towards `base` where pairs are few.

    Pairs that share a number, or name and day of birth, are taken for one person and left out.
    """
    apart = Counter({levels: times for levels, times in patterns.items() if not _alike(levels)})
    return {name: _shares(apart, name, base, 1, _U_WORTH) for name in base["comparisons"]}


def _alike(levels: Levels) -> bool:
    numbers = levels.id in {IdLevel.EXACT, IdLevel.NEAR} or levels.insurance is InsuranceLevel.EXACT
    return numbers or (levels.birth is BirthLevel.EXACT and NameLevel.EXACT <= levels.name <= NameLevel.SPELLED)


def _shares(patterns: Patterns, name: str, base: Mapping[str, Any], which: int, worth: float) -> dict[str, float]:
    place = list(COMPARISONS).index(name)
    counts: Counter[int] = Counter()
    for levels, times in patterns.items():
        counts[levels[place]] += times
    known = [level for level in COMPARISONS[name] if level]
    prior = {level: base["comparisons"][name][level.name][which] for level in known}
    whole, total = sum(prior.values()), sum(counts[level] for level in known)
    return {level.name: (counts[level] + worth * prior[level] / whole) / (total + worth) for level in known}


def learn(samples: Samples, base: Mapping[str, Any], estimate: Estimate) -> dict[str, Any]:
    """The content of a model: `base` with the probabilities that these samples teach; thresholds stay.

    m is the mean of the sessions by the number of their pairs, drawn towards `base`.
    """
    u = u_of(samples.random, base)
    learned: defaultdict[str, list[tuple[float, Mapping[str, float]]]] = defaultdict(list)
    for session, patterns in zip(SESSIONS, samples.sessions, strict=True):
        for name, m in estimate(patterns, session.comparisons, u).items():
            learned[name].append((_saying(patterns, name), m))
    rows = {name: _rows(levels, learned.get(name, []), u[name]) for name, levels in base["comparisons"].items()}
    return {**base, "comparisons": {**rows, **{name: base["comparisons"][name] for name in JUDGED}}}


def _saying(patterns: Patterns, name: str) -> int:
    place = list(COMPARISONS).index(name)
    return sum(times for levels, times in patterns.items() if levels[place])


def _rows(
    levels: Mapping[str, Sequence[float]], learned: Sequence[tuple[float, Mapping[str, float]]], u: Mapping[str, float]
) -> dict[str, list[float]]:
    weight = sum(pairs for pairs, _ in learned) + _M_WORTH
    return {
        name: [(sum(pairs * m.get(name, 0.0) for pairs, m in learned) + _M_WORTH * old[0]) / weight, u[name]]
        for name, old in levels.items()
    }
