"""Rows of concepts as they come back from the database."""

from __future__ import annotations

from array import array

from terminology.concept_copy import Row, copy_concepts, encoded
from tests.terminology.house import House, in_house

EMPTY = Row(-1, "", 0, "", "", 0, (), [], [], "", set(), b"")
FULL = Row(
    edition=-1,
    key="i10",
    number=2_000_000_000,
    code="I10",
    display="高血压 𠮷",
    flags=3,
    parents=array("I", [0, 70_000]),
    ancestors=[0, 1, 70_000],
    facts=["章=IX", "", 'a="{,}\\'],
    search="高血压\ngaoxueya\n\x02gxy",
    keys={-2_147_483_648, 2_147_483_647},
    details=b'{"a":"\xe9"}\x00',
)


def test_what_is_copied_is_what_is_read(database_url: str) -> None:
    async def visit(home: House) -> None:
        async with home.database.transaction() as tx:
            await copy_concepts(tx, "term_concept", map(encoded, [EMPTY, FULL]))
            rows = await tx.fetch(f"SELECT {', '.join(Row._fields)} FROM term_concept ORDER BY number")
        for row, expected in zip(rows, (EMPTY, FULL), strict=True):
            assert {name: row[name] for name in ("parents", "ancestors", "facts")} == {
                name: list(getattr(expected, name)) for name in ("parents", "ancestors", "facts")
            }
            assert set(row["keys"]) == expected.keys
            for name in ("edition", "key", "number", "code", "display", "flags", "search", "details"):
                assert row[name] == getattr(expected, name)

    in_house(database_url, visit)
