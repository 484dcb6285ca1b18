"""Runs a command as a user does, in a process of its own. All share one start: it is most of what a command costs."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

_SECONDS = 120


def yilian(*arguments: str | Path, **environment: str) -> CompletedProcess[str]:
    """Run `yilian` with these arguments; the result is not checked."""
    return run([str(argument) for argument in arguments], {**os.environ, **environment})


def run(arguments: Sequence[str], environment: Mapping[str, str], typed: str = "") -> CompletedProcess[str]:
    """Run `yilian` in this environment, with `typed` as its standard input."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("in", "out", "err")]
        for file in files:
            file.write_text(typed, encoding="utf-8")
            typed = ""
        code = _server().ask(arguments, environment, files)
        _, out, err = (file.read_text(encoding="utf-8") for file in files)
    return CompletedProcess(["yilian", *arguments], code, out, err)


class _Server:
    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.commands_server"]
        root = Path(__file__).parents[1]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)

    def ask(self, arguments: Sequence[str], environment: Mapping[str, str], files: Sequence[Path]) -> int:
        asked = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "folder": str(Path.cwd()),
            "files": [str(file) for file in files],
            "seconds": _SECONDS,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(_SECONDS)
        self._process.stdout.close()


@cache
def _server() -> _Server:
    server = _Server()
    atexit.register(server.end)
    return server
