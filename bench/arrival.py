"""Records that arrive one after the other, matched as the index over the database matches them, but in memory.

`python -m bench.arrival [--persons N] [--orders 5] [--seed 1] [--mistakes 1.0]` takes the development set, or a county
of `bench.population`, in so many random orders and prints B-cubed beside that of the whole file at once.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from typing import Final
from uuid import UUID

from bench.mpi import DEVELOPMENT, load, measure, read_truth
from bench.population import County, Mistakes
from hub.mpi.blocking import LARGEST_BLOCK, keys
from hub.mpi.counts_read import sharers
from hub.mpi.features import Features, features
from hub.mpi.frequencies import Frequencies
from hub.mpi.judge import Judge
from hub.mpi.link import link
from hub.mpi.matching import Matcher
from hub.mpi.model import Model, bundled_model
from hub.mpi.people import Member, People
from hub.mpi.score import Scorer

_NOBODY: Final = UUID(int=0)


class Arrivals:
    """An index in memory."""

    def __init__(self, model: Model) -> None:
        self._model: Final = model
        self._people: Final = People()
        self._blocks: Final = defaultdict[str, list[int]](list)
        self._names: Final = Counter[str]()
        self._spellings: Final = Counter[str]()

    def register(self, side: Features) -> None:
        """Let one record in, and find its person."""
        number = len(self._people.members) + 1
        self._people.add(Member(number, _NOBODY, side.record_id, side.record_id, side.record_id, side))
        if side.name.script == "han":
            self._names[side.name.full] += 1
        self._spellings.update(side.name.spellings)
        near = self._near(side, number)
        pairs = [(number, other) for other in near]
        matcher = Matcher(self._people, Judge(self._people, self._scorer(side, near)))
        matcher.join(pairs)
        matcher.win_over(matcher.contradicted)

    def _near(self, side: Features, number: int) -> set[int]:
        found: set[int] = set()
        for key in keys(side):
            self._blocks[key].append(number)
            if len(self._blocks[key]) <= LARGEST_BLOCK:
                found.update(self._blocks[key])
        return found - {number}

    def _scorer(self, side: Features, near: Iterable[int]) -> Scorer:
        """What is counted by now; telephones among the persons at hand, as the index counts them."""
        persons = {member for other in near for member in self._people.group(other)}
        sides = [side, *(self._people.members[member].side for member in persons)]
        crowded = {one for one in side.phones if len(self._blocks[f"phone:{one}"]) > LARGEST_BLOCK}
        phones = sharers(sides, crowded)
        return Scorer(self._model, Frequencies(len(self._people.members), self._names, self._spellings, phones))

    def persons(self) -> list[list[str]]:
        """Who is one person by now."""
        groups = self._people.groups(self._people.members)
        return [[self._people.members[number].patient for number in group] for group in groups]


def arrived(sides: Sequence[Features], model: Model) -> list[list[str]]:
    """The persons of records that came in this order."""
    index = Arrivals(model)
    for side in sides:
        index.register(side)
    return index.persons()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--persons", type=int, default=0, help="of a county; without it, the development set")
    options.add_argument("--orders", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--mistakes", type=float, default=1.0, help="how often things go wrong, against the default")
    given = options.parse_args()
    if given.persons:
        county = County(given.seed, Mistakes().scaled(given.mistakes))
        made = list(county.records(county.persons(given.persons)))
        sides = [features(record) for record, _ in made]
        truth = {record.record_id: str(person) for record, person in made}
    else:
        sides, truth = load(DEVELOPMENT / "records.csv"), read_truth(DEVELOPMENT / "truth.csv")
    model = bundled_model()
    whole = measure(link(sides, model).persons, truth)
    print(f"whole file    B-cubed F1 {whole.b_cubed.f1:.4f}   mixed {whole.mixed}")
    for order in range(given.orders):
        Random(order).shuffle(sides)
        quality = measure(arrived(sides, model), truth)
        change = quality.b_cubed.f1 - whole.b_cubed.f1
        print(f"order {order:<7} B-cubed F1 {quality.b_cubed.f1:.4f}   mixed {quality.mixed}   {change:+.4f}")


if __name__ == "__main__":
    main()
