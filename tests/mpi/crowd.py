"""Source patients in memory, for tests of decisions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hub.kernel.ids import reference_key
from hub.mpi.decision import Actor
from hub.mpi.features import Features
from hub.mpi.frequencies import count
from hub.mpi.judge import Judge
from hub.mpi.matching import Matcher
from hub.mpi.model import bundled_model
from hub.mpi.people import Member, People
from hub.mpi.score import Scorer
from hub.mpi.statements import Statements
from tests.mpi.people import bare, citizen_id

View = frozenset[tuple[int, str]]


def member(number: int, side: Features) -> Member:
    name = f"p{number}"
    return Member(number, reference_key("Patient", name), name, f"person-{number}", f"person-{number}", side)


class Crowd:
    """Sources 1, 2, ... with these features, each a person of its own."""

    def __init__(self, *sides: Features) -> None:
        self.people = People(member(number, side) for number, side in enumerate(sides, 1))
        self.judge = Judge(self.people, Scorer(bundled_model(), count(sides)))
        self.matcher = Matcher(self.people, self.judge)
        self.statements = Statements(self.people, self.judge)

    def match(self, *numbers: int) -> None:
        """Let the matcher judge all pairs of some sources (none: of all)."""
        self.matcher.join(combinations(numbers or sorted(self.people.members), 2))

    def change(self, number: int, side: Features) -> None:
        """Let a source say something else."""
        self.people.add(member(number, side))
        self.judge.forget(number)
        self.matcher.judge_again(number, [(number, other) for other in self.people.members if other != number])

    def reverse(self, decision: int) -> None:
        """Take back the decision at a place in the list of all."""
        self.statements.reverse([self.people.decided[decision]], actor=Actor.STEWARD, who="s")

    @property
    def persons(self) -> list[list[int]]:
        """Who is one person with whom."""
        return sorted(sorted(group) for group in {self.people.group(number) for number in self.people.members})

    @property
    def view(self) -> View:
        """The person of every source."""
        return frozenset(self.people.persons.items())


def strangers(number: int) -> Sequence[Features]:
    """Up to six persons with nothing in common."""
    names = ["赵平", "钱大海", "孙晓静", "李根兰", "周若水", "吴青山"]
    births = ["1950-02-11", "1961-11-05", "1972-08-17", "1983-03-21", "1994-12-30", "2005-07-07"]
    rows = zip(names, births, strict=True)
    return [bare(name, birth_date=birth, id_no=citizen_id(birth, 120 + n)) for n, (name, birth) in enumerate(rows)][
        :number
    ]
