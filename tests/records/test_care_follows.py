"""What the doors write is followed, in the same transaction, by who looks after whom."""

from __future__ import annotations

from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.records.client import ClientWrites
from hub.records.facts import facts_of
from hub.records.operations import Create, Delete, Update
from hub.store.store import Store
from hub.store.values import Relation, Write
from tests.records.door import DOCTOR, Watched, with_door

ENCOUNTER: Json = {
    "resourceType": "Encounter",
    "status": "in-progress",
    "class": {"code": "AMB"},
    "subject": {"reference": "Patient/F05-w"},
    "period": {"start": "2026-05-01"},
}


async def _relations(door: ClientWrites, store: Store) -> list[Relation]:
    async with door._database.connection() as tx:
        return await store.relations(tx, [reference_key("Patient", "F05-w")])


def test_care_follows_from_an_encounter_as_it_stands_and_ends_with_it(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        made = await door.write(DOCTOR, Create(type="Encounter", id="F05-e", resource=ENCOUNTER))
        (open_end,) = await _relations(door, store)
        assert (open_end.kind, open_end.party, open_end.high) == ("care", "F05", None)
        ended = {**ENCOUNTER, "status": "finished", "period": {"start": "2026-05-01", "end": "2026-05-02"}}
        await door.write(DOCTOR, Update(type="Encounter", id=made.id, resource=ended))
        (over,) = await _relations(door, store)
        assert over.high is not None
        await door.write(DOCTOR, Delete(type="Encounter", id=made.id))
        assert await _relations(door, store) == []

    with_door(database_url, visit)


def test_of_several_versions_in_one_transaction_the_last_counts(database_url: str) -> None:
    cancelled = {**ENCOUNTER, "status": "cancelled"}

    def write(resource: Json) -> Write:
        facts = facts_of(resource, "F05")
        return Write(type="Encounter", id="F05-e", resource=resource, patient="F05-w", facts=facts)

    async def visit(door: ClientWrites, store: Watched) -> None:
        async with door._database.transaction() as tx:
            await door._consequences.follow(tx, [write(ENCOUNTER), write(cancelled)])
        assert await _relations(door, store) == []
        async with door._database.transaction() as tx:
            await door._consequences.follow(tx, [write(cancelled), write(ENCOUNTER)])
        assert len(await _relations(door, store)) == 1

    with_door(database_url, visit)


def test_saying_the_same_again_keeps_the_relation(database_url: str) -> None:
    async def visit(door: ClientWrites, store: Watched) -> None:
        for _ in range(2):
            await door.write(DOCTOR, Update(type="Encounter", id="F05-e", resource={**ENCOUNTER, "id": "F05-e"}))
        assert len(await _relations(door, store)) == 1

    with_door(database_url, visit)
