"""Processes are kept alive, also where the machine has nothing left to start one with for a while."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
from pathlib import Path

import pytest

from hub.kernel.log import Log
from hub.run import supervisor
from hub.run.forked import Beginning, Handles
from hub.run.supervisor import ProcessSpec, Supervisor
from hub.run.work import Kind

HANDLES = Path("/proc/self/fd")


class Fake:
    """A process that says it is ready, and ends when it is told to."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended = asyncio.Event()

    async def wait(self) -> int:
        await self.ended.wait()
        return -signal.SIGKILL

    def signal(self, _: signal.Signals) -> None:
        self.ended.set()


def test_a_process_that_cannot_be_started_again_is_tried_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Fake] = []
    failures = [OSError("no memory"), EOFError(), OSError("no memory")]

    async def fork(_: Beginning, handles: Handles) -> Fake:
        if made and failures:
            raise failures.pop()
        made.append(Fake(len(made) + 1))
        os.write(handles.ready, json.dumps({}).encode() + b"\n")
        return made[-1]

    monkeypatch.setattr(supervisor, "fork", fork)
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(supervisor, "LONGEST_DELAY", 0.001)
    lines = io.StringIO()

    async def story() -> list[dict[str, int]]:
        told: list[dict[str, int]] = []
        back = asyncio.Event()

        def changed(pids: dict[str, int]) -> None:
            told.append(pids)
            back.set()

        with (tmp_path / "log").open("w") as output:
            kept = Supervisor({}, Log("test", stream=lines), changed=changed, output=output)
            await kept.start(ProcessSpec(name="events", kind=Kind.EVENTS))
            before = len(list(HANDLES.iterdir()))
            made[0].ended.set()
            await asyncio.wait_for(back.wait(), 10)
            assert len(list(HANDLES.iterdir())) <= before + 1
            await kept.stop()
        return told

    assert asyncio.run(story()) == [{"events": 2}]
    assert lines.getvalue().count("process-not-started") == 3
