"""The client door over a real database: shared commits, isolation of failures, retries."""

from __future__ import annotations

import asyncio

import pytest

from hub.auth.actor import Actor
from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.records.client import ClientWrites
from hub.records.operations import Delete, Update, Written
from hub.records.refusal import ClaimedError, NotYoursError
from tests.records.door import DOCTOR, Watched, create, door_on, patient, with_door


def test_concurrent_writes_share_a_transaction(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        written = await asyncio.gather(*(door.write(DOCTOR, create(f"p{n}")) for n in range(40)))
        assert [w.id for w in written] == [f"p{n}" for n in range(40)]
        assert sum(store.saves) == 40
        assert len(store.saves) <= 3

    with_door(database_url, visit)


def test_one_refusal_does_not_touch_the_writes_beside_it(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        absent = Update(type="Patient", id="nobody", resource=patient())
        answers = await asyncio.gather(
            door.write(DOCTOR, create("p1")),
            door.write(DOCTOR, absent),
            door.write(DOCTOR, create("p2")),
            return_exceptions=True,
        )
        assert [type(answer) for answer in answers] == [Written, NotYoursError, Written]

    with_door(database_url, visit)


@pytest.mark.parametrize(
    "failure", [RuntimeError("defect"), HubError(Category.CONFLICT, "x", code="race"), HubError(Category.INVALID, "x")]
)
def test_a_write_that_breaks_the_transaction_breaks_only_its_own(database_url: str, failure: Exception) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        store.fail = lambda writes: failure if any(write.id == "p2" for write in writes) else None
        answers = await asyncio.gather(*(door.write(DOCTOR, create(f"p{n}")) for n in range(5)), return_exceptions=True)
        assert [isinstance(answer, Written) for answer in answers] == [True, True, False, True, True]
        assert type(answers[2]) is type(failure)

    with_door(database_url, visit)


def test_when_the_database_is_away_nobody_is_tried_again(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        store.fail = lambda _: HubError(Category.UNAVAILABLE, "away", code="database-away")
        answers = await asyncio.gather(*(door.write(DOCTOR, create(f"p{n}")) for n in range(5)), return_exceptions=True)
        assert {answer.category for answer in answers if isinstance(answer, HubError)} == {Category.UNAVAILABLE}
        assert len(store.saves) <= 2

    with_door(database_url, visit)


@pytest.mark.parametrize("code", ["race", "database-collision"])
def test_a_lost_race_is_tried_again(database_url: str, code: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        failures = [HubError(Category.CONFLICT, "lost", code=code)] * 2
        store.fail = lambda _: failures.pop() if failures else None
        written = await door.transaction(DOCTOR, [create("p1"), create("p2")])
        assert [w.result for w in written] == ["created", "created"]

    with_door(database_url, visit)


def test_writes_to_one_resource_follow_each_other(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        await door.write(DOCTOR, create("p1"))
        changes = [Update(type="Patient", id="p1", resource=patient(birthDate=f"19{n}-01-01")) for n in range(60, 70)]
        written = await asyncio.gather(*(door.write(DOCTOR, change) for change in changes))
        assert [w.version for w in written] == list(range(2, 12))
        gone = await door.write(DOCTOR, Delete(type="Patient", id="p1"))
        again = await door.write(DOCTOR, Delete(type="Patient", id="p1"))
        assert (gone.result, again.result, gone.version) == ("deleted", "unchanged", again.version)

    with_door(database_url, visit)


def test_of_equal_claims_in_one_flush_one_wins(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        claim = door.criterion(DOCTOR, "Patient", "identifier=1")
        answers = await asyncio.gather(
            *(door.write(DOCTOR, create(f"p{n}", claim)) for n in range(8)), return_exceptions=True
        )
        lost = [answer for answer in answers if isinstance(answer, ClaimedError)]
        won = [answer for answer in answers if isinstance(answer, Written)]
        assert (len(won), len(lost)) == (1, 7)
        assert {error.holder for error in lost} == {("Patient", won[0].id)}

    with_door(database_url, visit)


def test_a_claim_of_one_who_may_not_write_does_not_stay_behind(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        claim = door.criterion(DOCTOR, "Patient", "identifier=1")
        forbidden = Actor(**{**{f: getattr(DOCTOR, f) for f in DOCTOR.__slots__}, "role": "auditor"})
        with pytest.raises(HubError):
            await door.write(forbidden, create("p1", claim))
        assert (await door.write(DOCTOR, create("p2", claim))).result == "created"

    with_door(database_url, visit)


def test_a_transaction_that_fails_leaves_nothing_not_even_its_claim(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        claim = door.criterion(DOCTOR, "Patient", "identifier=1")
        absent = Delete(type="Patient", id="nobody")
        with pytest.raises(HubError):
            await door.transaction(DOCTOR, [absent, create("p1", claim)])
        written = await door.write(DOCTOR, create("p1", claim))
        assert (written.version, loads(written.body)["id"]) == (1, "p1")

    with_door(database_url, visit)


def test_two_long_transactions_are_at_work_at_a_time_and_a_short_one_waits_for_neither(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        gate = asyncio.Event()
        store.before = lambda writes: gate.wait() if len(writes) > 1 else asyncio.sleep(0)
        long = [
            asyncio.create_task(door.transaction(DOCTOR, [create(f"p{number}-{n}") for n in range(32)]))
            for number in range(3)
        ]
        async with asyncio.timeout(10):
            while len(store.saves) < 2:
                await asyncio.sleep(0.01)
            assert (await door.transaction(DOCTOR, [create("short")]))[0].result == "created"
        assert store.saves == [32, 32, 1]
        gate.set()
        assert [len(written) for written in await asyncio.gather(*long)] == [32, 32, 32]

    with_door(database_url, visit)


def test_two_processes_that_write_the_same_resources_lose_nothing_and_do_not_lock_each_other(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        names = [f"p{n}" for n in range(12)]
        await asyncio.gather(*(door.write(DOCTOR, create(name)) for name in names))
        other_database = await Database.connect(database_url, size=3)
        other = door_on(other_database, Watched())

        async def change(through: ClientWrites, name: str, day: int) -> Written:
            resource = patient(birthDate=f"19{60 + day}-01-0{1 + (through is other)}")
            return await through.write(DOCTOR, Update(type="Patient", id=name, resource=resource))

        written = await asyncio.gather(
            *(change(door, name, day) for day in range(8) for name in names),
            *(change(other, name, day) for day in range(8) for name in reversed(names)),
        )
        await other.close()
        await other_database.close()
        for name in names:
            assert sorted(w.version for w in written if w.id == name and w.version) == list(range(2, 18))

    with_door(database_url, visit)


def test_two_processes_that_claim_one_criterion_make_one_resource(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        other_database = await Database.connect(database_url, size=3)
        other = door_on(other_database, Watched())
        claims = [door.criterion(DOCTOR, "Patient", f"identifier={n}") for n in range(6)]
        answers = await asyncio.gather(
            *(
                through.write(DOCTOR, create(f"{name}-{n}-{again}", claims[n]))
                for again in range(3)
                for name, through, order in (("a", door, range(6)), ("b", other, range(5, -1, -1)))
                for n in order
            ),
            return_exceptions=True,
        )
        await other.close()
        await other_database.close()
        assert sum(isinstance(answer, Written) for answer in answers) == 6
        assert sum(isinstance(answer, ClaimedError) for answer in answers) == 30

    with_door(database_url, visit)
