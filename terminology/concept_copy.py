"""Rows of concepts in the binary form of COPY (PostgreSQL, sql-copy, Binary Format).

A concept has some hundred numbers, and the driver asks of each whether it is an array itself. Written here a row costs
a third of the CPU.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Collection, Iterable
from struct import Struct
from sys import byteorder
from typing import Final, NamedTuple

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError

_INTEGER: Final = 23
_TEXT: Final = 25
_BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
#: Bytes that are sent together.
_PIECE: Final = 1 << 16

_COUNT: Final = Struct(">h").pack
_LENGTH: Final = Struct(">i").pack
_NUMBER: Final = Struct(">ii").pack
_SMALL: Final = Struct(">ih").pack
#: Length of the field; dimensions, whether there are nulls, type of the elements; their number and lowest index.
_ARRAY: Final = Struct(">iiiiii").pack
_NO_ELEMENTS: Final = Struct(">iiii").pack
_ELEMENT: Final = 8


class Row(NamedTuple):
    """One row of term_concept, in the order of its columns; `parents`, `ancestors` and `keys` as `elements`."""

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
    await tx.copy_to_table(table, source=_pieces(rows), columns=Row._fields, format="binary")


async def _pieces(rows: Iterable[bytes]) -> AsyncIterator[bytes]:
    piece = bytearray(_BEGIN)
    for row in rows:
        piece += row
        if len(piece) > _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + _END


def encoded(row: Row) -> bytes:
    """The row as COPY takes it. Raises HubError INVALID for a text that no database keeps."""
    return b"".join(
        (
            _COUNT(len(Row._fields)),
            *(_NUMBER(4, row.edition), _text(row.key), _NUMBER(4, row.number), _text(row.code), _text(row.display)),
            *(_SMALL(2, row.flags), _numbers(row.parents), _numbers(row.ancestors), _texts(row.facts)),
            *(_text(row.search), _numbers(row.keys), _LENGTH(len(row.details)), row.details),
        )
    )


def _text(text: str) -> bytes:
    content = text.encode()
    if 0 in content:
        what, todo = "has a text with U+0000, which is no character of FHIR", "mend the source"
        raise HubError(Category.INVALID, what, where="code system", todo=todo, code="code-system")
    return _LENGTH(len(content)) + content


def elements(numbers: Collection[int]) -> bytes:
    """Numbers as they stand in an int4[]: each after its length."""
    found = array("i", (4,)) * (2 * len(numbers))
    found[1::2] = array("i", numbers)
    if byteorder == "little":
        found.byteswap()
    return found.tobytes()


def _numbers(told: bytes) -> bytes:
    """int4[]."""
    if not told:
        return _NO_ELEMENTS(12, 0, 0, _INTEGER)
    return _ARRAY(20 + len(told), 1, 0, _INTEGER, len(told) // _ELEMENT, 1) + told


def _texts(texts: Collection[str]) -> bytes:
    """text[]."""
    if not texts:
        return _NO_ELEMENTS(12, 0, 0, _TEXT)
    told = b"".join(map(_text, texts))
    return _ARRAY(20 + len(told), 1, 0, _TEXT, len(texts), 1) + told
