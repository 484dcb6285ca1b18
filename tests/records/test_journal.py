"""The audit entries of client writes: with the write or not at all, and before any refusal is told."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from hub.audit.entry import Entry, Interaction, Origin, Outcome
from hub.audit.trail import Trail
from hub.db.database import Database
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.types import Json
from hub.records.client import ClientWrites
from hub.records.operations import Create, Delete, Operation, Update
from hub.records.refusal import ClaimedError
from tests.auth.consortium import NOW
from tests.records.door import DOCTOR, Watched, create, door_on, entries, patient, with_door

T = TypeVar("T")
ORIGIN = Origin(address="192.0.2.7", request="r-1")
HOSPITAL = replace(DOCTOR, organization="F01", token_id="t2")
LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}


def in_trail(url: str, visit: Callable[[ClientWrites, Database], Awaitable[T]], log: io.StringIO | None = None) -> T:
    """Run `visit` with a door and the database its trail is in; `log` takes what it logs."""

    async def run() -> T:
        database = await Database.connect(url, size=3)
        trail = Trail(database, Log("test", stream=log or io.StringIO()), seconds=1.0)
        door = door_on(database, Watched(), trail)
        try:
            return await visit(door, database)
        finally:
            await door.close()
            await trail.close()
            await database.close()

    return asyncio.run(run())


def seen(subject: str, **elements: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "subject": {"reference": subject}, **elements}


def told(entry: Entry) -> tuple[object, ...]:
    """What an entry says of a write."""
    return entry.interaction.value, entry.resource_type, entry.resource_id, entry.version, entry.patients


async def refused(door: ClientWrites, operation: Operation) -> HubError:
    with pytest.raises(HubError) as caught:
        await door.write(DOCTOR, operation, origin=ORIGIN)
    return caught.value


def test_every_write_that_is_done_names_who_what_which_version_and_whose(database_url: str) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        for operation in (
            Create(type="Observation", id="o1", resource=seen("Patient/p1")),
            Update(type="Observation", id="o1", resource=seen("Patient/p1", status="amended")),
            Update(type="Observation", id="o1", resource=seen("Patient/p1", status="amended")),
            Delete(type="Observation", id="o1"),
            Delete(type="Observation", id="o1"),
            Update(type="Practitioner", id="F05-9", resource={"resourceType": "Practitioner"}),
        ):
            await door.write(DOCTOR, operation, origin=ORIGIN)
        kept = await entries(database)
        assert [told(entry) for entry in kept] == [
            ("create", "Observation", "o1", 1, ("p1",)),
            ("update", "Observation", "o1", 2, ("p1",)),
            ("update", "Observation", "o1", 2, ("p1",)),
            ("delete", "Observation", "o1", 4, ("p1",)),
            ("delete", "Observation", "o1", 4, ("p1",)),
            ("update", "Practitioner", "F05-9", 1, ()),
        ]
        assert {(e.outcome, e.origin, e.requester.token_id, e.requester.organization, e.time) for e in kept} == {
            (Outcome.RELEASED, ORIGIN, "t", "F05", NOW)
        }

    in_trail(database_url, visit)


def test_deleting_what_never_was_is_entered_as_a_look_at_nothing(database_url: str) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        await door.write(DOCTOR, Delete(type="Observation", id="F05-never"), origin=ORIGIN)
        (entry,) = await entries(database)
        assert told(entry) == ("delete", "Observation", "F05-never", None, ())
        assert (entry.outcome, entry.grounds, entry.types) == (Outcome.ABSENT, (), {})

    in_trail(database_url, visit)


def test_concurrent_writes_each_have_an_entry_under_their_own_actor(database_url: str) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        actors = [replace(DOCTOR, token_id=f"t{n}") for n in range(40)]
        await asyncio.gather(*(door.write(actor, create(f"p{n}")) for n, actor in enumerate(actors)))
        kept = await entries(database)
        assert {(e.requester.token_id, e.resource_id) for e in kept} == {(f"t{n}", f"p{n}") for n in range(40)}
        assert len(kept) == 40

    in_trail(database_url, visit)


def test_a_write_and_its_entry_are_one_transaction(database_url: str) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        await door.write(DOCTOR, create("p1"))
        await door.transaction(DOCTOR, [create("p2"), create("p3")])
        async with database.connection() as tx:
            written = await tx.fetch("SELECT DISTINCT xmin::text FROM resource ORDER BY 1")
            audited = await tx.fetch("SELECT DISTINCT xmin::text FROM audit ORDER BY 1")
        assert [tuple(row) for row in written] == [tuple(row) for row in audited]
        assert len(written) == 2

    in_trail(database_url, visit)


@pytest.mark.parametrize("whole", [False, True])
def test_a_write_whose_entry_cannot_be_written_is_not_done(database_url: str, whole: bool) -> None:
    log = io.StringIO()

    async def visit(door: ClientWrites, database: Database) -> None:
        async with database.connection() as tx:
            await tx.execute("ALTER TABLE audit ADD CHECK (interaction = 'read')")
        with pytest.raises(HubError) as caught:
            named = patient(name=[{"family": "沈"}])
            operation = Create(type="Patient", id="p1", resource=named)
            await (door.transaction(DOCTOR, [operation]) if whole else door.write(DOCTOR, operation))
        assert (caught.value.category, caught.value.where) == (Category.UNAVAILABLE, "audit")
        async with database.connection() as tx:
            assert await tx.fetchval("SELECT count(*) FROM resource") == 0

    in_trail(database_url, visit, log)
    assert '"event": "audit-not-written"' in log.getvalue()
    assert "p1" not in log.getvalue()
    assert "\\u6c88" not in log.getvalue()


def test_a_write_that_waits_too_long_for_the_trail_is_not_done(database_url: str) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        async with database.transaction() as tx:
            await tx.execute("LOCK TABLE audit IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(HubError) as caught:
                await door.write(DOCTOR, create("p1"))
        assert caught.value.category is Category.UNAVAILABLE
        async with database.connection() as tx:
            assert await tx.fetchval("SELECT count(*) FROM resource") == 0
        assert (await door.write(DOCTOR, create("p1"))).version == 1

    in_trail(database_url, visit)


@pytest.mark.parametrize(
    ("actor", "operation", "reason", "outcome", "rid"),
    [
        (replace(DOCTOR, role="auditor"), create("p9"), "role", "refused", None),
        (DOCTOR, Create(type="Consent", id="c1", resource={}), "reserved-type", "refused", None),
        (replace(DOCTOR, scopes=("user/*.rs",)), create("p9"), "scope", "refused", None),
        (replace(DOCTOR, scopes=("user/*.cr",)), Delete(type="Observation", id="o1"), "scope", "refused", "o1"),
        (HOSPITAL, Update(type="Observation", id="o1", resource=seen("Patient/p1")), "not-yours", "refused", "o1"),
        (HOSPITAL, Delete(type="Observation", id="o1"), "not-yours", "refused", "o1"),
        (DOCTOR, Delete(type="Observation", id="o2"), "not-yours", "absent", "o2"),
        (DOCTOR, Update(type="Observation", id="o1", resource=seen("Patient/p2")), "subject-changed", "refused", "o1"),
        (DOCTOR, Delete(type="Observation", id="o1", expected=7), "precondition", "refused", "o1"),
        (DOCTOR, Update(type="Patient", id="沈\0/..", resource=patient()), "not-yours", "absent", "%E6%B2%88%00%2F.."),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_refused_write_leaves_its_reason(
    database_url: str, actor: Any, operation: Operation, reason: str, outcome: str, rid: str | None, whole: bool
) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        await door.write(DOCTOR, Create(type="Observation", id="o1", resource=seen("Patient/p1")))
        with pytest.raises(HubError):
            if whole:
                await door.transaction(actor, [replace(operation, where="Bundle.entry[1]")], origin=ORIGIN)
            else:
                await door.write(actor, operation, origin=ORIGIN)
        first, entry = await entries(database)
        assert first.interaction is Interaction.CREATE
        assert (entry.interaction is Interaction.TRANSACTION) is whole
        assert (entry.reason, entry.outcome.value) == (reason, outcome)
        assert (entry.resource_type, entry.resource_id, entry.version) == (operation.type, rid, None)
        assert (entry.patients, dict(entry.types), entry.origin) == ((), {}, ORIGIN)
        assert entry.requester.role == actor.role

    in_trail(database_url, visit)


def test_a_refusal_is_not_told_before_it_is_in_the_trail(database_url: str) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        async with database.connection() as tx:
            await tx.execute("DROP TABLE audit")
        told_instead = await refused(door, Delete(type="Patient", id="p1"))
        assert (told_instead.category, told_instead.where) == (Category.UNAVAILABLE, "audit")

    in_trail(database_url, visit)


def test_labels_an_update_left_out_are_kept_and_the_attempt_is_recorded(database_url: str) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        labelled = seen("Patient/p1", meta={"security": [LABEL]})
        await door.write(DOCTOR, Create(type="Observation", id="o1", resource=labelled))
        lowered = seen("Patient/p1", meta={"security": [{**LABEL, "code": "N"}]})
        await door.write(DOCTOR, Update(type="Observation", id="o1", resource=lowered))
        both = seen("Patient/p1", status="amended", meta={"security": [{**LABEL, "code": "N"}, LABEL]})
        await door.write(DOCTOR, Update(type="Observation", id="o1", resource=both))
        assert [entry.reason for entry in await entries(database)] == [None, "labels-kept", None]

    in_trail(database_url, visit)


def test_a_transaction_has_an_entry_for_each_version_and_one_for_the_whole(database_url: str) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        observation = Create(type="Observation", id="o1", resource=seen("Patient/p1"))
        await door.transaction(DOCTOR, [create("p1"), observation], origin=ORIGIN)
        await door.transaction(DOCTOR, [], origin=ORIGIN)
        first, second, whole, empty = await entries(database)
        assert [told(entry) for entry in (first, second)] == [
            ("create", "Patient", "p1", 1, ("p1",)),
            ("create", "Observation", "o1", 1, ("p1",)),
        ]
        assert told(whole) == told(empty) == ("transaction", None, None, None, ())
        assert (dict(whole.types), dict(empty.types)) == ({"Patient": 1, "Observation": 1}, {})
        assert {entry.origin for entry in (first, second, whole, empty)} == {ORIGIN}

    in_trail(database_url, visit)


def test_a_refused_transaction_names_the_entry_at_fault_and_claims_no_write(database_url: str) -> None:
    async def visit(door: ClientWrites, database: Database) -> None:
        operations = [replace(create("p1"), where="Bundle.entry[1]")]
        operations += [replace(create(f"p{n}"), where=f"Bundle.entry[{n}]") for n in range(2, 12)]
        guilty = Delete(type="Observation", id="nobody", where="Bundle.entry[12]")
        with pytest.raises(HubError):
            await door.transaction(DOCTOR, [*operations, guilty])
        (entry,) = await entries(database)
        assert (entry.resource_type, entry.resource_id, entry.reason) == ("Observation", "nobody", "not-yours")

    in_trail(database_url, visit)


def test_failures_of_the_hub_and_lost_races_are_no_refusals(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> list[Entry]:
        claim = door.criterion(DOCTOR, "Patient", "identifier=1")
        await door.write(DOCTOR, create("p1", claim))
        with pytest.raises(ClaimedError):
            await door.write(DOCTOR, create("p2", claim))
        store.fail = lambda _: HubError(Category.UNAVAILABLE, "away", code="database-away")
        with pytest.raises(HubError):
            await door.write(DOCTOR, create("p3"))
        database = await Database.connect(database_url, size=1)
        kept = await entries(database)
        await database.close()
        return kept

    assert [entry.resource_id for entry in with_door(database_url, visit)] == ["p1"]


def test_a_write_that_is_tried_again_has_one_entry(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> list[Entry]:
        failures = [HubError(Category.CONFLICT, "lost", code="race")] * 2
        store.fail = lambda _: failures.pop() if failures else None
        await door.write(DOCTOR, create("p1"))
        database = await Database.connect(database_url, size=1)
        kept = await entries(database)
        await database.close()
        return kept

    assert len(with_door(database_url, visit)) == 1
