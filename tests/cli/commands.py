"""Runs a command as a user does, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def yilian(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `yilian` with these arguments; the result is not checked."""
    return subprocess.run(
        [sys.executable, "-m", "hub.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environment},
    )
