"""The migrations and the tables the code declares are the same schema."""

from __future__ import annotations

import asyncio

from hub.db.database import Database
from hub.db.metadata import metadata
from hub.db.migrate import differences
from scripts.migration import import_tables


def test_the_migrations_make_exactly_the_tables_the_code_declares(database_url: str) -> None:
    import_tables()
    assert asyncio.run(differences(database_url)) == []


def test_no_search_reads_through_a_long_list_of_what_was_written_last(database_url: str) -> None:
    """The options of the GIN indexes that searches ask, which Alembic does not compare."""
    import_tables()
    told = {
        index.name: {f"{name}={value}" for name, value in index.dialect_options["postgresql"]["with"].items()}
        for table in metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["postgresql"]["with"]
    }
    assert told.keys() == {"ix_resource_tokens", "ix_text_value_grams", "ix_consent_rule_actors"}

    async def found(database: Database) -> dict[str, set[str]]:
        async with database.connection() as tx:
            rows = await tx.fetch("SELECT relname, reloptions FROM pg_class WHERE relname = ANY($1)", list(told))
            return {row["relname"]: set(row["reloptions"]) for row in rows}

    async def look() -> dict[str, set[str]]:
        database = await Database.connect(database_url, size=1)
        try:
            return await found(database)
        finally:
            await database.close()

    assert asyncio.run(look()) == told
