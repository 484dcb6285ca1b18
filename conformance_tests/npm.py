"""Clients from npm beside the scripts that drive them; a test is skipped where npm cannot give them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def installed(folder: Path, script: Path, package: str) -> Path:
    """A copy of `script` in `folder`, beside the `package` (`name@version`) it imports."""
    if shutil.which("node") is None:
        pytest.skip("needs npm and node")
    modules(folder, package)
    return Path(shutil.copy(script, folder))


def modules(folder: Path, *packages: str) -> Path:
    """The folder that holds these packages (`name@version`), below `folder`."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    install = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), *packages]
    try:
        done = subprocess.run(install, capture_output=True, timeout=120, check=False, env=os.environ)
    except subprocess.TimeoutExpired:
        pytest.skip("npm registry unreachable (no answer in time)")
    if done.returncode:
        pytest.skip("npm registry unreachable")
    return folder / "node_modules"
