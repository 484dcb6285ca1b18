"""A second database for the undisturbed run of a story."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.fixtures import database_of, drop_database, statement


@pytest.fixture
def undisturbed_url(postgres_url: str, database_url: str) -> Iterator[str]:
    """URL of an empty database beside that of `database_url`."""
    name = database_url.partition("?")[0].rpartition("/")[2] + "_undisturbed"
    asyncio.run(statement(postgres_url, f"CREATE DATABASE {name} TEMPLATE template_tables STRATEGY file_copy"))
    yield database_of(postgres_url, name)
    drop_database(postgres_url, name)
