"""Runs commands of the hub for tests, each in a process forked from this one, which has imported them all.

One JSON object a line on standard input: `arguments`, `environment`, `folder` (where it runs), `files` (standard input,
output and error), `seconds` (how long it may take). One number a line on standard output: the exit code, negative for a
signal.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from hub.cli import main
from hub.cli.commands import COMMANDS


def _serve() -> None:
    for entry in COMMANDS.values():
        import_module(entry.place.partition(":")[0])
    # What is known and shared is not looked at by collections in the children: that would copy it.
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(json.loads(line))
            main.main()
            return
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _become(asked: Mapping[str, Any]) -> None:
    """Let this process be what was asked for, in all but its imports."""
    for number, (name, mode) in enumerate(zip(asked["files"], (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        os.dup2(os.open(name, mode), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = ["yilian", *asked["arguments"]]
    signal.alarm(asked["seconds"])


if __name__ == "__main__":
    _serve()
