"""Clients from npm beside the scripts that drive them; a test is skipped where npm cannot give them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest


def installed(folder: Path, script: Path, package: str) -> Path:
    """A copy of `script` in `folder`, beside the `package` (`name@version`) it imports."""
    if shutil.which("node") is None:
        pytest.skip("needs npm and node")
    modules(folder, package)
    return Path(shutil.copy(script, folder))


def modules(folder: Path, *packages: str) -> Path:
    """The folder that holds these packages (`name@version`) and what they need, below `folder`."""
    _npm("install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), *packages)
    return folder / "node_modules"


def unpacked(folder: Path, package: str) -> Path:
    """The folder that holds one package (`name@version`) alone, below `folder`."""
    _npm("pack", "--pack-destination", str(folder), package)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder / "package"


def _npm(*arguments: str) -> None:
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    try:
        done = subprocess.run(["npm", *arguments], capture_output=True, timeout=120, check=False, env=os.environ)
    except subprocess.TimeoutExpired:
        pytest.skip("npm registry unreachable (no answer in time)")
    if done.returncode:
        pytest.skip("npm registry unreachable")
