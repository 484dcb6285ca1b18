"""Keys are renewed under those who read and write, and nothing is lost on the way."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.audit.deeds import Scribe
from hub.audit.notes import Signer
from hub.audit.sequencer import Sequencer
from hub.bootstrap.foundation import Foundation
from hub.db.database import Database, Tx
from hub.db.metadata import metadata
from hub.fhir.json import loads
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.log import Log
from hub.kernel.private_files import publish
from hub.kernel.settings import Settings
from hub.mpi import forgetting as index_forgetting
from hub.pipeline import forgetting as pipeline_forgetting
from hub.records import forgetting as records_forgetting
from hub.run.keys import KeyDesk, key_desk
from hub.sealing import renewal, wrapping_keys
from hub.sealing.suites import Suite
from hub.store import forgetting as store_forgetting
from hub.store import resealing
from hub.store.store import Store
from scripts.migration import import_tables
from tests.pipeline.fake_feed import IDS, NOON, message, patient_id
from tests.pipeline.hub_in_a_box import Box, box
from tests.sealing.support import MASTER, connect, keyring
from tests.store.support import NOW, write

SECRET = "王秘密"

_PROPOSAL = """
INSERT INTO mpi_proposal (deed, patients, who, note, basis, at)
VALUES ('merge', $1::text[], 'zhao', 'one person', gen_random_uuid(), now())
"""
_BINDING = """
INSERT INTO device_binding (feed, device, patient, pkey, begins, made_at, made_by, change)
VALUES ('F01.his', 'W-1', $1, $2, now(), now(), 'nurse', 1)
"""


def nothing(_: Any) -> None:
    pass


@asynccontextmanager
async def desk(url: str, data: Path, who: str = "li", encryption: str = "aes-256-gcm") -> AsyncIterator[KeyDesk]:
    """The desk of an installation in a folder."""
    if not (data / "keys").exists():
        (data / "keys").mkdir(mode=0o700)
        publish(data / "keys" / "master.key", MASTER)
    settings = Settings.load({}, data_dir=data, database_url=url, encryption=encryption)
    foundation = Foundation(settings, Log("keys", level="ERROR"))
    async with foundation.database("test", size=1) as database, database.transaction() as tx:
        await wrapping_keys.ensure(tx, MASTER, Suite(encryption))
    async with key_desk(foundation, who) as opened:
        yield opened


async def written(database: Database, rid: str, times: int) -> None:
    """A patient in so many versions, written by whoever `database` belongs to; lost races are tried again."""
    store = Store(fixed_clock(NOW))
    for number in range(times):
        while True:
            try:
                async with database.transaction() as tx:
                    current = (await store.load(tx, [("Patient", rid)])).get(("Patient", rid))
                    resource = {"resourceType": "Patient", "id": rid, "name": [{"text": f"{SECRET}{number}"}]}
                    await store.save(tx, [write(resource, current=current)])
                break
            except HubError as error:
                if error.code != "race":
                    raise


async def names(url: str, rid: str) -> list[str]:
    """The names in every version of a patient, newest first, as a process reads them that began just now."""
    fresh = await connect(url, keyring(), size=1)
    try:
        async with fresh.connection() as tx:
            versions = await Store().versions(tx, "Patient", rid)
        return [loads(version.body)["name"][0]["text"] for version in versions]
    finally:
        await fresh.close()


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


async def fetch(url: str, sql: str, *values: Any) -> list[Any]:
    database = await connect(url, size=1)
    try:
        async with database.connection() as tx:
            return [tuple(row) for row in await tx.fetch(sql, *values)]
    finally:
        await database.close()


def test_data_keys_are_rotated_under_writers_and_every_version_stays_readable(
    database_url: str, tmp_path: Path
) -> None:
    async def work() -> None:
        async with desk(database_url, tmp_path) as keeper:
            writers = [await connect(database_url, keyring(), size=1) for _ in range(3)]
            await asyncio.gather(*(written(one, f"p{number}", 3) for number, one in enumerate(writers)))
            before = {row[0] for row in await fetch(database_url, "SELECT number FROM data_key")}
            rotation = asyncio.create_task(keeper.rotate(nothing))
            await asyncio.gather(*(written(one, f"p{number}", 10) for number, one in enumerate(writers)))
            _, gone, left = await rotation
            assert (gone, left) == (len(before), 0)
            for number in range(3):
                assert len(await names(database_url, f"p{number}")) == 13
            alive = await fetch(database_url, "SELECT number FROM data_key WHERE wrapped IS NOT NULL")
            assert not before & {row[0] for row in alive}
            for one in writers:
                await one.close()

    run(work)


def test_a_plain_store_is_sealed_and_goes_on_where_it_was_stopped(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.run.keys.keyed_ids", lambda _: IDS)

    async def work() -> None:
        async with box(database_url) as hub:
            await hub.send(message("1", set={"name": SECRET}), message("2", "B"))
            await hub.accept(message("3", "C", set={"name": SECRET}))
            await written(hub.database, "p", 3)
        async with desk(database_url, tmp_path) as keeper:
            stopped = keeper._database
            async with stopped.transaction() as tx:
                await keeper._begin(tx, "encrypt")
            async with stopped.transaction() as tx:
                assert await resealing.step(tx, "resource", rows=2)
        async with desk(database_url, tmp_path) as keeper:
            parts = {part.part: part for part in await keeper.encrypt(nothing)}
            assert all(part.ended for part in parts.values())
            assert parts["resource"].changed == parts["resource"].looked
            assert (parts["history"].changed, parts["inbox"].changed) == (2, 3)
            bodies = await fetch(database_url, "SELECT body FROM resource UNION ALL SELECT body FROM history")
            assert {body[0] for (body,) in bodies} == {3}
            kinds = "SELECT k.kind FROM inbox i JOIN data_key k ON substring(raw_key FROM 3 FOR 8) = int8send(k.number)"
            assert await fetch(database_url, f"{kinds} ORDER BY i.id") == [("patient",), ("patient",), ("feed",)]
        assert len(await names(database_url, "p")) == 3
        async with box(database_url, keys=keyring()) as hub:
            await hub.drain()
            assert await hub.read("Patient", patient_id("C")) is not None

    run(work)


def test_data_keys_are_wrapped_anew_and_who_held_them_goes_on(database_url: str, tmp_path: Path) -> None:
    async def work() -> None:
        writer = await connect(database_url, keyring(), size=1)
        async with desk(database_url, tmp_path) as keeper:
            await written(writer, "p", 2)
            assert await keeper.rewrap(nothing) == 1
            assert await fetch(database_url, "SELECT count(*) FROM wrapping_key") == [(1,)]
            await written(writer, "p", 2)
            await written(writer, "q", 1)
        await writer.close()
        assert len(await names(database_url, "p")) == 4
        assert await fetch(database_url, "SELECT DISTINCT wrapping FROM data_key") == [(2,)]

    run(work)


def test_the_suite_is_changed_by_sealing_anew(database_url: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with desk(database_url, tmp_path) as keeper:
            await written(keeper._database, "p", 2)
        async with desk(database_url, tmp_path, encryption="sm4-gcm") as keeper:
            await keeper.encrypt(nothing)
        bodies = await fetch(database_url, "SELECT body FROM resource UNION ALL SELECT body FROM history")
        assert {body[1] for (body,) in bodies} == {Suite.SM4_GCM.code}
        assert len(await names(database_url, "p")) == 2

    run(work)


def test_writers_are_waited_for_from_when_the_keys_are_gone_for_everybody(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer may take a key until the transaction that retires or erases it is committed."""
    marks: list[int] = []
    real = renewal.horizon

    async def horizon(tx: Tx) -> str:
        marks.append((await fetch(database_url, "SELECT count(*) FROM data_key WHERE retired IS NULL"))[0][0])
        return await real(tx)

    monkeypatch.setattr(renewal, "horizon", horizon)
    monkeypatch.setattr("hub.run.keys.keyed_ids", lambda _: IDS)

    async def work() -> None:
        async with desk(database_url, tmp_path, "li") as li, desk(database_url, tmp_path, "wu") as wu:
            async with box(database_url, keys=keyring()) as hub:
                await hub.send(message("1", set={"name": SECRET}))
            await li.rotate(nothing)
            await li.erasing.ask(patient_id("A"), "court order 7")
            alive = (await fetch(database_url, "SELECT count(*) FROM data_key WHERE retired IS NULL"))[0][0]
            erased = await wu.erasing.confirm(patient_id("A"))
        assert marks == [0, alive - erased.keys]
        assert erased.keys > 0

    run(work)


def test_what_does_not_open_stops_no_rotation_but_keeps_the_old_keys(database_url: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with desk(database_url, tmp_path) as keeper:
            await written(keeper._database, "p", 1)
            await written(keeper._database, "q", 1)
            async with keeper._database.connection() as tx:
                await tx.execute("UPDATE resource SET body = set_byte(body, 30, 1) WHERE id = 'q'")
            _, gone, left = await keeper.rotate(nothing)
            assert (gone, left) == (0, 1)
        assert len(await names(database_url, "p")) == 1

    run(work)


def test_erasing_takes_two_keepers_and_leaves_nothing_but_a_tree_that_verifies(
    database_url: str, tmp_path: Path
) -> None:
    async def work() -> None:
        async with box(database_url, keys=keyring()) as hub, desk(database_url, tmp_path, "li") as li:
            await hub.send(message("1", set={"name": SECRET}), message("1", set={"name": SECRET}), message("2", "B"))
            await hub.accept(message("3", "A"))
            tree = Sequencer(
                hub.database, Signer.of_log("test", Ed25519PrivateKey.generate()), fixed_clock(NOON), bytes
            )
            who, pkey = patient_id("A"), reference_key("Patient", patient_id("A"))
            look = Scribe(fixed_clock(NOON)).at_the_machine("clinician", "he", {"looked": ""}, patients=(who,))
            async with hub.database.transaction() as tx:
                await li._trail.append(tx, [look])
                await tx.execute(_PROPOSAL, [who, patient_id("B")])
                await tx.execute(_PROPOSAL, [patient_id("B")])
                await tx.execute(_BINDING, who, pkey)
            assert await tree.turn() == 1
            await li.erasing.ask(who, "court order 7")
            with pytest.raises(HubError) as caught:
                await li.erasing.confirm(who)
            assert caught.value.category is Category.FORBIDDEN
            async with desk(database_url, tmp_path, "wu") as wu:
                with pytest.raises(HubError, match="nobody asked"):
                    await wu.erasing.confirm(patient_id("B"))
                gone = await wu.erasing.confirm(who)
            assert (gone.keys, gone.messages, gone.entries) == (1, 3, 0)
            assert await hub.read("Patient", who) is None
            assert await hub.read("Patient", patient_id("B")) is not None
            await hub.drain()
            assert await hub.read("Patient", who) is None
            await _nothing_is_left(hub, pkey)
            assert await tree.turn() == 2
            async with hub.database.connection() as tx:
                assert who not in str([dict(row) for row in await tx.fetch("SELECT * FROM audit")])
                assert await tx.fetchval("SELECT array_agg(patients) FROM mpi_proposal") == [[patient_id("B")]]

    run(work)


async def _nothing_is_left(hub: Box, pkey: Any) -> None:
    async with hub.database.connection() as tx:
        left = "SELECT count(*) FROM {} WHERE pkey = $1"
        tables = ("history", "string_value", "mpi_source", "member", "outbox")
        assert [await tx.fetchval(left.format(table), pkey) for table in tables] == [0] * len(tables)
        freed = await tx.fetch("SELECT patient, pkey, device, change FROM device_binding")
        assert [tuple(row) for row in freed] == [("", None, "W-1", 2)]
        states = await tx.fetch("SELECT state, raw FROM inbox ORDER BY id")
        assert [(row["state"], bool(row["raw"])) for row in states] == [
            ("done", False),
            ("duplicate", False),
            ("done", True),
            ("dead", False),
        ]


def test_every_table_that_a_patient_leads_is_emptied_by_erasing() -> None:
    import_tables()
    modules = (store_forgetting, records_forgetting, index_forgetting)
    emptied = {name for module in modules for name in re.findall(r"DELETE FROM (\w+)", inspect.getsource(module))}
    emptied |= {*re.findall(r"UPDATE (\w+) SET patient = '', pkey = NULL", inspect.getsource(pipeline_forgetting))}
    emptied |= {table.name for table in store_forgetting.SHARDED} | {*store_forgetting.BESIDE}
    led = {table.name for table in metadata.tables.values() if "pkey" in table.columns}
    # Which person a source belonged to is a decision, and decisions stay.
    assert led - emptied == {"mpi_move"}
