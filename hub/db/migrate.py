"""Bringing a database to the schema this version of the hub knows.

The migrations are Alembic scripts in `hub/db/migrations/versions`. They are written against `hub.db.metadata`: whoever
calls `revise` or `differences` has imported the modules that declare the tables.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.db.failures import refused_login, translated
from hub.db.metadata import metadata as hub_metadata
from hub.db.schema import SCRIPTS, refuse_unknown, revisions

#: How the names of partitions begin.
_PARTITIONS: Final = "term_concept_"
#: Number of the advisory lock of whoever changes the schema: "yilian" in ASCII.
_LOCK: Final = int.from_bytes(b"yilian", "big")

T = TypeVar("T")


async def upgrade(url: str, *, scripts: Path = SCRIPTS) -> None:
    """Bring the database at `url` to the newest schema, in one transaction; of several starters one does it.

    Raises HubError UNAVAILABLE when the database is away, or its schema is one this version does not know.
    """

    def run(connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = _config(scripts, connection)
        refuse_unknown(revisions(scripts), MigrationContext.configure(connection).get_current_heads())
        command.upgrade(config, "head")

    await in_transaction(url, run)


async def revise(url: str, message: str, *, scripts: Path = SCRIPTS, target: MetaData = hub_metadata) -> Path | None:
    """Write the migration from the database at `url` (at the newest schema) to `target`; None if nothing changed."""

    def run(connection: Connection) -> Path | None:
        script = command.revision(_config(scripts, connection, target), message, autogenerate=True)
        return Path(script.path) if script is not None and not isinstance(script, list) else None

    return await in_transaction(url, run) if await differences(url, target=target) else None


async def differences(url: str, *, target: MetaData = hub_metadata) -> list[Any]:
    """What is different between the database at `url` and `target`, in Alembic's terms; empty when nothing is."""

    def run(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"include_object": is_whole}), target))

    return await in_transaction(url, run)


def is_whole(_item: object, name: str | None, kind: str, reflected: bool, _: object) -> bool:
    """Whether Alembic is to compare it: partitions are part of their table."""
    return not (kind == "table" and reflected and name is not None and name.startswith(_PARTITIONS))


def _config(scripts: Path, connection: Connection | None = None, target: MetaData | None = None) -> Config:
    config = Config(cmd_opts=Namespace(quiet=True))
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes.update(connection=connection, target=target)
    return config


async def in_transaction(url: str, run: Callable[[Connection], T]) -> T:
    """What `run` gives, in one transaction of the database at `url`. Raises HubError UNAVAILABLE."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(_dial, url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(run)
    finally:
        await engine.dispose()


async def _dial(url: str) -> Any:
    try:
        return await asyncpg.connect(url, timeout=10)
    except asyncpg.PostgresError as error:
        raise refused_login(error) from None
    except Exception as error:
        raise translated(error, connected=False) or error from None
