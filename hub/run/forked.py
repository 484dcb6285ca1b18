"""Processes forked from one that has imported the hub: they start at once and share its memory until they write."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from typing import Final, TypeVar

from hub.run.exits import exit_code
from hub.run.work import Kind, work

_context: Final = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["hub.run.preloaded"])
#: The exit code where the one it was forked from is gone too, by multiprocessing.popen_forkserver.
_UNKNOWN: Final = 255
_turns: Final = ThreadPoolExecutor(1, "processes")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a process is: `name` is what the system shows for it, `sockets` the names of those it is handed, `number`
    which of several of its kind.
    """

    name: str
    kind: Kind
    environment: Mapping[str, str]
    sockets: tuple[str, ...]
    careful: bool
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handles:
    """File descriptors: `lifeline` and `ready` as `Child` says, `output` for log lines, `sockets` as named in order."""

    lifeline: int
    ready: int
    output: int
    sockets: tuple[int, ...]


class Forked:
    """A process from its start to its end."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process: Final = process
        self._ended: Final = asyncio.create_task(self._end())
        self.pid: Final = process.pid or 0

    async def wait(self) -> int | None:
        """Its exit code, negative for a signal, once it has ended."""
        return await asyncio.shield(self._ended)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if not self._ended.done():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def _end(self) -> int | None:
        await _readable(self._process.sentinel)
        await _in_turn(self._process.join)
        code = self._process.exitcode
        if code == _UNKNOWN:
            # Nobody can tell any more when it ends, so it must not go on beside the one that takes its place.
            self.signal(signal.SIGKILL)
        return code


def prepare() -> None:
    """Begin with the imports all processes share, in a process beside this one. `fork` would, and wait for them."""
    forkserver.ensure_running()


async def fork(beginning: Beginning, handles: Handles) -> Forked:
    """Start a process, once all is imported that they share."""
    return Forked(await _in_turn(partial(_started, beginning, handles)))


async def _in_turn(do: Callable[[], Result]) -> Result:
    """What multiprocessing does to processes, one thing at a time: it keeps one list of them, and no locks."""
    return await asyncio.get_running_loop().run_in_executor(_turns, do)


async def _readable(fd: int) -> None:
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(fd, event.set)
    try:
        await event.wait()
    finally:
        loop.remove_reader(fd)


def _started(beginning: Beginning, handles: Handles) -> ForkServerProcess:
    here, there = _context.Pipe()
    process = _context.Process(target=_be, args=(beginning, there), name=beginning.name, daemon=True)
    process.start()
    there.close()
    with here:
        for handle in (handles.lifeline, handles.ready, handles.output, *handles.sockets):
            send_handle(here, handle, process.pid)
    return process


def _be(beginning: Beginning, channel: Connection) -> None:
    """The life of the process, in it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with channel:
        lifeline, ready, output, *sockets = _received(channel, 3 + len(beginning.sockets))
    os.dup2(output, sys.stderr.fileno())
    os.close(output)
    os.environ.clear()
    os.environ.update(beginning.environment)
    _call_oneself(beginning.name)
    handed = dict(zip(beginning.sockets, sockets, strict=True))
    careful, number = beginning.careful, beginning.number
    sys.exit(exit_code(lambda: work(beginning.kind, lifeline, ready, handed, careful=careful, number=number)))


def _received(channel: Connection, count: int) -> Iterable[int]:
    return [recv_handle(channel) for _ in range(count)]


def _call_oneself(name: str) -> None:
    """Be found by `ps` and `top`, where the system lets a process say its name (Linux: 15 bytes)."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(f"yilian-{name}", encoding="utf-8")
