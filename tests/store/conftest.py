"""A connection that lasts over the examples of one property."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest


class Bench:
    """A loop and a connection kept over all examples; every example is rolled back."""

    def __init__(self, url: str) -> None:
        self.runner = asyncio.Runner()
        self.connection = self.runner.run(asyncpg.connect(url))

    def close(self) -> None:
        self.runner.run(self.connection.close())
        self.runner.close()


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    found = Bench(database_url)
    yield found
    found.close()
