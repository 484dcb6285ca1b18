"""Making a new cluster: initdb, the hub's role and its database, as one step that happens wholly or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hub.db.binaries import Binaries
from hub.db.cluster_home import Home, write_private
from hub.kernel.errors import Category, HubError

ROLE: Final = "yilian"
PASSWORD: Final = "postgres.password"  # noqa: S105 - the name of a file
ADMIN_PASSWORD: Final = "postgres.admin-password"  # noqa: S105 - the name of a file

#: Characters are classed as Unicode (trigrams of Chinese need it), and ordered by code point (cheapest, and stable).
_CTYPES: Final = ("C.UTF-8", "C")


def initialise(home: Home, binaries: Binaries) -> None:
    """Make the cluster of `home` with fresh passwords. Raises HubError UNAVAILABLE with what initdb said last."""
    new = home.base / "cluster.new"
    password = home.secret(PASSWORD, make=True)
    admin = home.secret(ADMIN_PASSWORD, make=True)
    for ctype in _CTYPES:
        _empty(new, home)
        told = _initdb(home, binaries, new, ctype, admin)
        if not told or "locale" not in told:
            break
    if told:
        raise _failed(home, told)
    _create(home, binaries, new, password)
    new.rename(home.cluster)


def _empty(folder: Path, home: Home) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    home.account.own(folder, 0o700)


def _initdb(home: Home, binaries: Binaries, new: Path, ctype: str, admin: str) -> str:
    """Run initdb; "" or what it complained about."""
    pwfile = home.base / "password.new"
    write_private(pwfile, admin)
    home.account.own(pwfile, 0o600)
    command: list[str | Path] = [binaries / "initdb", "-D", new, "-U", "postgres", "--pwfile", pwfile]
    command += ["--auth", "scram-sha-256", "--data-checksums", "--encoding", "UTF8"]
    command += ["--lc-collate", "C", "--lc-ctype", ctype, "--lc-messages", "C"]
    try:
        done = home.account.run(command, cwd=home.base)
    finally:
        pwfile.unlink()
    return "" if done.returncode == 0 else done.stderr or "it failed"


def _create(home: Home, binaries: Binaries, new: Path, password: str) -> None:
    """Create role and database by the server's single-user mode, which takes one statement per line."""
    statements: Sequence[str] = (
        f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'",
        f"CREATE DATABASE {ROLE} OWNER {ROLE}",
    )
    command: list[str | Path] = [
        binaries / "postgres",
        "--single",
        "-D",
        new,
        "-c",
        "log_min_error_statement=panic",
        "postgres",
    ]
    done = home.account.run(command, cwd=home.base, text="\n".join(statements) + "\n")
    if done.returncode != 0 or "ERROR:" in done.stderr:
        raise _failed(home, done.stderr)


def _failed(home: Home, told: str) -> HubError:
    lines = [line for line in told.splitlines() if "error:" in line.lower() or "FATAL" in line] or told.splitlines()
    what = f"PostgreSQL could not make its data directory: {lines[-1] if lines else 'no reason given'}"
    todo = "check free space and permissions of the folder"
    return HubError(Category.UNAVAILABLE, what, where=str(home.base), todo=todo, code="database-init")
