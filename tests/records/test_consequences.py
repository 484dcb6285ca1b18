"""What a write brings about in the index, in the same transaction."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast
from unittest.mock import AsyncMock, Mock
from uuid import UUID

import asyncpg
import pytest

from hub.db.database import Tx
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import HubError
from hub.kernel.types import Json
from hub.mpi.index import PatientIndex
from hub.records.client import ClientWrites
from hub.records.consequences import Consequences
from hub.records.facts import facts_of
from hub.records.operations import Create, Delete, Operation, Update
from hub.records.relationships import Relationships
from hub.store.store import Store
from hub.store.values import Facts, Relation, Write
from tests.auth.consortium import NOW
from tests.mpi.registry import patient
from tests.mpi.test_index import _ID, mingyuan
from tests.pipeline.fake_feed import message, patient_id, translate
from tests.pipeline.hub_in_a_box import box, run
from tests.records.door import DOCTOR, Watched, with_door
from tests.records.test_ingest import ingest

_KEY = UUID(int=0)


async def _persons(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    try:
        return {row["patient"]: row["person"] for row in await connection.fetch("SELECT patient, person FROM member")}
    finally:
        await connection.close()


def test_a_patient_a_client_writes_has_its_person_when_the_write_is_answered(database_url: str) -> None:
    async def visit(door: ClientWrites, _: Watched) -> dict[str, str]:
        for rid in ("a", "b"):
            await door.write(DOCTOR, Create(type="Patient", id=rid, resource=mingyuan(rid, citizen_id=_ID)))
        one, other = (await _persons(database_url)).values()
        assert one == other
        await door.write(DOCTOR, Update(type="Patient", id="b", resource=patient("b", "赵平", born="1950-02-11")))
        await door.write(DOCTOR, Delete(type="Patient", id="a"))
        return await _persons(database_url)

    persons = with_door(database_url, visit)
    assert len(set(persons.values())) == 2


def test_of_an_observation_that_is_deleted_its_watcher_sees_what_was_marked_entered_in_error() -> None:
    watcher = Mock(note=AsyncMock())

    def write(rid: str, status: str | None) -> Write:
        resource = None if status is None else {"resourceType": "Observation", "id": rid, "status": status}
        return Write(type="Observation", id=rid, resource=resource, patient="p", facts=Facts(author_org="F05"))

    store = Store(fixed_clock(NOW))
    ties = Relationships(facilities=frozenset(), care=timedelta(days=30), canonical_base="https://hub.example/fhir")
    follows = Consequences(store, Mock(), ties, Mock(), Mock(), watcher)
    writes = [write("a", "final"), write("b", "entered-in-error"), write("b", None), write("a", "amended")]
    asyncio.run(follows.follow(Mock(), [*writes, write("c", None)]))
    ((_, told),) = (each.args for each in watcher.note.await_args_list)
    assert [(rid, resource["status"]) for rid, resource in told] == [("a", "amended"), ("b", "entered-in-error")]


def test_a_contract_that_its_facility_may_not_lay_down_opens_nothing_where_nobody_can_be_told() -> None:
    episode = {"resourceType": "EpisodeOfCare", "id": "e"}
    write = Write(type="EpisodeOfCare", id="e", resource=episode, patient="p", facts=Facts(author_org="F05"))
    managed = Relation(pkey=_KEY, key=_KEY, kind="managed", party="Practitioner/x")
    store, contracts = Mock(put_relations=AsyncMock()), Mock(admits=AsyncMock(side_effect=[False, False, True]))
    follows = Consequences(store, Mock(), Mock(**{"of.return_value": [managed]}), contracts, Mock())
    asyncio.run(follows.follow(Mock(), [write]))
    with pytest.raises(HubError, match="registered"):
        asyncio.run(follows.follow(Mock(), [write], strict=True))
    store.put_relations.assert_not_awaited()
    asyncio.run(follows.follow(Mock(), [write]))
    store.put_relations.assert_awaited_once()


def test_a_refused_write_leaves_no_trace_in_the_index(database_url: str) -> None:
    async def visit(door: ClientWrites, _: Watched) -> None:
        writes: list[Operation] = [
            Create(type="Patient", id="a", resource=mingyuan("a")),
            Update(type="Patient", id="b", resource=mingyuan("b"), expected=7),
        ]
        with pytest.raises(HubError):
            await door.transaction(DOCTOR, writes)
        assert await _persons(database_url) == {}

    with_door(database_url, visit)


def test_a_merge_message_links_both_numbers_once_however_often_it_is_replayed(database_url: str) -> None:
    async def story() -> None:
        async with box(database_url) as hub:
            for number, key in ((1, "A"), (2, "B")):
                await ingest(hub, number, translate(message(str(number), key)))
            for _ in range(2):
                await ingest(hub, 3, translate(message("3", "A", other="B", merge=True)))
            persons = await _persons(database_url)
            assert persons[patient_id("A")] == persons[patient_id("B")]
            async with hub.database.connection() as tx:
                decisions: list[Any] = await tx.fetch("SELECT kind, message FROM mpi_decision")
            assert [tuple(row) for row in decisions] == [("merge", 3)]

    run(story())


def test_replaced_terminology_is_dropped_once_when_all_else_is_done() -> None:
    done: list[str] = []

    class Said:
        async def put(self, _: Tx, resource: Json) -> None:
            done.append(resource["id"])

        async def remove(self, _: Tx, kind: str, rid: str) -> None:
            done.append(f"-{kind}/{rid}")

        async def tidy(self, _: Tx) -> None:
            done.append("tidy")

        def committed(self) -> None:
            done.append("committed")

        async def register(self, *_: object) -> None:
            done.append("index")

    said, none = Said(), cast(Any, None)
    facts = facts_of({"resourceType": "CodeSystem"}, "", ())

    def of(kind: str, rid: str, resource: Json | None) -> Write:
        return Write(type=kind, id=rid, resource=resource, patient=None, facts=facts, current=None)

    codes = [of("CodeSystem", rid, {"resourceType": "CodeSystem"}) for rid in "ab"]
    relationships = Mock(**{"of.return_value": []})
    follows = Consequences(none, cast(PatientIndex, said), relationships, none, said)
    patient_too = of("Patient", "p", {"resourceType": "Patient"})
    asyncio.run(follows.follow(none, [*codes, of("ValueSet", "c", None), patient_too]))
    assert done == ["a", "b", "-ValueSet/c", "index", "tidy"]
    done.clear()
    asyncio.run(follows.follow(none, [patient_too]))
    assert done == ["index"]
