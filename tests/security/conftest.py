"""Fixtures of the attacks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.fixtures import database_of, drop_database, statement

_NUMBERS = itertools.count(1)


@pytest.fixture
def fresh(postgres_url: str, _template: str) -> Iterator[Callable[[], str]]:
    """Gives the URL of another empty database each time it is called."""
    made: list[str] = []

    def make() -> str:
        made.append(f"attacked_{next(_NUMBERS)}")
        asyncio.run(statement(postgres_url, f"CREATE DATABASE {made[-1]} TEMPLATE {_template} STRATEGY file_copy"))
        return database_of(postgres_url, made[-1])

    yield make
    for name in made:
        drop_database(postgres_url, name)
