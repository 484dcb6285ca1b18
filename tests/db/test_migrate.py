"""Migrations: written from the metadata, applied once by whoever comes first, checked at every start."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from hub.db.database import Database
from hub.db.migrate import differences, revise, upgrade
from hub.db.schema import SCRIPTS, check, revisions
from hub.db.types import Xid8
from hub.kernel.errors import Category, HubError
from tests.fixtures import database_of, drop_database, statement


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A migrations folder without migrations."""
    folder = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("*_*.py", "__pycache__"))
    return folder


@pytest.fixture
def empty_url(postgres_url: str) -> str:
    """A database of this test's own without any table."""
    drop_database(postgres_url, "migrated")
    asyncio.run(statement(postgres_url, "CREATE DATABASE migrated"))
    return database_of(postgres_url, "migrated")


def _tables() -> MetaData:
    tables = MetaData()
    paper = Table(
        "paper",
        tables,
        Column("id", BigInteger, primary_key=True),
        Column("xid", Xid8, nullable=False),
        Column("words", ARRAY(Text), nullable=False),
        Column("facts", JSONB, nullable=False),
        Column("title", Text(collation="C"), nullable=False),
    )
    Index("ix_paper_words", paper.c.words, postgresql_using="gin")
    Index("ix_paper_facts", paper.c.facts, postgresql_using="gin", postgresql_ops={"facts": "jsonb_path_ops"})
    Index("ix_paper_head", func.left(paper.c.title, 8))
    return tables


def test_a_written_migration_gives_exactly_the_tables_with_gin_and_operator_classes(
    scripts: Path, empty_url: str
) -> None:
    async def scenario() -> str:
        assert await revise(empty_url, "First", scripts=scripts, target=_tables()) is not None
        await upgrade(empty_url, scripts=scripts)
        assert await differences(empty_url, target=_tables()) == []
        assert await revise(empty_url, "Second", scripts=scripts, target=_tables()) is None
        database = await Database.connect(empty_url)
        await check(database, scripts=scripts)
        async with database.connection() as connection:
            index: str = await connection.fetchval("SELECT pg_get_indexdef('ix_paper_facts'::regclass)")
        await database.close()
        return index

    assert "gin (facts jsonb_path_ops)" in asyncio.run(scenario())


def test_starters_that_race_apply_each_migration_once(scripts: Path, empty_url: str) -> None:
    async def scenario() -> list[None]:
        await revise(empty_url, "First", scripts=scripts, target=_tables())
        return await asyncio.gather(*(upgrade(empty_url, scripts=scripts) for _ in range(4)))

    assert asyncio.run(scenario()) == [None] * 4


def test_a_schema_that_is_behind_or_unknown_is_refused(scripts: Path, empty_url: str) -> None:
    async def scenario() -> list[HubError]:
        refusals = []
        await revise(empty_url, "First", scripts=scripts, target=_tables())
        database = await Database.connect(empty_url)
        with pytest.raises(HubError) as behind:
            await check(database, scripts=scripts)
        refusals.append(behind.value)
        await upgrade(empty_url, scripts=scripts)
        async with database.connection() as connection:
            await connection.execute("UPDATE alembic_version SET version_num = 'future'")
        for attempt in (check(database, scripts=scripts), upgrade(empty_url, scripts=scripts)):
            with pytest.raises(HubError) as unknown:
                await attempt
            refusals.append(unknown.value)
        await database.close()
        return refusals

    behind, unknown, unknown_again = asyncio.run(scenario())
    assert {e.category for e in (behind, unknown, unknown_again)} == {Category.UNAVAILABLE}
    assert "is at nothing" in behind.what
    assert "does not know" in unknown.what
    assert "does not know" in unknown_again.what


def test_a_migration_that_fails_leaves_the_schema_as_it_was(scripts: Path, empty_url: str) -> None:
    async def scenario() -> int:
        path = await revise(empty_url, "First", scripts=scripts, target=_tables())
        assert path is not None
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace(
                '"""Apply."""',
                '"""Apply."""\n    op.execute("CREATE TABLE half (n int)")\n    op.execute("SELECT 1/0")',
            )
        )
        with pytest.raises(Exception, match="division by zero"):
            await upgrade(empty_url, scripts=scripts)
        database = await Database.connect(empty_url)
        async with database.connection() as connection:
            tables: int = await connection.fetchval(
                "SELECT count(*) FROM pg_tables WHERE tablename IN ('half', 'paper')"
            )
        await database.close()
        return tables

    assert asyncio.run(scenario()) == 0


def test_a_database_that_is_away_is_told_as_unavailable(tmp_path: Path) -> None:
    with pytest.raises(HubError) as told:
        asyncio.run(upgrade(f"postgresql://nobody:x@/none?host={tmp_path}"))
    assert told.value.category is Category.UNAVAILABLE


def test_the_migrations_are_read_as_alembic_reads_them() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    directory = ScriptDirectory.from_config(config)
    there = revisions()
    assert there.known == {script.revision for script in directory.walk_revisions()}
    assert there.newest == set(directory.get_heads())


def test_a_process_that_only_checks_the_schema_does_not_load_alembic() -> None:
    program = "import sys, hub.run.pipeline, hub.run.mllp; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
