"""What `postmaster.pid` tells of a running server, and stopping one."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FAST_SECONDS: Final = 60
_IMMEDIATE_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The server process of a data directory: number, start (seconds since 1970), and whether it takes connections."""

    pid: int
    started: int
    ready: bool

    @classmethod
    def read(cls, cluster: Path) -> Postmaster | None:
        """What the lock file of `cluster` says, true or stale; None without one."""
        try:
            lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            return cls(int(lines[0]), int(lines[2]), len(lines) > 7 and lines[7].strip() == "ready")
        except (FileNotFoundError, IndexError, ValueError):
            return None

    @property
    def identity(self) -> str:
        """Tells this run of the server from every other."""
        return f"{self.pid} {self.started}"

    def number_in_use(self) -> bool:
        """Whether a process has this number, be it the server, an ended one not yet collected, or another program."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def alive(self) -> bool:
        """Whether the process runs and is PostgreSQL: a number may have been given to another program since."""
        return self.number_in_use() and "postgres" in _program(self.pid)

    def stop(self) -> None:
        """Stop it: fast (open transactions are rolled back), then immediately. Returns when it is gone."""
        for number, seconds in ((signal.SIGINT, _FAST_SECONDS), (signal.SIGQUIT, _IMMEDIATE_SECONDS)):
            if not self.alive():
                return
            os.kill(self.pid, number)
            deadline = time.monotonic() + seconds
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.02)


def _program(pid: int) -> str:
    """Name of the program a process runs, "" for one that has ended and was not collected yet."""
    proc = Path(f"/proc/{pid}/cmdline")
    if proc.parent.parent.joinpath("self").exists():
        try:
            return proc.read_bytes().split(b"\0")[0].decode(errors="replace").rpartition("/")[2]
        except OSError:
            return ""
    command = ["/bin/ps", "-o", "stat=,comm=", "-p", str(pid)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed but for a number
    return "" if told.stdout.startswith("Z") else told.stdout
