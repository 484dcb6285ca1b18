"""Saving and loading: versions, no-op updates, deletions, races."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.store import write
from hub.store.batch import same_content
from hub.store.store import Store
from hub.store.values import Stored, Write
from tests.store.support import FACTS, NOW, patient, run, save, stored


def after(one: Write, current: Stored | None, **changes: Any) -> Write:
    resource = None if changes.get("delete") else {**(one.resource or {}), **changes}
    return Write(type=one.type, id=one.id, resource=resource, patient=one.patient, facts=one.facts, current=current)


def test_a_created_resource_is_read_back_with_its_facts_and_meta(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        saved = await save(database, store, patient("a", active=True))
        found = await stored(database, store, "a")
        assert (saved[0].outcome, saved[0].version) == ("created", 1)
        assert found.body == saved[0].body
        assert loads(found.body)["meta"] == {"versionId": "1", "lastUpdated": "2026-05-20T01:02:03.456789Z"}
        assert (found.facts, found.patient, found.updated, found.deleted) == (FACTS, "a", NOW, False)

    run(database_url, work)


def test_an_update_moves_the_superseded_version_to_history_and_a_create_writes_none(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        first = patient("a", active=True)
        await save(database, store, first)
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM history") == 0
        await save(database, store, after(first, await stored(database, store, "a"), active=False))
        async with database.connection() as connection:
            versions = await store.versions(connection, "Patient", "a")
            old = await store.load_version(connection, "Patient", "a", 1)
            assert [(v.version, loads(v.body)["active"]) for v in versions] == [(2, False), (1, True)]
            assert old == versions[1]
            assert await store.load_version(connection, "Patient", "a", 3) is None

    run(database_url, work)


@pytest.mark.parametrize("source", ["urn:one", "urn:two"])
def test_an_update_that_says_what_stands_writes_nothing(database_url: str, source: str) -> None:
    async def work(database: Database, store: Store) -> None:
        first = patient("a", meta={"source": "urn:one"}, active=True)
        await save(database, store, first)
        current = await stored(database, store, "a")
        same = after(first, current, meta={"source": source, "versionId": "9"})
        assert [s.outcome for s in await save(database, store, same)] == ["unchanged"]
        assert await stored(database, store, "a") == current
        async with database.connection() as connection:
            assert len(await store.changes(connection)) == 1

    run(database_url, work)


def test_another_precision_of_the_same_number_is_a_change() -> None:
    assert same_content({"a": 1, "b": Decimal("1.0")}, {"b": Decimal("1.0"), "a": 1})
    assert not same_content({"b": Decimal("1.0")}, {"b": Decimal("1.00")})


def test_several_writes_to_one_resource_make_a_version_each_in_their_order(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        first = patient("a", active=True)
        saved = await save(database, store, first, after(first, None, active=False), after(first, None, gender="male"))
        assert [(s.version, s.outcome) for s in saved] == [(1, "created"), (2, "updated"), (3, "updated")]
        async with database.connection() as connection:
            assert [v.version for v in await store.versions(connection, "Patient", "a")] == [3, 2, 1]
            assert (await store.versions(connection, "Patient", "a", below=3, limit=1))[0].version == 2

    run(database_url, work)


def test_a_batch_written_in_portions_leaves_what_it_would_at_once(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(database: Database, store: Store) -> None:
        monkeypatch.setattr(write, "_PORTION", 2)
        first, other = patient("a", active=True), patient("b", active=True)
        await save(database, store, patient("d", active=True))
        before = await stored(database, store, "d")
        saved = await save(
            database,
            store,
            first,
            other,
            after(first, None, active=False),
            after(patient("d"), before, active=False),
            after(other, None, delete=True),
            after(first, None, gender="male"),
            after(patient("d"), before, gender="male"),
        )
        assert [(s.id, s.version, s.outcome) for s in saved] == [
            ("a", 1, "created"),
            ("b", 1, "created"),
            ("a", 2, "updated"),
            ("d", 2, "updated"),
            ("b", 2, "deleted"),
            ("a", 3, "updated"),
            ("d", 3, "updated"),
        ]
        async with database.connection() as connection:
            for rid, versions in (("a", 3), ("b", 2), ("d", 3)):
                found = await store.versions(connection, "Patient", rid)
                assert [one.version for one in found] == list(range(versions, 0, -1))
                every_one = await store.all_versions(connection, [("Patient", "a"), ("Patient", "b"), ("Patient", "d")])
                assert every_one["Patient", rid] == found[::-1]
                told = [(c.id, c.version) for c in await store.changes(connection) if c.id == rid]
                assert told == [(rid, version) for version in range(1, versions + 1)]

    run(database_url, work)


def test_of_a_batch_in_portions_a_lost_race_in_the_last_leaves_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(database: Database, store: Store) -> None:
        monkeypatch.setattr(write, "_PORTION", 1)
        await save(database, store, patient("b", active=True))
        with pytest.raises(HubError) as refusal:
            await save(database, store, patient("a", active=True), patient("b", active=False))
        assert refusal.value.category is Category.CONFLICT
        async with database.connection() as connection:
            assert await store.load(connection, [("Patient", "a")]) == {}

    run(database_url, work)


def test_nothing_is_kept_of_writes_nobody_asks_the_answers_of(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        async with database.transaction() as tx:
            assert await store.save(tx, [patient("a", active=True)], answered=False) == []
        assert loads((await stored(database, store, "a")).body)["active"] is True

    run(database_url, work)


def test_a_deletion_leaves_a_version_without_a_body_and_a_later_write_creates_anew(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        first = patient("a", active=True)
        await save(database, store, first)
        deletion = after(first, await stored(database, store, "a"), delete=True)
        assert [s.outcome for s in await save(database, store, deletion)] == ["deleted"]
        grave = await stored(database, store, "a")
        assert (grave.deleted, grave.body, grave.version) == (True, b"", 2)
        again = await save(database, store, after(first, grave, delete=True), after(first, grave))
        assert [(s.outcome, s.version) for s in again] == [("unchanged", 2), ("created", 3)]

    run(database_url, work)


def test_deleting_what_never_was_is_not_found(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        with pytest.raises(HubError) as caught:
            await save(database, store, after(patient("a"), None, delete=True))
        assert caught.value.category is Category.NOT_FOUND

    run(database_url, work)


def test_a_text_the_database_cannot_hold_is_refused_and_an_escaped_one_is_not(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        with pytest.raises(HubError) as caught:
            await save(database, store, patient("a", name=[{"family": "x\0y"}]))
        assert caught.value.category is Category.INVALID
        assert (await save(database, store, patient("a", name=[{"family": "x\\u0000y"}])))[0].version == 1

    run(database_url, work)


def test_of_two_concurrent_creates_one_is_a_conflict(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        results = await asyncio.gather(
            *(save(database, store, patient("a", gender=gender)) for gender in ("male", "female")),
            return_exceptions=True,
        )
        errors = [result for result in results if isinstance(result, HubError)]
        assert [error.category for error in errors] == [Category.CONFLICT]
        assert (await stored(database, store, "a")).version == 1

    run(database_url, work)


def test_of_two_concurrent_updates_one_is_a_conflict(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        first = patient("a")
        await save(database, store, first)
        current = await stored(database, store, "a")
        results = await asyncio.gather(
            *(save(database, store, after(first, current, gender=gender)) for gender in ("male", "female")),
            return_exceptions=True,
        )
        errors = [result for result in results if isinstance(result, HubError)]
        assert [error.category for error in errors] == [Category.CONFLICT]
        assert (await stored(database, store, "a")).version == 2

    run(database_url, work)


def test_loading_with_a_lock_waits_for_the_change_under_way_and_sees_it(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        first = patient("a")
        await save(database, store, first)

        async def change(gender: str) -> int:
            async with database.transaction() as tx:
                current = (await store.load(tx, [("Patient", "a")], lock=True))["Patient", "a"]
                await asyncio.sleep(0.05)
                return (await store.save(tx, [after(first, current, gender=gender)]))[0].version

        assert sorted(await asyncio.gather(*(change(g) for g in ("male", "female", "other")))) == [2, 3, 4]

    run(database_url, work)


def test_a_resource_may_not_change_the_patient_it_belongs_to(database_url: str) -> None:
    async def work(database: Database, store: Store) -> None:
        write = Write(
            type="Observation",
            id="o",
            resource={"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/a"}},
            patient="a",
            facts=FACTS,
        )
        await save(database, store, write)
        async with database.connection() as connection:
            current = (await store.load(connection, [("Observation", "o")]))["Observation", "o"]
        moved = Write(
            type="Observation",
            id="o",
            resource={"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/b"}},
            patient="b",
            facts=FACTS,
            current=current,
        )
        for bad in (moved, Write(**{**_fields(moved), "patient": "a"})):
            with pytest.raises(HubError) as caught:
                await save(database, store, bad)
            assert caught.value.category is Category.INVALID

    run(database_url, work)


def _fields(write: Write) -> dict[str, Any]:
    return {name: getattr(write, name) for name in Write.__struct_fields__}
