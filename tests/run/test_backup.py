"""A backup holds everything and tells nothing; what is not whole, or not the hub's own, is not restored."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import pytest

from hub.audit.deeds import Scribe
from hub.audit.notes import Signs
from hub.audit.sequencer import Sequencer
from hub.audit.trail import Trail
from hub.bootstrap.audit import signers_of
from hub.bootstrap.foundation import Foundation
from hub.db.database import Database
from hub.kernel.clock import fixed_clock
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.kernel.private_files import publish
from hub.kernel.settings import Settings
from hub.run import backup as backup_module
from hub.run import erasures
from hub.run import restore as restore_module
from hub.run.backup import Show, backup
from hub.run.backup_files import MANIFEST
from hub.run.erased_again import erase_again
from hub.run.erasures import Erasure
from hub.run.keys import key_desk
from hub.run.restore import restore
from hub.run.restoring import refuse_unfinished
from hub.sealing import wrapping_keys
from hub.sealing.suites import Suite
from tests.fixtures import database_of, drop_database, statement
from tests.pipeline.fake_feed import NOON, message, patient_id
from tests.pipeline.hub_in_a_box import box
from tests.sealing.support import MASTER, keyring

SECRET = "王秘密"
LOG = Log("backup", level="ERROR")


def quiet(*_: Any) -> None:
    pass


def settings_of(url: str, data: Path) -> Settings:
    """The settings of an installation in a folder, with its master key."""
    if not (data / "keys").exists():
        (data / "keys").mkdir(mode=0o700, parents=True)
        publish(data / "keys" / "master.key", MASTER)
    return Settings.load({}, data_dir=data, database_url=url)


@pytest.fixture
def target_url(postgres_url: str) -> Iterator[str]:
    """A database without any table, to restore into."""
    asyncio.run(statement(postgres_url, "CREATE DATABASE restored"))
    yield database_of(postgres_url, "restored")
    drop_database(postgres_url, "restored")


@pytest.fixture
def kept(database_url: str, tmp_path: Path) -> tuple[Settings, Path]:
    """An installation with a sealed patient and a plain one, a tree of one leaf and an entry beside it; its backup."""
    settings, out = settings_of(database_url, tmp_path / "source"), tmp_path / "backup"

    async def work() -> None:
        foundation = Foundation(settings, LOG)
        async with box(database_url, keys=keyring()) as hub:
            async with hub.database.transaction() as tx:
                await wrapping_keys.ensure(tx, MASTER, Suite.AES_256_GCM)
            await hub.send(message("0", set={"name": SECRET}), message("1", set={"name": SECRET + "2"}))
            await looked(hub.database, signers_of(foundation.keys), turns=1)
            await looked(hub.database, signers_of(foundation.keys), turns=0)
        async with box(database_url) as hub:
            await hub.send(message("2", "B", set={"name": SECRET}))
        await backup(foundation, out, quiet)

    asyncio.run(work())
    return settings, out


async def looked(database: Database, signer: Signs, *, turns: int) -> int:
    """An entry in the trail, and some turns of the sequencer; the leaves of the last."""
    trail = Trail(database, LOG)
    await trail.record(Scribe(fixed_clock(NOON)).at_the_machine("clinician", "he", {"looked": ""}))
    await trail.close()
    sequencer, done = Sequencer(database, signer, fixed_clock(NOON), bytes), 0
    for _ in range(turns):
        done = await sequencer.turn()
    return done


def test_a_restored_backup_is_the_installation_it_was(
    kept: tuple[Settings, Path], target_url: str, tmp_path: Path
) -> None:
    source, folder = kept
    target = settings_of(target_url, tmp_path / "target")

    async def work() -> None:
        manifest, _ = await restore(target, MASTER, folder, LOG, quiet)
        assert manifest["audit"]["size"] == 1
        keys = Foundation(target, LOG).keys
        assert keys.id_secret == Foundation(source, LOG).keys.id_secret
        async with box(target_url, keys=keyring()) as hub:
            for who, name in (("A", SECRET + "2"), ("B", SECRET)):
                found = await hub.read("Patient", patient_id(who))
                assert found is not None
                assert found["name"] == name
            assert await hub.read("Patient", patient_id("A"), version=1) is not None
            # What was in no checkpoint yet, and what comes now, gets into the tree.
            assert await looked(hub.database, signers_of(keys), turns=1) == 2
            assert await hub.send(message("3", "A", set={"name": "x"})) == ["done"]

    asyncio.run(work())


def test_a_backup_holds_no_name_no_key_and_no_password(kept: tuple[Settings, Path]) -> None:
    settings, folder = kept
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    secrets = [path.read_bytes() for path in (settings.data_dir / "keys").iterdir() if path.name != "installation"]
    for secret in (SECRET.encode(), MASTER, *secrets):
        assert secret not in written
    assert all(path.stat().st_mode & 0o077 == 0 for path in [folder])


def test_a_backup_that_is_not_whole_is_refused_and_nothing_of_it_stays(
    kept: tuple[Settings, Path], target_url: str, tmp_path: Path
) -> None:
    _, folder = kept
    target = settings_of(target_url, tmp_path / "target")

    async def work() -> None:
        for damage in ("bit", "end", "missing", "swapped", "manifest", "count", "unfinished"):
            damaged = Path(shutil.copytree(folder, tmp_path / damage))
            _damage(damaged, damage)
            with pytest.raises(HubError) as caught:
                await restore(target, MASTER, damaged, LOG, quiet)
            assert caught.value.code in {"seal-broken", "no-backup"}, damage
            assert await count(target_url, "inbox") in {0, None}

    asyncio.run(work())


def test_keys_that_are_damaged_or_of_another_installation_are_refused_before_the_database_is_touched(
    kept: tuple[Settings, Path], target_url: str, tmp_path: Path
) -> None:
    source, folder = kept
    target = settings_of(target_url, tmp_path / "target")
    other = target.data_dir / "keys" / _a_key_of(source)
    damaged = Path(shutil.copytree(folder, tmp_path / "damaged"))
    whole = (damaged / "keys.sealed").read_bytes()
    (damaged / "keys.sealed").write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])

    async def refused(backup: Path) -> HubError:
        with pytest.raises(HubError) as caught:
            await restore(target, MASTER, backup, LOG, quiet)
        assert await count(target_url, "inbox") is None
        return caught.value

    async def work() -> None:
        assert (await refused(damaged)).code == "seal-broken"
        publish(other, b"of another installation")
        assert (await refused(folder)).category is Category.CONFLICT
        assert other.read_bytes() == b"of another installation"
        other.unlink()
        await restore(target, MASTER, folder, LOG, quiet)
        assert await count(target_url, "inbox") == 3

    asyncio.run(work())
    assert other.read_bytes() == (source.data_dir / "keys" / other.name).read_bytes()


def _a_key_of(settings: Settings) -> str:
    names: list[str] = sorted(path.name for path in (settings.data_dir / "keys").iterdir())
    return next(name for name in names if name != "master.key")


def _damage(folder: Path, damage: str) -> None:
    stream, manifest = folder / "resource.sealed", folder / MANIFEST
    whole, text = stream.read_bytes(), manifest.read_text(encoding="utf-8")
    match damage:
        case "bit":
            stream.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        case "end":
            stream.write_bytes(whole[:-1])
        case "missing":
            stream.unlink()
        case "swapped":
            shutil.copy(folder / "inbox.sealed", stream)
        case "manifest":
            manifest.write_text(text.replace('"hub"', '"hub2"'), encoding="utf-8")
        case "count":
            manifest.write_text(text.replace('"rows": 1', '"rows": 2', 1), encoding="utf-8")
        case "unfinished":
            manifest.unlink()


async def count(url: str, table: str) -> int | None:
    """How many rows a table has; None where there is none."""
    connection = await asyncpg.connect(url)
    try:
        there = await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", table)
        return await connection.fetchval(f"SELECT count(*) FROM {table}") if there else None
    finally:
        await connection.close()


def test_a_database_in_use_and_another_master_key_are_refused(
    kept: tuple[Settings, Path], target_url: str, tmp_path: Path
) -> None:
    source, folder = kept

    async def work() -> None:
        with pytest.raises(HubError) as caught:
            await restore(source, MASTER, folder, LOG, quiet)
        assert caught.value.code == "not-empty"
        with pytest.raises(HubError) as caught:
            await restore(settings_of(target_url, tmp_path / "other"), b"x" * 32, folder, LOG, quiet)
        assert caught.value.code == "other-master"

    asyncio.run(work())


def test_a_tree_that_is_not_the_one_of_the_backup_is_told(
    kept: tuple[Settings, Path], target_url: str, tmp_path: Path
) -> None:
    source, _ = kept

    async def work() -> None:
        database = await Database.connect(source.database_url, size=1)
        async with database.connection() as tx:
            await tx.execute("UPDATE audit SET organization = 'F99'")
        await database.close()
        await backup(Foundation(source, LOG), tmp_path / "forged", quiet)
        with pytest.raises(HubError) as caught:
            await restore(settings_of(target_url, tmp_path / "target"), MASTER, tmp_path / "forged", LOG, quiet)
        assert caught.value.code == "audit-tree"

    asyncio.run(work())


def test_what_stops_half_way_leaves_no_folder_of_that_name(
    kept: tuple[Settings, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, _ = kept

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup_module, "put_manifest", full)
    with pytest.raises(OSError, match="No space"):
        asyncio.run(backup(Foundation(source, LOG), tmp_path / "second", quiet))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "source"]


def test_a_folder_that_is_there_is_not_overwritten(kept: tuple[Settings, Path]) -> None:
    source, folder = kept
    with pytest.raises(HubError) as caught:
        asyncio.run(backup(Foundation(source, LOG), folder, quiet))
    assert caught.value.category is Category.CONFLICT


def test_who_was_erased_since_the_backup_is_erased_again(
    kept: tuple[Settings, Path], target_url: str, tmp_path: Path
) -> None:
    source, folder = kept
    target, kept_list = settings_of(target_url, tmp_path / "target"), source.data_dir / erasures.NAME

    async def work() -> None:
        async with key_desk(Foundation(source, LOG), "li") as li, key_desk(Foundation(source, LOG), "wu") as wu:
            await li.erasing.ask(patient_id("A"), "court order 7")
            await wu.erasing.confirm(patient_id("A"))
        _, gone = await restore(target, MASTER, folder, LOG, quiet, erasures.noted(kept_list))
        assert gone == 1
        async with box(target_url, keys=keyring()) as hub:
            assert await hub.read("Patient", patient_id("A")) is None
            assert await hub.read("Patient", patient_id("B")) is not None
        # The next restore finds the list where it looks for it, and nobody is erased twice.
        assert erasures.noted(target.data_dir / erasures.NAME) == erasures.noted(kept_list)
        # So does the one after it where the backup knew of the erasure already and no list was left.
        (target.data_dir / erasures.NAME).unlink()
        assert await erase_again(target_url, target.data_dir, LOG, ()) == 0
        assert erasures.noted(target.data_dir / erasures.NAME) == erasures.noted(kept_list)
        assert await erase_again(target_url, target.data_dir, LOG, erasures.noted(kept_list)) == 0
        assert erasures.noted(target.data_dir / erasures.NAME) == erasures.noted(kept_list)

    asyncio.run(work())


def test_a_list_of_erasures_with_a_line_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / erasures.NAME
    one = Erasure(patient="p", reason="r", asked_by="a", asked="2026", confirmed_by="b", confirmed="2026")
    erasures.note(path, one)
    assert erasures.noted(path) == [one]
    path.write_bytes(path.read_bytes() + b'{"patient": "q"')
    with pytest.raises(HubError) as caught:
        erasures.noted(path)
    assert caught.value.where == f"{path}:2"


@pytest.mark.parametrize("moment", ["rows", "keys"])
def test_a_restore_that_is_killed_leaves_nothing_that_a_hub_starts_on_and_is_begun_anew(
    kept: tuple[Settings, Path], target_url: str, tmp_path: Path, moment: str
) -> None:
    source, folder = kept
    target = settings_of(target_url, tmp_path / "target")
    died = _dying(lambda show: restore(target, MASTER, folder, LOG, show), moment, restore_module)
    assert died == -signal.SIGKILL
    with pytest.raises(HubError) as caught:
        refuse_unfinished(target.data_dir)
    assert caught.value.code == "restore-unfinished"
    assert asyncio.run(count(target_url, "inbox")) == (0 if moment == "rows" else 3)
    with pytest.raises(HubError) as elsewhere:
        asyncio.run(restore(settings_of(source.database_url, target.data_dir), MASTER, folder, LOG, quiet))
    assert elsewhere.value.code == "restore-unfinished"
    assert asyncio.run(count(source.database_url, "inbox")) == 3
    asyncio.run(restore(target, MASTER, folder, LOG, quiet))
    refuse_unfinished(target.data_dir)
    assert asyncio.run(count(target_url, "inbox")) == 3


def test_a_backup_that_is_killed_leaves_no_folder_of_that_name(kept: tuple[Settings, Path], tmp_path: Path) -> None:
    source, _ = kept
    out = tmp_path / "second"
    assert _dying(lambda show: backup(Foundation(source, LOG), out, show), "rows", backup_module) == -signal.SIGKILL
    left = {path.name for path in tmp_path.iterdir()} - {"backup", "source"}
    assert all(name.startswith(".second.") and name.endswith(".unfinished") for name in left)
    with pytest.raises(HubError) as caught:
        asyncio.run(restore(source, MASTER, tmp_path / left.pop(), LOG, quiet))
    assert caught.value.code == "no-backup"


def _dying(work: Callable[[Show], Coroutine[Any, Any, Any]], moment: str, module: ModuleType) -> int | None:
    """How a process of its own ends that is killed in the middle of `work`."""

    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def at_half(_: str, number: int, total: int) -> None:
        if number == total // 2:
            die()

    def run() -> None:
        module._put_keys = die  # type: ignore[attr-defined]
        asyncio.run(work(at_half if moment == "rows" else quiet))

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join(60)
    return child.exitcode
