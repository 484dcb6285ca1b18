"""A real hub as a black box: `yilian up` in its own process group, asked only over its sockets.

Most tests begin on a copy of what a first start leaves (cluster, schema, keys, built-in terminology): making that is
most of what a start costs. That a hub starts from nothing is seen by `test_up`, `test_tutorial` and `test_demo`.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from hub.db.embedded import EmbeddedPostgres
from hub.demo.ask import Client
from tests.cluster_folders import cluster_folder
from tests.commands import run

#: Nothing is measured by it: a busy machine may take long to start seven processes and a database.
START_SECONDS = 300

#: What tells of a patient: the people of tests have Chinese names, citizen ids and health record numbers that begin
#: with 990122, and telephones that begin with 0990-555.
_PERSONAL: Final = re.compile(r"\\u[4-9a-f][0-9a-f]{3}|[\u3400-\u9fff]|990122\d|0990-?555")


class RunningHub:
    """One `yilian up` on the data folder `data`; what it says lies in `folder`."""

    def __init__(self, folder: Path, data: Path, *options: str, **environment: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = data
        self.ready_file = folder / "ready.json"
        self.environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), **environment}
        self._options = options
        self._clients: dict[tuple[str, str], Client] = {}
        self.log = folder / "hub.log"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.ready_file.unlink(missing_ok=True)
        arguments = ["up", "--port", "0", "--data", str(self.data), "--ready-file", str(self.ready_file)]
        with self.log.open("ab") as lines:
            process = subprocess.Popen(
                [sys.executable, "-m", "hub.cli.main", *arguments, *self._options],
                env=self.environment,
                stderr=lines,
                stdout=lines,
            )
        try:
            self._wait(process)
        except BaseException:
            process.terminate()
            process.wait(timeout=60)
            raise
        return process

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.ready_file.exists():
            assert process.poll() is None, self.log.read_text(encoding="utf-8")[-4000:]
            assert time.monotonic() < deadline, "not ready in time"
            time.sleep(0.05)

    @property
    def ready(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.ready_file.read_text(encoding="utf-8"))
        return loaded

    @property
    def base(self) -> str:
        return str(self.ready["pages"]).rstrip("/")

    def yilian(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command beside the hub."""
        done = run(arguments, self.environment)
        if check:
            done.check_returncode()
        return done

    def token(self, role: str, organization: str) -> str:
        return self.yilian("token", "--role", role, "--organization", organization, "--url", self.base).stdout.strip()

    def client(self, role: str, organization: str) -> Client:
        """A client with a token of this role, made once."""
        if (role, organization) not in self._clients:
            self._clients[role, organization] = Client(self.base, self.token(role, organization))
        return self._clients[role, organization]

    def states(self) -> dict[str, int]:
        """How many messages are in each state, whatever their feed."""
        found: dict[str, int] = {}
        for row in self.client("administrator", "F01").get("api/messages/summary")["messages"]:
            found[row["state"]] = found.get(row["state"], 0) + row["count"]
        return found

    def settled(self, seconds: float = 60) -> dict[str, int]:
        """The states once nothing is queued."""
        deadline = time.monotonic() + seconds
        while (states := self.states()).get("queued"):
            assert time.monotonic() < deadline, states
            time.sleep(0.2)
        return states

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def restart(self) -> None:
        """Start again on the same data after a stop or a kill."""
        self.process.wait(timeout=30)
        self._clients.clear()
        self.process = self._start()

    def stop(self) -> int:
        """End it as an operator would; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def personal(log: Path) -> list[str]:
    """The lines of a hub's log that tell of a patient, whatever interface they came of (attack 44)."""
    return [line for line in log.read_text(encoding="utf-8").splitlines() if _PERSONAL.search(line)]


@contextmanager
def running_hub(folder: Path, *options: str, **environment: str) -> Iterator[RunningHub]:
    """A hub on a data folder on which one was started before."""
    with started_before() as data, _running(RunningHub(folder, data, *options, **environment)) as hub:
        yield hub


@contextmanager
def started_before() -> Iterator[Path]:
    """A data folder on which a hub was started and stopped, gone when the block ends."""
    with cluster_folder() as place:
        data = place / "data"
        # cp, for the cluster belongs to PostgreSQL's account, and its copy must too.
        subprocess.run(["cp", "-a", _started_once(), data], check=True)
        yield data


@contextmanager
def first_hub(folder: Path, *options: str, **environment: str) -> Iterator[RunningHub]:
    """A hub that starts from nothing."""
    data = folder / "data"
    try:
        with _running(RunningHub(folder, data, *options, **environment)) as hub:
            yield hub
    finally:
        # When we are root the cluster may stand outside the folder of the test.
        EmbeddedPostgres(data / "postgres").remove()


@contextmanager
def _running(hub: RunningHub) -> Iterator[RunningHub]:
    try:
        yield hub
        assert personal(hub.log) == []
    finally:
        hub.stop()


@cache
def _started_once() -> Path:
    """A data folder on which a hub was started and stopped. Nobody fed it: a hub on a copy finds no feeds of others."""
    kept = ExitStack()
    atexit.register(kept.close)
    place = kept.enter_context(cluster_folder())
    config = place / "consortium.yaml"
    config.write_text("facilities:\n  - {code: A, name: 甲}\n", encoding="utf-8")
    data = place / "data"
    # Others may pass through it, so that PostgreSQL's account reaches its cluster inside.
    data.mkdir()
    data.chmod(0o711)
    assert RunningHub(place, data, "--config", str(config)).stop() == 0
    return data
