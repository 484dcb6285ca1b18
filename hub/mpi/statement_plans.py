"""What facilities state of their numbers, as it would be done before persons are held, and done once they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.mpi import decisions_read, index_read
from hub.mpi.decision import Actor, Decision
from hub.mpi.judge import Doubt, Judge
from hub.mpi.people import People
from hub.mpi.registration import Statement
from hub.mpi.statements import Statements

#: Events that part two numbers again; all others make one patient of them.
UNMERGES: Final = frozenset({"A37"})
#: The event of a `Patient.link` that is there no more: the merge it made is taken back, and nothing else is said.
LINK_REMOVED: Final = "link-removed"


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement by numbers, with the merge it takes back, if it does."""

    statement: Statement
    survivor: int
    loser: int
    merge: list[Decision]

    @property
    def numbers(self) -> set[int]:
        more = decisions_read.concerned(self.merge[-1]) if self.merge else set()
        return {self.survivor, self.loser, *more}


async def plan(tx: Tx, statements: Sequence[Statement]) -> list[Plan]:
    """What is to be done about statements as the index stands now; nothing about those that are settled."""
    subjects = {reference_key("Patient", patient) for statement in statements for patient in statement.subjects}
    known = await index_read.known(tx, sorted(subjects)) if subjects else {}
    plans = []
    for statement in statements:
        survivor, loser = (reference_key("Patient", patient) for patient in statement.subjects)
        message, parts = statement.message, statement.kind in (*UNMERGES, LINK_REMOVED)
        if survivor == loser or (message and await decisions_read.settled(tx, survivor, loser, message)):
            continue
        merge = await decisions_read.merge_of(tx, survivor, loser) if parts else None
        if merge is None and statement.kind == LINK_REMOVED:
            continue
        chain = await decisions_read.chain(tx, merge) if merge else []
        plans.append(Plan(statement, known[survivor].number, known[loser].number, chain))
    return plans


async def follow(tx: Tx, people: People, judge: Judge, stated: Sequence[Statement]) -> list[Doubt]:
    """Let statements take effect among people who are held. Raises HubError UNAVAILABLE (`race`) where one concerns
    somebody who is not.
    """
    statements = Statements(people, judge)
    # Read again, now that nobody else can change these persons.
    for one in await plan(tx, stated):
        if not people.members.keys() >= one.numbers:
            raise index_read.race()
        message, who = one.statement.message, one.statement.who
        if one.merge:
            statements.reverse(one.merge, actor=Actor.MESSAGE, message=message, who=who)
        elif one.statement.kind in UNMERGES:
            statements.unmerge(one.survivor, one.loser, message=message)
        else:
            statements.merge(one.survivor, one.loser, message=message, who=who)
    return statements.doubts
