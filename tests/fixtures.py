"""Fixtures for every test: a PostgreSQL for the session, a fresh database per test, the shared folder."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.db.embedded import EmbeddedPostgres
from hub.db.metadata import metadata

#: Modules that put tables on the metadata.
_TABLES: Final = ("hub.store.tables", "hub.pipeline.tables", "hub.audit.tables", "hub.auth.tables", "hub.mpi.tables")

_NUMBERS: Final = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL for this session, without fsync."""
    # Not pytest's own temporary folder: when we are root, PostgreSQL's account could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="yilian-test-"))
    folder.chmod(0o711)
    try:
        with EmbeddedPostgres(folder, durable=False) as server:
            yield server.url
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _template(postgres_url: str) -> str:
    """Name of a database that holds every table and no rows."""
    asyncio.run(_run(postgres_url, "CREATE DATABASE template_tables"))
    asyncio.run(_create_tables(database_of(postgres_url, "template_tables")))
    return "template_tables"


@pytest.fixture
def database_url(postgres_url: str, _template: str) -> Iterator[str]:
    """URL of a database of this test's own, with every table and no rows."""
    name = f"test_{next(_NUMBERS)}"
    asyncio.run(_run(postgres_url, f"CREATE DATABASE {name} TEMPLATE {_template} STRATEGY file_copy"))
    yield database_of(postgres_url, name)
    asyncio.run(_run(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


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


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _create_tables(url: str) -> None:
    for module in _TABLES:
        if _exists(module):
            importlib.import_module(module)
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool
    )
    async with engine.begin() as connection:
        await connection.run_sync(_create_all)
    await engine.dispose()


def _create_all(connection: Connection) -> None:
    metadata.create_all(connection)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
