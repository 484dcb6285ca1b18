"""Passwords of these tests are cheap to check: what they cost is tested in `tests/auth`."""

from __future__ import annotations

import pytest

from hub.auth import passwords


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "LOG_N", 4)
