"""The child's side of supervision: report readiness, and stop on SIGTERM or when the supervisor is gone."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
from typing import Any, Final

#: Open files a process may need: connections of all feeds, and the database's.
OPEN_FILES: Final = 65_536


def allow_open_files(wanted: int = OPEN_FILES) -> int:
    """Raise this process's limit of open files towards `wanted`, as far as the machine lets us; what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= reachable:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
    return reachable


def leave_no_core() -> None:
    """Write no memory of this process to the disk when it crashes: it holds keys and records."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


class Child:
    """One supervised process. `stop` is set by SIGTERM, SIGINT or the end of the supervisor.

    `lifeline` is the read end of a pipe whose other end only the supervisor holds; `ready` is written once.
    Without them (a worker started by hand) only the signals count.
    """

    def __init__(self, lifeline: int | None, ready: int | None) -> None:
        self.stop = asyncio.Event()
        self._ready = ready
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop.set)
        if lifeline is not None:
            os.set_blocking(lifeline, False)
            loop.add_reader(lifeline, self._supervisor_gone, lifeline)

    def _supervisor_gone(self, lifeline: int) -> None:
        if os.read(lifeline, 1) == b"":
            asyncio.get_running_loop().remove_reader(lifeline)
            self.stop.set()

    def ready(self, **report: Any) -> None:
        """Tell the supervisor that this process answers, with what it wants known (ports)."""
        if self._ready is not None:
            os.write(self._ready, json.dumps(report).encode() + b"\n")
            os.close(self._ready)
            self._ready = None
