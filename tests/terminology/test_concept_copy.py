"""Rows of concepts as they come back from the database."""

from __future__ import annotations

from array import array

from hub.db.binary_copy import elements
from terminology.concept_copy import Row, copy_concepts, encoded
from tests.terminology.house import House, in_house

NUMBERS = {"parents", "ancestors", "keys"}
EMPTY = Row(-1, "", 0, "", "", 0, b"", b"", [], "", b"", b"")
FULL = Row(
    edition=-1,
    key="i10",
    number=2_000_000_000,
    code="I10",
    display="高血压 𠮷",
    flags=3,
    parents=elements(array("I", [0, 70_000])),
    ancestors=elements([0, 1, 70_000]),
    facts=["章=IX", "", 'a="{,}\\'],
    search="高血压\ngaoxueya\n\x02gxy",
    keys=elements([-2_147_483_648, 2_147_483_647]),
    details=b'{"a":"\xe9"}\x00',
)


def test_what_is_copied_is_what_is_read(database_url: str) -> None:
    async def visit(home: House) -> None:
        async with home.database.transaction() as tx:
            await copy_concepts(tx, "term_concept", map(encoded, [EMPTY, FULL]))
            rows = await tx.fetch(f"SELECT {', '.join(Row._fields)} FROM term_concept ORDER BY number")
        for row, expected in zip(rows, (EMPTY, FULL), strict=True):
            for name in Row._fields:
                told = getattr(expected, name)
                assert (elements(row[name]) if name in NUMBERS else row[name]) == told

    in_house(database_url, visit)
