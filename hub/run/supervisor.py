"""Starts processes, restarts those that die, and stops all of them together."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log
from hub.run.forked import Beginning, Forked, Handles, fork
from hub.run.work import Kind

#: Seconds before a process that died is started again: doubled each time, back to the first after a calm while.
FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 2.0
CALM_SECONDS: Final = 10.0
#: A busy machine may take long to start all processes; one that hangs is ended all the same.
READY_SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One process: `sockets` are file descriptors it is handed, by name.

    `careful`: it is told so when it takes the place of one that died. `number`: which of several of its kind, from 1.
    """

    name: str
    kind: Kind
    sockets: Mapping[str, int] = field(default_factory=dict)
    careful: bool = False
    number: int = 0


class Supervisor:
    """Keeps processes alive until `stop`. Every child holds the read end of a pipe that closes when we die."""

    def __init__(
        self,
        environment: Mapping[str, str],
        log: Log,
        *,
        changed: Callable[[dict[str, int]], None] = lambda _: None,
        output: TextIO | None = None,
        grace_seconds: float = 20.0,
    ) -> None:
        """`changed` gets the process numbers by name after each restart; `output` the children's log lines."""
        self._environment = dict(environment)
        self._log = log
        self._changed = changed
        self._output = output
        self._grace = grace_seconds
        self._stopping = False
        self._children: dict[str, Forked] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self._lifeline_read, self._lifeline_write = os.pipe()

    @property
    def pids(self) -> dict[str, int]:
        """Process numbers by name."""
        return {name: child.pid for name, child in self._children.items()}

    async def start(self, spec: ProcessSpec) -> dict[str, Any]:
        """Start a process and return what it reports when it is ready. Raises HubError FAULT if it does not start."""
        child, report = await self._spawn(spec)
        ready = await self._await_ready(child, report)
        if ready is None:
            raise HubError(Category.FAULT, "did not start", where=spec.name, todo="see the log lines above")
        self._watchers.append(asyncio.create_task(self._watch(spec, child)))
        return ready

    async def start_all(self, specs: Iterable[ProcessSpec]) -> None:
        """Start processes side by side; they depend on the database alone. Raises what `start` raises, of the first."""
        started = await asyncio.gather(*map(self.start, specs), return_exceptions=True)
        for one in started:
            if isinstance(one, BaseException):
                raise one

    async def stop(self) -> None:
        """Ask every process to finish what it has begun, wait, then kill what is left."""
        self._stopping = True
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await asyncio.gather(*(self._end(name, child) for name, child in self._children.items()))
        os.close(self._lifeline_write)
        os.close(self._lifeline_read)

    async def _end(self, name: str, child: Forked) -> None:
        child.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(child.wait(), self._grace)
        except TimeoutError:
            self._log.event("process-killed", level="WARNING", worker=name)
            child.signal(signal.SIGKILL)
            await child.wait()

    async def _spawn(self, spec: ProcessSpec, *, careful: bool = False) -> tuple[Forked, asyncio.StreamReader]:
        read, write = os.pipe()
        beginning = Beginning(
            name=spec.name,
            kind=spec.kind,
            environment=self._environment,
            sockets=tuple(spec.sockets),
            careful=careful,
            number=spec.number,
        )
        handles = Handles(
            lifeline=self._lifeline_read,
            ready=write,
            output=(self._output or sys.stderr).fileno(),
            sockets=tuple(spec.sockets.values()),
        )
        try:
            child = await fork(beginning, handles)
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)
        self._children[spec.name] = child
        self._log.event("process-started", worker=spec.name, pid=child.pid)
        return child, await _pipe_reader(read)

    async def _await_ready(self, child: Forked, report: asyncio.StreamReader) -> dict[str, Any] | None:
        try:
            line = await asyncio.wait_for(report.readline(), READY_SECONDS)
        except TimeoutError:
            line = b""
        if not line:
            child.signal(signal.SIGKILL)
            await child.wait()
            return None
        loaded: dict[str, Any] = json.loads(line)
        return loaded

    async def _watch(self, spec: ProcessSpec, child: Forked) -> None:
        delay = FIRST_DELAY
        loop = asyncio.get_running_loop()
        while not self._stopping:
            begun = loop.time()
            status = await child.wait()
            self._log.event("process-died", level="ERROR", worker=spec.name, status=status)
            delay = FIRST_DELAY if loop.time() - begun > CALM_SECONDS else min(delay * 2, LONGEST_DELAY)
            await asyncio.sleep(delay)
            try:
                child, report = await self._spawn(spec, careful=spec.careful)
            except (OSError, EOFError) as error:
                # No memory or handles left, or nothing to fork from: the next try may find some.
                self._log.failure("process-not-started", error, worker=spec.name)
                continue
            await self._await_ready(child, report)
            self._changed(self.pids)


async def _pipe_reader(fd: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(fd, "rb", buffering=0))
    return reader
