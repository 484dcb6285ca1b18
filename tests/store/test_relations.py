"""Relations stand as long as the version of the resource they follow from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hub.db.database import Database
from hub.kernel.ids import reference_key
from hub.store.store import Store
from hub.store.values import Relation, RelationKind, Stored
from tests.store.support import NOW, run, save, stored, write

ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "Patient/a"},
}
PKEY = reference_key("Patient", "a")


def relation(
    party: str = "F01",
    low: datetime | None = None,
    high: datetime | None = None,
    *,
    kind: RelationKind = "care",
    pkey: UUID = PKEY,
    of: str = "e",
) -> Relation:
    return Relation(pkey=pkey, key=reference_key("Encounter", of), kind=kind, party=party, low=low, high=high)


async def put(database: Database, store: Store, *rows: Relation) -> None:
    async with database.transaction() as tx:
        await store.put_relations(tx, rows)


async def all_of(database: Database, store: Store, *pkeys: UUID) -> list[Relation]:
    async with database.connection() as tx:
        return await store.relations(tx, pkeys or [PKEY])


async def encounter(database: Database, store: Store) -> Stored:
    return await stored(database, store, "e", "Encounter")


def test_relations_are_read_by_patient_with_their_open_ends(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        rows = [relation(), relation("F02", NOW, NOW + timedelta(days=1)), relation("F03", NOW)]
        elsewhere = relation("Practitioner/p", high=NOW, kind="managed", pkey=reference_key("Patient", "b"))
        await put(database, store, *rows, elsewhere)
        assert sorted(await all_of(database, store), key=lambda row: row.party) == rows
        assert await all_of(database, store, elsewhere.pkey) == [elsewhere]
        assert await all_of(database, store, reference_key("Patient", "c")) == []

    run(database_url, work)


def test_the_longest_of_two_relations_that_begin_together_counts(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        longer = relation(low=NOW, high=NOW + timedelta(days=2))
        await put(database, store, longer, relation(low=NOW, high=NOW + timedelta(days=1)))
        assert await all_of(database, store) == [longer]

    run(database_url, work)


def test_a_new_version_of_a_resource_takes_the_relations_of_the_old_one_away(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, write(ENCOUNTER))
        await put(database, store, relation(), relation(of="other"))
        current = await encounter(database, store)
        await save(database, store, write({**ENCOUNTER, "status": "planned"}, current=current))
        assert await all_of(database, store) == [relation(of="other")]
        await put(database, store, relation("F02"))
        assert {row.party for row in await all_of(database, store)} == {"F01", "F02"}

    run(database_url, work)


def test_a_deleted_resource_leaves_no_relation(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        made = write(ENCOUNTER)
        await save(database, store, made)
        await put(database, store, relation())
        gone = type(made)(
            type="Encounter",
            id="e",
            resource=None,
            patient="a",
            facts=made.facts,
            current=await encounter(database, store),
        )
        await save(database, store, gone)
        assert await all_of(database, store) == []

    run(database_url, work)


def test_writing_what_stands_keeps_its_relations(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        await save(database, store, write(ENCOUNTER))
        await put(database, store, relation())
        await save(database, store, write(ENCOUNTER, current=await encounter(database, store)))
        await put(database, store, relation(high=datetime(2027, 1, 1, tzinfo=UTC)))
        assert [row.high for row in await all_of(database, store)] == [datetime(2027, 1, 1, tzinfo=UTC)]

    run(database_url, work)
