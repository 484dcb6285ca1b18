"""The master patient index over the database: who is one person is decided in the transaction that writes the Patient.

Concurrent writers make one person of two records of one new person, and wait for each other as little as they must.
Locks are taken in this order, each kind in the order of its hashes: what records of one new person have in common; the
persons that may change; last the counts of names. So no two wait for each other if a transaction registers once, after
its other writes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from hub.db.database import Tx
from hub.kernel.clock import Clock
from hub.kernel.ids import random_id
from hub.mpi import decisions_write, index_read, index_write, meeting
from hub.mpi.blocking import keys
from hub.mpi.counts_read import Counted, UncountedError, frequencies, frequencies_at_hand, sharers
from hub.mpi.decision import Decision
from hub.mpi.features import Features, features
from hub.mpi.hashes import block_key, claims
from hub.mpi.index_write import Entry
from hub.mpi.judge import Doubt, Judge
from hub.mpi.match import Candidate, candidates
from hub.mpi.matching import Matcher
from hub.mpi.model import Model, bundled_model
from hub.mpi.packed import NOTHING, unpack
from hub.mpi.people import Member, People, UnreadEdgesError
from hub.mpi.record import Record
from hub.mpi.registration import Registration, Source, Statement
from hub.mpi.score import Scorer
from hub.mpi.statement_plans import follow, plan

#: Of source Patients (ids) those that may be found.
Among = Callable[[Collection[str]], Awaitable[Collection[str]]]


class PatientIndex:
    """Finds the person of every source patient, and keeps why.

    `new_person` gives the id of a person; `model` weighs pairs, online as in batch.
    """

    def __init__(self, clock: Clock, *, new_person: Callable[[], str] = random_id, model: Model | None = None) -> None:
        self._clock: Final = clock
        self._new_person: Final = new_person
        self._model: Final = model or bundled_model()

    @property
    def model(self) -> str:
        """The version of the model."""
        return self._model.version

    async def register(self, tx: Tx, sources: Sequence[Source], statements: Sequence[Statement] = ()) -> None:
        """Let the index know of new and changed Patients, then of what facilities say of their numbers, in order.

        A Patient whose demographics are what they were costs one comparison of digests. Of several of one id the last
        counts. Raises HubError UNAVAILABLE (`race`) when another transaction got in the way: roll back, try again.
        """
        told = Registration(sources, statements)
        entries = told.entries(await index_read.known(tx, told.doubtful), self._new_person)
        if not entries and not statements:
            return
        change = index_write.counts_of(entries)
        met = await self._meet(tx, entries, change, held=not statements)
        if not met.numbers and any(not entry.was for entry in entries):
            # One was named before its Patient came, or came while this transaction waited: nobody can any more.
            await self.register(tx, [replace(source, created=False) for source in sources], statements)
            return
        known = {entry.pkey: entry.was.number for entry in entries if entry.was}
        numbers = {**known, **met.numbers}
        pairs = {numbers[entry.pkey]: _candidates(entry.keys, numbers[entry.pkey], met.blocks) for entry in entries}
        plans = await plan(tx, statements)
        fresh = {*met.numbers.values()}
        people = met.people
        if statements:
            others = {number for several in pairs.values() for number in several}
            concerned = (pairs.keys() | others).union(*(plan.numbers for plan in plans)) - fresh
            people = await index_read.held(tx, concerned)
        _admit(people, entries, numbers)
        crowded = _crowded([entry.side for entry in entries], met.blocks)
        if known or statements:
            judge = await self._judge(tx, people, crowded, change)
            matcher = _match(people, judge, pairs, fresh)
            doubts = _win_over(people, judge, matcher) + await follow(tx, people, judge, statements)
        else:
            doubts = await self._join(tx, people, crowded, change, met.counted, pairs)
        await self._save(tx, people, doubts, list(known), fresh, change)

    async def _meet(self, tx: Tx, entries: Sequence[Entry], change: Mapping[int, int], *, held: bool) -> meeting.Met:
        claims = _claims({entry.pkey: entry.side for entry in entries})
        renewed = [entry for entry in entries if entry.was]
        if renewed:
            await index_read.lock(tx, claims)
            await index_write.renew(tx, renewed)
        ask = meeting.Ask(
            claims=() if renewed else claims,
            keys={key for entry in entries for key in entry.keys},
            known=[entry.was.number for entry in renewed if entry.was],
            names=change,
            held=held,
            edges=bool(renewed),
        )
        return await meeting.meet(tx, ask, [entry for entry in entries if not entry.was], self._clock())

    async def judge_again(self, tx: Tx, numbers: Collection[int]) -> list[Decision]:
        """Judge stored sources (numbers) as if their demographics had changed; returns what the matcher decided.

        What messages and stewards decided stays. Raises HubError UNAVAILABLE (`race`), as `register` does.
        """
        known = await index_read.stored(tx, numbers)
        sides = {one.number: unpack(one.features) for one in known}
        hashed = {number: frozenset(map(block_key, keys(side))) for number, side in sides.items()}
        ask = meeting.Ask(
            claims=_claims({one.pkey: sides[one.number] for one in known}),
            keys=frozenset[int]().union(*hashed.values()),
            known=sides.keys(),
        )
        met = await meeting.meet(tx, ask)
        people, found = met.people, met.blocks
        pairs = {number: _candidates(of, number, found) for number, of in hashed.items()}
        if any(people.members[number].side != side for number, side in sides.items()):
            raise index_read.race()
        judge = await self._judge(tx, people, _crowded(sides.values(), found))
        doubts = _win_over(people, judge, _match(people, judge, pairs, ()))
        await self._save(tx, people, doubts, [one.pkey for one in known])
        return people.decided

    async def match(self, tx: Tx, record: Record, limit: int, *, among: Among | None = None) -> list[Candidate]:
        """At most `limit` persons whom a registration may be, the best first. Changes and locks nothing.

        `among` is given the ids of all source Patients in question, and answers which of them may be found; all others
        neither are candidates nor speak for or against one.
        """
        side = features(record)
        hashed = {block_key(key): key for key in keys(side)}
        found = await index_read.blocks(tx, hashed)
        near = {number for several in found.values() for number in several or ()}
        people = await index_read.load(tx, await index_read.persons(tx, near))
        # No source has this number, this key or this person.
        people.add(Member(0, NOTHING, "", "", "", side))
        judge = await self._judge(tx, people, _crowded([side], found))
        numbers = None if among is None else await _findable(people, near, among)
        return candidates(people, judge, 0, self._model, numbers)[:limit]

    async def judge(self, tx: Tx, people: People) -> Judge:
        """A judge of people at hand, under the names as they are counted now."""
        return await self._judge(tx, people)

    async def save(self, tx: Tx, people: People, doubts: Sequence[Doubt] = ()) -> dict[int, int]:
        """Keep what was decided among `people`; returns the numbers of the decisions."""
        return await self._save(tx, people, doubts, ())

    async def _judge(
        self,
        tx: Tx,
        people: People,
        crowded: Collection[str] = (),
        change: Mapping[int, int] = MappingProxyType({}),
    ) -> Judge:
        sides = [member.side for member in people.members.values()]
        return Judge(people, Scorer(self._model, await frequencies(tx, sides, sharers(sides, crowded), change)))

    async def _join(
        self,
        tx: Tx,
        people: People,
        crowded: Collection[str],
        change: Mapping[int, int],
        counted: Counted,
        pairs: Mapping[int, set[int]],
    ) -> list[Doubt]:
        """Match sources that are all new. Their own names, which are counted, are nearly always all that is weighed,
        and nearly none fits two persons.
        """
        phones = sharers((member.side for member in people.members.values()), crowded)
        own = frequencies_at_hand((people.members[number].side for number in pairs), counted, phones, change)
        try:
            matcher = _match(people, Judge(people, Scorer(self._model, own)), pairs, pairs)
        except (UncountedError, UnreadEdgesError):
            # Two others are weighed against each other. Nothing is decided before all pairs are judged.
            await _learn(tx, people)
            matcher = _match(people, await self._judge(tx, people, crowded, change), pairs, pairs)
        if not matcher.contradicted:
            return matcher.doubts
        await _learn(tx, people)
        return _win_over(people, await self._judge(tx, people, crowded, change), matcher)

    async def _save(
        self,
        tx: Tx,
        people: People,
        doubts: Sequence[Doubt],
        renewed: Collection[UUID],
        fresh: Collection[int] = (),
        change: Mapping[int, int] = MappingProxyType({}),
    ) -> dict[int, int]:
        at, version = self._clock(), self._model.version
        await decisions_write.turn(tx, people.turned)
        await decisions_write.review(tx, people, doubts, renewed, version, at)
        return await decisions_write.record(tx, people, fresh, change, version, at)


async def _learn(tx: Tx, people: People) -> None:
    """Let people know the edges between those who are stored."""
    people.learn(await index_read.edges(tx, people.members))


async def _findable(people: People, near: Collection[int], among: Among) -> set[int]:
    """The sources that may be found, of persons who would be come upon by these sources alone."""
    patients = {member.patient: number for number, member in people.members.items() if number}
    numbers = {patients[patient] for patient in await among(patients)}
    reached = {people.persons[number] for number in numbers.intersection(near)}
    return {number for number in numbers if people.persons[number] in reached}


def _claims(sides: Mapping[UUID, Features]) -> set[str]:
    return {text for pkey, side in sides.items() for text in (f"source:{pkey}", *claims(side))}


def _candidates(keys: Iterable[int], number: int, found: Mapping[int, list[int] | None]) -> set[int]:
    return {other for key in keys for other in found.get(key) or ()} - {number}


def _crowded(sides: Iterable[Features], found: Mapping[int, list[int] | None]) -> set[str]:
    phones = {phone for side in sides for phone in side.phones}
    return {phone for phone in phones if found.get(block_key(f"phone:{phone}"), []) is None}


def _admit(people: People, entries: Iterable[Entry], numbers: Mapping[UUID, int]) -> None:
    for entry in entries:
        number = numbers[entry.pkey]
        person = people.persons.get(number, entry.own)
        people.add(Member(number, entry.pkey, entry.patient, entry.own, person, entry.side))


def _match(people: People, judge: Judge, pairs: Mapping[int, set[int]], fresh: Collection[int]) -> Matcher:
    matcher = Matcher(people, judge)
    matcher.join((number, other) for number in fresh for other in pairs[number])
    for number in sorted(pairs.keys() - fresh):
        matcher.judge_again(number, [(number, other) for other in pairs[number]])
    return matcher


def _win_over(people: People, judge: Judge, matcher: Matcher) -> list[Doubt]:
    """Win over whom the links contradict; returns all that is in doubt."""
    winner = Matcher(people, judge)
    winner.win_over(matcher.contradicted)
    return matcher.doubts + winner.doubts
