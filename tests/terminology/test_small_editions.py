"""Small editions share a table; what stood in tables of its own moves there, and back."""

from __future__ import annotations

from importlib import import_module

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from hub.db.migrate import in_transaction
from hub.kernel.errors import HubError
from terminology import catalogue
from terminology.closure_tables import ClosureTables
from terminology.model import CODE_SYSTEM, Coding
from terminology.shelf import WHOLE
from terminology.stored import StoredTerminology
from tests.terminology.house import DISEASES, WHEN, House, code_system, diseases, house, in_house
from tests.terminology.test_loading import Breaking

LARGE = "urn:large"
_TABLES = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'term_concept'::regclass ORDER BY 1"
_NUMBERS = "SELECT number FROM term_edition ORDER BY abs(number)"


async def loaded(home: House) -> None:
    large = code_system(*({"code": str(n)} for n in range(WHOLE + 1)), url=LARGE)
    await home.load(diseases(), large)
    with pytest.raises(OSError):
        await home.loader.code_system(Breaking(code_system(*({"code": c} for c in "abcdef"), url="urn:half")))
    tables = ClosureTables(home.database, home.terms, lambda: WHEN)
    await tables.begin("me", "table")
    await tables.grow("me", "table", [Coding(DISEASES, "I10"), Coding(DISEASES, "C")])


async def told(home: House) -> tuple[list[int], list[str]]:
    """Numbers of editions and names of tables; what is asked is answered whatever they are."""
    assert await home.terms.subsumes(DISEASES, "C", "I10.1") == "subsumes"
    assert (await home.terms.lookup(Coding(LARGE, str(WHOLE)))).concept.number == WHOLE
    grown = await ClosureTables(home.database, home.terms, lambda: WHEN).since("me", "table", 0)
    assert list(grown.pairs) == [(DISEASES, "I10", "C")]
    async with home.database.connection() as connection:
        numbers, tables = await connection.fetch(_NUMBERS), await connection.fetch(_TABLES)
    return [row[0] for row in numbers], [row[0] for row in tables]


async def migrated(url: str, way: str) -> None:
    script = import_module("hub.db.migrations.versions.0037_small_editions_together")

    def run(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            getattr(script, way)()

    await in_transaction(url, run)


def test_editions_move_between_a_table_of_their_own_and_the_shared_one(database_url: str) -> None:
    async def visit(home: House) -> None:
        await loaded(home)
        assert await told(home) == ([-1, 2, -3], ["term_concept_2", "term_concept_small"])
        for way, expected in (
            ("downgrade", ([1, 2], ["term_concept_1", "term_concept_2"])),
            ("upgrade", ([-1, 2], ["term_concept_2", "term_concept_small"])),
        ):
            await migrated(database_url, way)
            async with house(database_url) as other:
                assert await told(other) == expected

    in_house(database_url, visit)


def test_a_small_edition_goes_without_its_neighbours(database_url: str) -> None:
    async def visit(home: House) -> None:
        await home.load(diseases("1"), diseases("2"), code_system({"code": "x"}, url="urn:other"))
        async with home.database.transaction() as tx:
            await catalogue.drop(tx, CODE_SYSTEM, DISEASES, "1")
            await StoredTerminology(lambda: WHEN).tidy(tx)
            rows = await tx.fetch("SELECT edition, count(*) FROM term_concept GROUP BY 1 ORDER BY 1")
        assert [tuple(row) for row in rows] == [(-3, 1), (-2, 6)]
        home.terms.catalogues.forget()
        assert (await home.terms.lookup(Coding(DISEASES, "I10"))).edition.version == "2"
        with pytest.raises(HubError):
            await home.terms.lookup(Coding(DISEASES, "I10"), "1")

    in_house(database_url, visit)
