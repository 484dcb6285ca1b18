"""Processes that are forked from one that has imported the hub."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hub.run.forked import Beginning, Forked, Handles, fork
from hub.run.work import Kind

#: More than one message between processes can carry (Linux SCM_MAX_FD).
MANY = 300


async def forked(output: Path, sockets: int = 0, **environment: str) -> Forked:
    lifeline, alive = os.pipe()
    ready, told = os.pipe()
    names = tuple(f"F{n}" for n in range(sockets))
    beginning = Beginning(name="events", kind=Kind.EVENTS, environment=environment, sockets=names, careful=False)
    with output.open("w") as lines:
        handles = Handles(lifeline=lifeline, ready=told, output=lines.fileno(), sockets=(ready,) * sockets)
        process = await fork(beginning, handles)
    for handle in (lifeline, alive, ready, told):
        os.close(handle)
    return process


@pytest.mark.parametrize("sockets", [0, MANY])
def test_one_that_cannot_begin_says_why_and_ends_as_the_command_would(tmp_path: Path, sockets: int) -> None:
    async def status() -> int | None:
        process = await forked(tmp_path / "log", sockets, YILIAN_BATCH_SIZE="many")
        return await process.wait()

    assert asyncio.run(status()) == 2
    assert "YILIAN_BATCH_SIZE" in (tmp_path / "log").read_text(encoding="utf-8")


async def waiting(folder: Path, silent: socket.socket) -> Forked:
    """A process that waits for a database that does not answer."""
    url = f"postgresql://yilian@127.0.0.1:{silent.getsockname()[1]}/yilian"
    return await forked(folder / "log", YILIAN_DATABASE_URL=url, YILIAN_DATA_DIR=str(folder))


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def state(pid: int) -> tuple[str, int]:
    """The state letter and the parent of a process, by proc(5)."""
    letter, parent, *_ = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return letter, int(parent)


def test_one_that_is_killed_tells_by_which_signal_and_gets_no_more(tmp_path: Path, silent: socket.socket) -> None:
    async def status() -> int | None:
        process = await waiting(tmp_path, silent)
        process.signal(signal.SIGKILL)
        ended = await process.wait()
        process.signal(signal.SIGKILL)
        return ended

    assert asyncio.run(status()) == -signal.SIGKILL


def test_one_whose_end_nobody_can_tell_is_ended(tmp_path: Path, silent: socket.socket) -> None:
    async def both() -> tuple[int | None, int]:
        process = await waiting(tmp_path, silent)
        os.kill(state(process.pid)[1], signal.SIGKILL)
        return await process.wait(), process.pid

    status, pid = asyncio.run(both())
    assert status == 255
    with suppress(FileNotFoundError):
        while state(pid)[0] != "Z":
            time.sleep(0.01)
