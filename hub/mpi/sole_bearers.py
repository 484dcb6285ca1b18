"""Records that say no more than a name, where one person of the whole file bears it.

Two records cannot tell who else bears their name; a file can. Whoever has other records in it would stand there as a
second bearer. So such a record is the one bearer's, or that of somebody of whom the file holds nothing else: the fewer
of those there may be, and the rarer names of so many characters are, the surer it is the former.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import log2
from typing import Final

from hub.mpi.clusters import Link
from hub.mpi.features import Features
from hub.mpi.levels import COMPARISONS, NameLevel
from hub.mpi.model import Model
from hub.mpi.score import Score, Scorer, characters_of

#: Bits from which a record is the bearer's: twice as likely as not.
_ENOUGH: Final = 1.0
_NAME: Final = list(COMPARISONS).index("name")


def sole_bearers(sides: Sequence[Features], groups: Sequence[Sequence[int]], scorer: Scorer) -> list[Link]:
    """Links of records that stand alone to the one other person of the file who bears their name, by character.

    `groups` are the persons of two records and more (places of `sides`). A name that sounds alike counts as the same
    one: whoever bears it is another bearer, and then there is no link.
    """
    grouped = set(chain.from_iterable(groups))
    lone = [place for place in range(len(sides)) if place not in grouped]
    persons = [*groups, *([place] for place in lone)]
    bearers = _bearers(sides, persons)
    unseen = _unseen(len(persons), len(lone), scorer.model)
    found = set[Link | None]()
    for person, place in enumerate(lone, len(groups)):
        others = {other for spelling in sides[place].name.spellings for other in bearers.get(spelling, ())} - {person}
        if len(others) == 1 and sides[place].newborn is None:
            found.add(_link(place, persons[others.pop()], sides, scorer, unseen))
    return sorted(link for link in found if link)


def _bearers(sides: Sequence[Features], persons: Sequence[Sequence[int]]) -> Mapping[str, set[int]]:
    """Spelling -> the persons who bear it; a temporary name is the parent's."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for person, places in enumerate(persons):
        for place in places:
            if sides[place].newborn is None:
                for spelling in sides[place].name.spellings:
                    found[spelling].add(person)
    return found


def _unseen(persons: int, lone: int, model: Model) -> int:
    """Of how many persons the file may hold one record and no other: those of whom it does, and whom it leaves out of
    the smallest county there may be.
    """
    return max(persons, model.least_persons) - persons + lone


def _link(place: int, person: Sequence[int], sides: Sequence[Features], scorer: Scorer, unseen: int) -> Link | None:
    """A record and the nearest one of a person that bears its name; what the person says elsewhere counts as well."""
    scores = {other: scorer.score(sides[place], sides[other]) for other in person}
    named = [other for other, score in scores.items() if score.levels.name is NameLevel.EXACT]
    characters = characters_of(sides[place].name, sides[place].name)
    if not named or not characters:
        return None
    weight = _rest(scores.values()) - log2(unseen * scorer.model.average(characters))
    nearest = max(named, key=lambda other: (scores[other].weight, -other))
    return Link(weight, min(place, nearest), max(place, nearest)) if weight >= _ENOUGH else None


def _rest(scores: Iterable[Score]) -> float:
    """Bits of all but the name: of each comparison the best of any record of the person that says something."""
    best: dict[int, float] = {}
    for score in scores:
        for place, (level, bits) in enumerate(zip(score.levels, score.bits, strict=True)):
            if level and place != _NAME:
                best[place] = max(bits, best.get(place, bits))
    return sum(best.values())
