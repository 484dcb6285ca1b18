"""Passwords of these tests are cheap to check: what they cost is tested in `tests/auth`."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from hub.auth import passwords


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
