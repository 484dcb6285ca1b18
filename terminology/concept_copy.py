"""Rows of concepts as COPY takes them: a concept has some hundred numbers, and so a row costs a third of the CPU."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from struct import Struct
from typing import Final, NamedTuple

from hub.db import binary_copy as copy
from hub.db.database import Tx
from hub.kernel.errors import Category, HubError

_COUNT: Final = Struct(">h").pack
_NUMBER: Final = Struct(">ii").pack
_SMALL: Final = Struct(">ih").pack


class Row(NamedTuple):
    """One row of term_concept, in the order of its columns; `parents`, `ancestors` and `keys` as
    `hub.db.binary_copy.elements` gives them."""

    edition: int
    key: str
    number: int
    code: str
    display: str
    flags: int
    parents: bytes
    ancestors: bytes
    facts: Collection[str]
    search: str
    keys: bytes
    details: bytes


async def copy_concepts(tx: Tx, table: str, rows: Iterable[bytes]) -> None:
    """Write rows that are `encoded`; each is made when it is sent."""
    await copy.copy_stream(tx, table, Row._fields, rows)


def encoded(row: Row) -> bytes:
    """The row as COPY takes it. Raises HubError INVALID for a text that no database keeps."""
    if any("\0" in text for text in (row.key, row.code, row.display, row.search, *row.facts)):
        what, todo = "has a text with U+0000, which is no character of FHIR", "mend the source"
        raise HubError(Category.INVALID, what, where="code system", todo=todo, code="code-system")
    return b"".join(
        (
            *(_COUNT(len(Row._fields)), _NUMBER(4, row.edition), copy.text(row.key), _NUMBER(4, row.number)),
            *(copy.text(row.code), copy.text(row.display), _SMALL(2, row.flags)),
            *(copy.array_of(row.parents), copy.array_of(row.ancestors), copy.texts(row.facts)),
            *(copy.text(row.search), copy.array_of(row.keys), copy.octets(row.details)),
        )
    )
