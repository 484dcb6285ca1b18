"""The tutorial of the shared record, followed word for word: its commands in a shell, its outputs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance_tests.running_hub import started_before

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tutorial" / "shared-record.md"
BLOCK = re.compile(r"```(sh)?\n(.*?)```", re.DOTALL)
START_SECONDS = 300


def steps() -> list[tuple[str, str]]:
    """Commands and what they print, from the terminal beside the demo on."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    found: list[tuple[str, str]] = []
    for kind, text in blocks[1:]:
        found = [*found, (text, "")] if kind else [*found[:-1], (found[-1][0], text)]
    return found


@contextmanager
def demo(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The demo while the block runs; gives the address at which it answers."""
    out = folder / "out"
    with started_before() as data:
        command = [sys.executable, "-m", "hub.cli.main", "demo", "--data", str(data)]
        with out.open("wb") as output:
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + START_SECONDS
            while "until Ctrl-C" not in (said := out.read_text(encoding="utf-8")):
                assert process.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.1)
            yield re.findall(r"FHIR (http://\S+)/fhir", said)[0]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_every_command_prints_what_the_page_says(tmp_path: Path) -> None:
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "PATH": commands}
    told = steps()
    with demo(tmp_path, environment) as base:
        script = "\necho -----\n".join(command for command, _ in told).replace("http://127.0.0.1:8080", base)
        script = "\n".join(line for line in script.splitlines() if not line.startswith("export PATH"))
        done = subprocess.run(
            ["bash", "-e", "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("-----\n") == [printed for _, printed in told]
    assert len([printed for _, printed in told if printed]) >= 5
