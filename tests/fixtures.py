"""Fixtures for every test: a PostgreSQL for the session, a fresh database per test, the shared folder."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from hub.db.embedded import EmbeddedPostgres
from hub.db.migrate import upgrade
from tests.cluster_folders import cluster_folder

_NUMBERS = itertools.count(1)
#: Times a database in use by autovacuum is tried to be dropped, a tenth of a second apart.
_PATIENCE = 100


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL for this session, without fsync."""
    with cluster_folder() as folder, EmbeddedPostgres(folder, durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def _template(postgres_url: str) -> str:
    """Name of a database that holds every table and no rows."""
    asyncio.run(statement(postgres_url, "CREATE DATABASE template_tables"))
    asyncio.run(upgrade(database_of(postgres_url, "template_tables")))
    return "template_tables"


@pytest.fixture
def database_url(postgres_url: str, _template: str) -> Iterator[str]:
    """URL of a database of this test's own, with every table and no rows."""
    name = f"test_{next(_NUMBERS)}"
    asyncio.run(statement(postgres_url, f"CREATE DATABASE {name} TEMPLATE {_template} STRATEGY file_copy"))
    yield database_of(postgres_url, name)
    drop_database(postgres_url, name)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared test inputs; skips the test where it is absent."""
    folder = Path(os.environ.get("YILIAN_SHARED", Path(__file__).parents[1] / "../shared")).resolve()
    if not folder.is_dir():
        pytest.skip("the shared folder is absent (YILIAN_SHARED)")
    return folder


def database_of(url: str, name: str) -> str:
    """`url` with another database name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def statement(url: str, sql: str) -> None:
    """Run one statement outside any transaction."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def drop_database(url: str, name: str) -> None:
    """Drop a database if it exists, whoever is connected to it.

    A worker of autovacuum that is at it belongs to PostgreSQL and cannot be sent away: it is waited for.
    """
    for _ in range(_PATIENCE):
        with suppress(asyncpg.InsufficientPrivilegeError):
            asyncio.run(statement(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            return
        time.sleep(0.1)
    pytest.fail(f"{name} is still in use by autovacuum")
