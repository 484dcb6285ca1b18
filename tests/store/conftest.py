"""A connection that lasts over the examples of one property."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from tests.fixtures import database_of, drop_database, statement


class Bench:
    """A loop and a connection kept over all examples; every example is rolled back."""

    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.connection = self.runner.run(asyncpg.connect(url))

    def close(self) -> None:
        self.runner.run(self.connection.close())
        self.runner.close()


@pytest.fixture(scope="module")
def bench(postgres_url: str, _template: str, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """One database for all examples of a module: each is rolled back."""
    name = request.module.__name__.replace(".", "_")
    asyncio.run(statement(postgres_url, f"CREATE DATABASE {name} TEMPLATE {_template} STRATEGY file_copy"))
    found = Bench(database_of(postgres_url, name))
    yield found
    found.close()
    drop_database(postgres_url, name)
