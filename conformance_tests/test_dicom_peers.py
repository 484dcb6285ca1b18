"""DCMTK as a sender: what it is told is what was kept."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.connectors.pacs import listening
from tests.connectors.test_pacs import image

pytestmark = pytest.mark.skipif(shutil.which("storescu") is None, reason="DCMTK is not on this machine")


async def dcmtk(program: str, *arguments: str) -> int:
    """The exit code of one of its programs."""
    environment = {**os.environ, "TCP_NODELAY": "1"}
    done = await asyncio.to_thread(
        subprocess.run, [program, *arguments], env=environment, capture_output=True, timeout=60, check=False
    )
    return done.returncode


def test_an_echo_is_answered_and_files_are_taken(tmp_path: Path) -> None:
    for n in (1, 2, 3):
        (tmp_path / f"{n}.dcm").write_bytes(image(n))

    async def play() -> None:
        async with listening(senders=("CT01",)) as feed:
            to = ("127.0.0.1", str(feed.port))
            assert await dcmtk("echoscu", "-aet", "CT01", *to) == 0
            assert await dcmtk("echoscu", "-aet", "STRANGER", *to) != 0
            assert await dcmtk("storescu", "-aet", "CT01", "+sd", *to, str(tmp_path)) == 0
            assert len({each.envelope.identity for each in feed.inbox.received}) == 3

    asyncio.run(play())
