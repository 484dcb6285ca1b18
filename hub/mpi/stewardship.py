"""What stewards do to the index: link, keep apart, take out, split, move, take back. Each is one decision in the
caller's transaction, and each can be taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.mpi import decisions_read, index_read
from hub.mpi.decision import Actor, Decision
from hub.mpi.index import PatientIndex
from hub.mpi.people import People
from hub.mpi.statements import Statements

_SETTLE: Final = "UPDATE mpi_review SET decision = $3 WHERE decision IS NULL AND (first, second) = ($1, $2)"

_PAIR: Final = """
SELECT one.patient AS first, other.patient AS second
FROM mpi_review AS review
JOIN mpi_source AS one ON one.pkey = review.first
JOIN mpi_source AS other ON other.pkey = review.second
WHERE review.number = $1 AND review.decision IS NULL
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """The number of a decision, and the source Patient ids it is about or moved."""

    number: int
    patients: tuple[str, ...]


class Steward:
    """The work of stewards; `who` is the account of one, `note` why, without patient data.

    Every method raises HubError NOT_FOUND for a source patient, pair or decision the index does not know, CONFLICT when
    there is nothing to do, UNAVAILABLE (`race`) when another transaction got in the way.
    """

    def __init__(self, index: PatientIndex) -> None:
        self._index: Final = index

    async def link(self, tx: Tx, one: str, other: str, *, who: str, note: str = "") -> Decided:
        """Two source patients are one person, and so are all who are one person with either."""
        people, statements, (first, second) = await self._begin(tx, one, other)
        if second in people.group(first):
            raise HubError(Category.CONFLICT, "are one person already", where="mpi", code="one-person")
        return await self._end(tx, people, statements.link(first, second, who=who, note=note), settles=True)

    async def apart(self, tx: Tx, one: str, other: str, *, who: str, note: str = "") -> Decided:
        """Two source patients are two persons; the matcher shall not link them."""
        people, statements, (first, second) = await self._begin(tx, one, other)
        return await self._end(tx, people, statements.apart(first, second, who=who, note=note), settles=True)

    async def unlink(self, tx: Tx, patient: str, *, who: str, note: str = "") -> Decided:
        """A source patient is not the person it was taken for; the matcher shall not put it back."""
        people, statements, (number,) = await self._begin(tx, patient)
        return await self._end(tx, people, statements.unlink(number, who=who, note=note))

    async def split(self, tx: Tx, patients: Sequence[str], *, who: str, note: str = "") -> Decided:
        """Some source patients of one person are another one, together; the matcher shall not put them back."""
        people, statements, numbers = await self._begin(tx, *dict.fromkeys(patients))
        return await self._end(tx, people, statements.split(numbers, who=who, note=note))

    async def move(self, tx: Tx, patient: str, to: str, *, who: str, note: str = "") -> Decided:
        """A source patient goes from its person to the person of `to`, in one decision; its companions stay."""
        people, statements, (number, target) = await self._begin(tx, patient, to)
        return await self._end(tx, people, statements.move(number, target, who=who, note=note), settles=True)

    async def reverse(self, tx: Tx, number: int, *, who: str, note: str = "") -> Decided:
        """Take a decision back, whoever made it. Pairs it had settled are open again."""
        concerned = decisions_read.concerned((await decisions_read.chain(tx, number))[-1])
        people = await index_read.held(tx, concerned)
        # Read again, now that nobody else can change these persons.
        chain = await decisions_read.chain(tx, number)
        statements = Statements(people, await self._index.judge(tx, people))
        return await self._end(tx, people, statements.reverse(chain, actor=Actor.STEWARD, who=who, note=note))

    async def pair(self, tx: Tx, review: int) -> tuple[str, str]:
        """The source Patient ids of a pair that waits."""
        row = await tx.fetchrow(_PAIR, review)
        if row is None:
            raise HubError(Category.NOT_FOUND, "no such pair waits", where="mpi", todo="list the pairs that wait")
        return row["first"], row["second"]

    async def _begin(self, tx: Tx, *patients: str) -> tuple[People, Statements, Sequence[int]]:
        pkeys = [reference_key("Patient", patient) for patient in patients]
        known = await index_read.known(tx, pkeys)
        if len(known) < len(pkeys):
            raise HubError(Category.NOT_FOUND, "is no source patient of the index", where="mpi")
        numbers = [known[pkey].number for pkey in pkeys]
        people = await index_read.held(tx, set(numbers))
        return people, Statements(people, await self._index.judge(tx, people)), numbers

    async def _end(self, tx: Tx, people: People, decision: Decision, *, settles: bool = False) -> Decided:
        numbers = await self._index.save(tx, people)
        number = numbers[decision.number]
        if settles and decision.second is not None:
            first, second = sorted(people.members[one].pkey for one in (decision.first, decision.second))
            await tx.execute(_SETTLE, first, second, number)
        return Decided(number, _patients(people, decision, {decision.first, decision.second} - {None}))


def _patients(people: People, decision: Decision, named: Collection[int | None]) -> tuple[str, ...]:
    concerned = {*named, *(move.source for move in decision.moves)}
    return tuple(sorted(people.members[number].patient for number in concerned if number is not None))
