"""The migrations and the tables the code declares are the same schema."""

from __future__ import annotations

import asyncio

from hub.db.migrate import differences
from scripts.migration import import_tables


def test_the_migrations_make_exactly_the_tables_the_code_declares(database_url: str) -> None:
    import_tables()
    assert asyncio.run(differences(database_url)) == []
