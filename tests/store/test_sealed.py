"""Sealed bodies: read as if they were not, refused in another row, absent once their key is erased."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import HubError
from hub.kernel.ids import reference_key
from hub.sealing.suites import Suite
from hub.store.codec import encode
from hub.store.store import Store
from hub.store.values import Portion
from hub.store.walk import Stretch
from tests.sealing.support import connect, keyring, run
from tests.store.support import EVERYTHING, NOW, ask, observation, patient, save, stored, write

SECRET = "王秘密"
RECORD = Portion(
    patients=("a",), types=frozenset({"Patient", "Observation"}), leading=frozenset(), referred=frozenset()
)


async def filled(database: Database, store: Store) -> None:
    """Two patients, one of them with two versions, an Observation each, and an Organization about nobody."""
    await save(database, store, patient("a", name=[{"text": SECRET}]), patient("b", name=[{"text": SECRET}]))
    current = await stored(database, store, "a")
    await save(database, store, write(dict(loads(current.body), gender="female"), current=current))
    observations = [write(observation(f"o{who}", who, note=[{"text": SECRET}])) for who in "ab"]
    await save(database, store, *observations, write({"resourceType": "Organization", "id": "f", "name": SECRET}))


async def raw_bodies(database: Database) -> list[bytes]:
    async with database.connection() as tx:
        return [row[0] for row in await tx.fetch("SELECT body FROM resource UNION ALL SELECT body FROM history")]


@pytest.mark.parametrize("suite", Suite)
def test_every_way_to_read_gives_what_was_written_and_the_database_holds_none_of_it(
    database_url: str, suite: Suite
) -> None:
    async def work(database: Database) -> None:
        store = Store(fixed_clock(NOW))
        await filled(database, store)
        bodies = await raw_bodies(database)
        assert len(bodies) == 6
        assert all(body[:2] == bytes([3, suite.code]) for body in bodies)
        async with database.transaction() as tx:
            found = await ask(tx, store, "Observation", [("_include", "Observation:subject")], count=1)
            assert [SECRET in one.body.decode() for one in (*found.matches, *found.included)] == [True, True]
            again = await ask(
                tx, store, "Observation", [("_include", "Observation:subject")], count=1, after=found.next
            )
            assert [one.id for one in (*found.matches, *again.matches)] == ["ob", "oa"]
            assert [one.version for one in await store.versions(tx, "Patient", "a")] == [2, 1]
            record = await store.everything(tx, RECORD, EVERYTHING, count=10)
            assert {one.id for one in record.matches} == {"a", "oa"}
            walked = [one.id async for piece in store.walk(tx, Stretch(type="Patient"), EVERYTHING) for one in piece]
            assert sorted(walked) == ["a", "b"]

    run(database_url, work, keyring(suite), suite=suite)


def test_a_body_in_another_row_or_version_is_refused_and_nothing_of_it_is_told(database_url: str) -> None:
    async def work(database: Database) -> None:
        store = Store(fixed_clock(NOW))
        await filled(database, store)
        swaps = (
            "UPDATE resource SET body = (SELECT body FROM resource WHERE id = 'ob') WHERE id = 'oa'",
            "UPDATE resource SET body = (SELECT body FROM history WHERE id = 'a') WHERE id = 'a'",
            "UPDATE resource SET body = (SELECT body FROM resource WHERE id = 'oa') WHERE id = 'a'",
        )
        for swap in swaps:
            with pytest.raises(HubError) as caught:
                async with database.transaction() as tx:
                    await tx.execute(swap)
                    await store.load(tx, [("Observation", "oa"), ("Patient", "a")])
            assert caught.value.code == "seal-broken"
            assert SECRET not in str(caught.value)
        async with database.connection() as tx:
            assert len(await store.load(tx, [("Observation", "oa"), ("Patient", "a")])) == 2

    run(database_url, work)


def test_plain_rows_stay_readable_beside_sealed_ones(database_url: str) -> None:
    async def work(database: Database) -> None:
        store = Store(fixed_clock(NOW))
        plain = await connect(database_url, keyring(None), size=1)
        try:
            await save(plain, store, patient("old"))
            await save(database, store, patient("new"))
            async with plain.connection() as tx:
                assert len(await store.load(tx, [("Patient", "old"), ("Patient", "new")])) == 2
            assert sorted(body[0] for body in await raw_bodies(database)) == [2, 3]
        finally:
            await plain.close()

    run(database_url, work)


def test_of_an_erased_patient_every_read_answers_as_if_there_were_none(database_url: str) -> None:
    async def work(database: Database) -> None:
        store = Store(fixed_clock(NOW))
        await filled(database, store)
        erase = "UPDATE data_key SET wrapped = NULL, erased = now() WHERE owner = $1"
        other = await connect(database_url, keyring(), size=1)
        try:
            async with other.transaction() as tx:
                await tx.execute(erase, reference_key("Patient", "a"))
                assert await store.load(tx, [("Patient", "a"), ("Observation", "oa")]) == {}
                assert await store.versions(tx, "Patient", "a") == []
                found = await ask(tx, store, "Observation", [("_sort", "_id")], count=1)
                assert found.matches == []
                following = await ask(tx, store, "Observation", [("_sort", "_id")], count=1, after=found.next)
                assert [one.id for one in following.matches] == ["ob"]
                record = await store.everything(tx, RECORD, EVERYTHING, count=10)
                assert record.matches == []
                walked = [
                    one.id async for piece in store.walk(tx, Stretch(type="Patient"), EVERYTHING) for one in piece
                ]
                assert walked == ["b"]
        finally:
            await other.close()

    run(database_url, work)


def test_erased_versions_in_the_middle_of_a_history_end_none_of_its_pages(database_url: str) -> None:
    """A resource moved from the record of `a` to that of `b`, and on to that of `c`; `b` is erased."""

    async def work(database: Database) -> None:
        store = Store(fixed_clock(NOW))
        await save(database, store, *(patient(who) for who in "abc"), write(observation("o", "a")))
        for who in "bc":
            async with database.connection() as tx:
                current = (await store.load(tx, [("Observation", "o")]))["Observation", "o"]
            await save(database, store, replace(write(observation("o", who), current=current), moved=True))
        async with database.transaction() as tx:
            await tx.execute(
                "UPDATE data_key SET wrapped = NULL, erased = now() WHERE owner = $1", reference_key("Patient", "b")
            )
        fresh = await connect(database_url, keyring(), size=1)
        try:
            async with fresh.connection() as tx:
                page = await store.versions(tx, "Observation", "o", limit=2)
                assert [(one.version, one.patient) for one in page] == [(3, "c"), (1, "a")]
                assert [one.version for one in await store.versions(tx, "Observation", "o", below=3, limit=1)] == [1]
                assert await store.load_version(tx, "Observation", "o", 2) is None
        finally:
            await fresh.close()

    run(database_url, work)


def test_a_strict_hub_reads_nothing_that_was_put_there_in_clear(database_url: str) -> None:
    async def work(database: Database) -> None:
        store = Store(fixed_clock(NOW))
        await filled(database, store)
        assert SECRET in (await stored(database, store, "a")).body.decode()
        planted = encode(b'{"resourceType":"Patient","id":"a","gender":"male"}')
        async with database.transaction() as tx:
            await tx.execute("UPDATE resource SET body = $1 WHERE key = $2", planted, reference_key("Patient", "a"))
        with pytest.raises(HubError) as caught:
            await stored(database, store, "a")
        assert caught.value.code == "not-sealed"
        assert SECRET in (await stored(database, store, "b")).body.decode()

    run(database_url, work, keyring(strict=True))
