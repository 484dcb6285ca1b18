"""Where the embedded cluster lives, and the files beside it.

    <data folder>/postgres.lock           held while a hub runs the cluster
    <data folder>/postgres.password       password of the hub's role, 0600
    <data folder>/postgres.admin-password password of the superuser `postgres`, 0600
    <data folder>/postgres.log            the server's log
    <data folder>/postgres.location       only if the cluster lives elsewhere: where
    <home>                                <data folder>/postgres, or /var/lib/yilian-hub/<random name>
    <home>/cluster, run, postgresql.conf, pg_hba.conf, local.conf, binaries

The cluster lives elsewhere when we are root and PostgreSQL's account cannot enter the data folder (under /root, say):
opening the parents is not ours to do. `postgres.location` then decides, so the data folder may be moved.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.db.account import Account
from hub.db.binaries import Binaries, copied, is_installation
from hub.kernel.errors import Category, HubError

ELSEWHERE: Final = Path("/var/lib/yilian-hub")

#: sun_path is 104 bytes on macOS and 108 on Linux, with the closing zero; the file is `.s.PGSQL.<port>`.
_SOCKET_PATH_BYTES: Final = 103


@dataclass(frozen=True, slots=True)
class Home:
    """The folders and files of one embedded cluster. `base` belongs to us, `cluster` and the socket to the account."""

    folder: Path
    base: Path
    account: Account

    @classmethod
    def settle(cls, folder: Path, account: Account, elsewhere: Path = ELSEWHERE) -> Home:
        """Find the home of a data folder, or make one. Raises HubError NOT_FOUND when the one it names is gone."""
        location = folder / "postgres.location"
        if location.exists():
            base = Path(location.read_text(encoding="utf-8").strip())
            if not base.is_dir():
                todo = f"restore {base}, or remove this file to begin with an empty database"
                raise HubError(Category.NOT_FOUND, "the cluster it names is gone", where=str(location), todo=todo)
        elif account.reaches(folder):
            base = folder / "postgres"
            base.mkdir(mode=0o711, exist_ok=True)
        else:
            base = elsewhere / secrets.token_hex(6)
            base.mkdir(mode=0o711, parents=True)
            location.write_text(f"{base}\n", encoding="utf-8")
        return cls(folder, base, account)

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory."""
        return self.base / "cluster"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "postgres.log"

    def major(self) -> int | None:
        """Major version of the cluster, None before it is made."""
        try:
            return int((self.cluster / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            return None

    def secret(self, name: str, *, make: bool) -> str:
        """A password file of the data folder; with `make` a fresh one. Raises HubError NOT_FOUND if it is missing."""
        path = self.folder / name
        if make:
            write_private(path, secrets.token_urlsafe(32))
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            todo = f"restore it from a backup of the data folder (the cluster is {self.base})"
            raise HubError(Category.NOT_FOUND, "is missing", where=str(path), todo=todo) from None

    def write_configuration(self, name: str, text: str) -> Path:
        """Write a file beside the cluster that the account may read and not change."""
        path = self.base / name
        write_private(path, text)
        if self.account.other:
            os.chown(path, os.geteuid(), self.account.gid)
        path.chmod(0o640)
        return path

    def socket_folder(self, port: int) -> Path:
        """A private folder for the Unix socket whose path is short enough."""
        folder = self.base / "run"
        if len(os.fsencode(folder / f".s.PGSQL.{port}")) > _SOCKET_PATH_BYTES:
            folder = Path(tempfile.mkdtemp(prefix="yilian-", dir="/tmp"))
        folder.mkdir(exist_ok=True)
        self.account.own(folder, 0o700)
        return folder

    def reachable(self, binaries: Binaries) -> Binaries:
        """`binaries`, or a copy of their installation in the home if the account cannot reach them.

        Raises HubError UNSUPPORTED when they do not run there either.
        """
        if self._runs(binaries):
            return binaries
        if is_installation(binaries):
            target = self.base / "binaries" / f"{binaries.major}-{(binaries / 'postgres').stat().st_mtime_ns}"
            if not target.exists():
                new = target.with_suffix(".new")
                shutil.rmtree(new, ignore_errors=True)
                copied(binaries, new)
                new.rename(target)
            copy = Binaries(target / binaries.folder.relative_to(binaries.folder.parents[2]), binaries.major)
            if self._runs(copy):
                return copy
        todo = "give another folder of binaries in YILIAN_POSTGRES_BIN"
        raise HubError(Category.UNSUPPORTED, "its programs do not run here", where=str(binaries.folder), todo=todo)

    def _runs(self, binaries: Binaries) -> bool:
        try:
            return self.account.run([binaries / "initdb", "--version"]).returncode == 0
        except OSError:
            return False


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, at once or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
