"""DCMTK as a sender and as a modality: what it is told is what was kept, and what was ordered."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.kernel.types import Json
from mappings.dicom import worklist
from tests.connectors.pacs import listening
from tests.connectors.test_pacs import image
from tests.mappings.dicom.test_worklist import ORDERS, number

pytestmark = pytest.mark.skipif(shutil.which("storescu") is None, reason="DCMTK is not on this machine")


async def dcmtk(program: str, *arguments: str) -> tuple[int, str]:
    """The exit code of one of its programs, and what it says."""
    environment = {**os.environ, "TCP_NODELAY": "1"}
    done = await asyncio.to_thread(
        subprocess.run, [program, *arguments], env=environment, capture_output=True, timeout=60, check=False
    )
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def test_an_echo_is_answered_and_files_are_taken(tmp_path: Path) -> None:
    for n in (1, 2, 3):
        (tmp_path / f"{n}.dcm").write_bytes(image(n))

    async def play() -> None:
        async with listening(senders=("CT01",)) as feed:
            to = ("127.0.0.1", str(feed.port))
            assert (await dcmtk("echoscu", "-aet", "CT01", *to))[0] == 0
            assert (await dcmtk("echoscu", "-aet", "STRANGER", *to))[0] != 0
            assert (await dcmtk("storescu", "-aet", "CT01", "+sd", *to, str(tmp_path)))[0] == 0
            assert len({each.envelope.identity for each in feed.inbox.received}) == 3

    asyncio.run(play())


def test_a_modality_gets_its_worklist() -> None:
    keys = ("PatientName=沈*", "PatientID", "ScheduledProcedureStepSequence[0].Modality=CT")

    async def answer(identifier: Mapping[str, Any], station: str, peer: str) -> list[Json]:
        assert peer == "127.0.0.1"
        patient = {"name": [{"family": "沈", "given": ["桂兰"]}], "identifier": [number("MR", "P7")]}
        return worklist.answer(identifier, station, ORDERS, {"Patient/p1": patient})

    async def play() -> None:
        async with listening(senders=("CT01",), worklist=answer) as feed:
            asked = [part for key in ("SpecificCharacterSet=ISO_IR 192", *keys) for part in ("-k", key)]
            code, said = await dcmtk("findscu", "-v", "-W", "-aet", "CT01", *asked, "127.0.0.1", str(feed.port))
            assert (code, said.count("Find Response:")) == (0, 1), said
            assert "沈^桂兰" in said
            assert "[P7]" in said

    asyncio.run(play())
