"""A PostgreSQL cluster of our own in the data folder: made, started, stopped and recovered by us."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Final
from urllib.parse import quote

from hub.db.account import Account
from hub.db.binaries import Binaries, find
from hub.db.cluster_home import ELSEWHERE, Home, write_private
from hub.db.initialise import PASSWORD, ROLE, initialise
from hub.db.memory import machine_memory
from hub.db.postgresql_conf import HBA, configuration
from hub.db.postmaster import Postmaster
from hub.kernel.errors import Category, HubError

_WHERE: Final = "embedded database"
_DEFAULT_PORT: Final = 5432

#: Recovery after a crash replays up to max_wal_size; this is generous for 4 GB on a slow disk.
_START_SECONDS: Final = 600
#: Processes of a killed server need a moment to notice and to let go of its shared memory.
_LINGER_SECONDS: Final = 20


class EmbeddedPostgres:
    """One cluster in `folder`. `start` makes it on first use; `stop` shuts it down; also a context manager.

    It listens on a Unix socket in a private folder, and with `port` on 127.0.0.1:port as well. `binaries` is a folder
    with `postgres` and `initdb`; empty: see `hub.db.binaries`. `durable=False` turns fsync off, for tests.
    Where everything lies: see `hub.db.cluster_home`.
    """

    def __init__(
        self, folder: Path, *, binaries: str = "", port: int = 0, durable: bool = True, elsewhere: Path = ELSEWHERE
    ) -> None:
        self._folder: Final = folder.absolute()
        self._given: Final = binaries
        self._port: Final = port
        self._durable: Final = durable
        self._elsewhere: Final = elsewhere
        self._lock: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets: Path | None = None

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the server we started still runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> str:
        """Start the cluster, recovering it if it was killed, and return its URL. Does nothing while it runs.

        Raises HubError: CONFLICT (folder, cluster or port is in use, or the data is of another version), NOT_FOUND (no
        PostgreSQL, or a file of the cluster is missing), UNSUPPORTED (no account to run it under), UNAVAILABLE (the
        folder cannot be written, or the server does not start: with its last words).
        """
        try:
            if not self.running:
                self._start()
        except OSError as error:
            self.stop()
            where, what = str(error.filename or self._folder), f"cannot be used: {error.strerror}"
            raise _unavailable(where, what, "free space, or make the folder writable") from None
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Shut down: open transactions are rolled back, everything is written. Returns when the server is gone."""
        process, self._process = self._process, None
        if process is not None:
            Postmaster(process.pid, 0, ready=True).stop()
            process.wait()
            (self._folder / "postgres.pid").unlink(missing_ok=True)
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def url(self) -> str:
        """`postgresql://...` of the hub's database, for processes of our own account."""
        password = (self._folder / PASSWORD).read_text(encoding="ascii")
        if self._port:
            return f"postgresql://{ROLE}:{password}@127.0.0.1:{self._port}/{ROLE}"
        return f"postgresql://{ROLE}:{password}@/{ROLE}?host={quote(str(self._sockets), safe='')}&port={_DEFAULT_PORT}"

    def remove(self) -> None:
        """Stop, and delete the cluster with all its data, wherever it lives."""
        self.stop()
        if self._folder.is_dir():
            home = Home.settle(self._folder, Account.choose(), self._elsewhere)
            shutil.rmtree(home.base)
            for file in self._folder.glob("postgres.*"):
                file.unlink()

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        account = Account.choose()
        home = Home.settle(self._folder, account, self._elsewhere)
        _refuse_other_owner(home)
        binaries = home.reachable(find(self._given, major=home.major()))
        if home.major() is None:
            initialise(home, binaries)
        home.secret(PASSWORD, make=False)
        self._clear_way(home)
        self._refuse_taken_port()
        self._launch(home, binaries)

    def _take_lock(self) -> None:
        """Keep other hubs out of the folder for as long as we live, however we end."""
        if self._lock is not None:
            return
        lock = (self._folder / "postgres.lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            what, todo = "another hub runs its database in this folder", "stop it, or use another data folder"
            raise HubError(Category.CONFLICT, what, where=str(self._folder), todo=todo, code="folder-in-use") from None
        self._lock = lock

    def _clear_way(self, home: Home) -> None:
        """Deal with a lock file in the cluster: an orphan of ours is stopped, somebody else's server is refused."""
        left = Postmaster.read(home.cluster)
        if left is None:
            return
        record = self._folder / "postgres.pid"
        if not left.alive():
            if left.number_in_use():
                # PostgreSQL would take whoever has the number now for its server. The data are safe all the same:
                # it refuses to start while a process of the old server holds its shared memory.
                (home.cluster / "postmaster.pid").unlink()
        elif record.exists() and record.read_text(encoding="ascii") == left.identity:
            left.stop()
        else:
            what = f"a PostgreSQL that the hub did not start runs in it (process {left.pid})"
            raise HubError(Category.CONFLICT, what, where=str(home.cluster), todo="stop it", code="folder-in-use")

    def _refuse_taken_port(self) -> None:
        if not self._port:
            return
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self._port))
            except OSError as error:
                what, todo = f"port {self._port} cannot be used: {error.strerror}", "free it, or choose another"
                raise HubError(Category.CONFLICT, what, where=_WHERE, todo=todo, code="port-in-use") from None

    def _launch(self, home: Home, binaries: Binaries) -> None:
        # Kept when the server died: whoever has our URL must find it again.
        self._sockets = self._sockets or home.socket_folder(_DEFAULT_PORT)
        text = configuration(
            socket_folder=self._sockets,
            port=self._port or _DEFAULT_PORT,
            tcp=bool(self._port),
            memory=machine_memory() if self._durable else 0,
            prewarm=binaries.has_module("pg_prewarm"),
            durable=self._durable,
        )
        config = home.write_configuration("postgresql.conf", text)
        hba = home.write_configuration("pg_hba.conf", HBA)
        command: list[str | Path] = [binaries / "postgres", "-D", home.cluster]
        command += ["-c", f"config_file={config}", "-c", f"hba_file={hba}"]
        deadline = time.monotonic() + _LINGER_SECONDS
        while not self._runs(home, command):
            said = _last_words(home.log)
            if "shared memory block" not in said or time.monotonic() > deadline:
                raise _unavailable(str(home.cluster), f"does not start: {said}", f"see {home.log}")
            time.sleep(0.2)

    def _runs(self, home: Home, command: list[str | Path]) -> bool:
        """Start the server, and wait until it takes connections (True) or has ended (False)."""
        with os.fdopen(os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            process = home.account.start(command, log=log, cwd=home.base)
        self._process = process
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            found = Postmaster.read(home.cluster)
            if found is not None and found.pid == process.pid:
                write_private(self._folder / "postgres.pid", found.identity)
                if found.ready:
                    return True
            time.sleep(0.02)
        return False


def _refuse_other_owner(home: Home) -> None:
    if home.cluster.exists() and home.cluster.stat().st_uid != home.account.uid:
        what = f"belongs to user {home.cluster.stat().st_uid}, and PostgreSQL would run as {home.account.uid}"
        todo = "start the hub as the user who made it"
        raise HubError(Category.CONFLICT, what, where=str(home.cluster), todo=todo, code="database-owner")


def _last_words(log: Path) -> str:
    """The last fatal line of a server log; it holds nothing of the data."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line or "could not" in line]
    return (fatal or lines or ["no reason given"])[-1]


def _unavailable(where: str, what: str, todo: str) -> HubError:
    return HubError(Category.UNAVAILABLE, what, where=where, todo=todo, code="database-start")
