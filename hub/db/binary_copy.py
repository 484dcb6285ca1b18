"""Rows in the binary form of COPY (PostgreSQL, sql-copy, Binary Format): fields, and how rows of them are sent.

The driver asks a codec for every value, and of every item of an array whether it is an array itself. Written here, an
array is one call of C, and so are the fields of fixed width that stand side by side: who knows a table packs those by a
`struct.Struct` of its own. A field is its length and its content; NULL has the length -1.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from struct import Struct, pack
from sys import byteorder
from typing import Any, Final

from hub.db.database import Tx
from hub.db.instants import microseconds

_BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
#: Bytes of a stream that are sent together.
_PIECE: Final = 1 << 16
#: Bytes of one row that is sent in pieces.
_LARGE: Final = 1024 * 1024

NULL: Final = b"\xff\xff\xff\xff"

_INT4: Final = 23
_INT8: Final = 20
_TEXT: Final = 25
_UUID: Final = 2950
_SIXTEEN: Final = b"\0\0\0\x10"

_LENGTH: Final = Struct(">i").pack
_EIGHT: Final = Struct(">iq").pack
#: Length of the field; dimensions, whether there are nulls, type of the elements; their number and lowest index.
_ARRAY: Final = Struct(">iiiiii").pack
_EMPTY: Final = {kind: Struct(">iiii").pack(12, 0, 0, kind) for kind in (_INT4, _INT8, _TEXT, _UUID)}

#: Digits of a numeric in one group; the sign of one below zero.
_FOUR: Final = 4
_NEGATIVE: Final = 0x4000


async def copy_rows(tx: Tx, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """Send rows, each the number of its fields (16 bits) and these in the order of `columns`; none, no round trip."""
    written = [_BEGIN, *rows, _END]
    if len(written) > 2:
        # What is in memory is sent at once; the types of the driver know files and streams alone. A row of megabytes
        # is not copied for that, by us or by the driver.
        large = max(map(len, written)) > _LARGE
        source: Any = _cut(written) if large else memoryview(b"".join(written))
        await tx.copy_to_table(table, source=source, columns=columns, format="binary")


async def copy_stream(tx: Tx, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """As `copy_rows`, for more than should be in memory at once: each row is made when it is sent."""
    await tx.copy_to_table(table, source=_pieces(rows), columns=columns, format="binary")


async def _cut(rows: Sequence[bytes]) -> AsyncIterator[bytes]:
    for row in rows:
        for begin in range(0, len(row), _PIECE):
            yield row[begin : begin + _PIECE]


async def _pieces(rows: Iterable[bytes]) -> AsyncIterator[bytes]:
    piece = bytearray(_BEGIN)
    for row in rows:
        piece += row
        if len(piece) > _PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + _END


def octets(value: bytes | None) -> bytes:
    """bytea."""
    return NULL if value is None else _LENGTH(len(value)) + value


def text(value: str | None) -> bytes:
    """text."""
    if value is None:
        return NULL
    content = value.encode()
    return _LENGTH(len(content)) + content


def bigint(value: int | None) -> bytes:
    """int8."""
    return NULL if value is None else _EIGHT(8, value)


def instant(value: datetime | None) -> bytes:
    """timestamptz."""
    return NULL if value is None else _EIGHT(8, microseconds(value))


def numeric(value: Decimal | None) -> bytes:
    """numeric: finite, its digits kept."""
    return NULL if value is None else _numeric(str(value))


@lru_cache(maxsize=4096)
def _numeric(written: str) -> bytes:
    """By its text: 1.0 and 1.00 are equal, and are not the same. Values come again."""
    parts: Any = Decimal(written).as_tuple()
    sign, digits, exponent = parts
    # Digits in groups of four on either side of the point: zeros fill the first and the last group.
    behind = exponent % _FOUR
    plain = "".join(map(str, digits)) + "0" * behind
    plain = plain.rjust(-(-len(plain) // _FOUR) * _FOUR, "0")
    groups = [int(plain[at : at + _FOUR]) for at in range(0, len(plain), _FOUR)]
    count, weight = len(groups), len(groups) - 1 + (exponent - behind) // _FOUR
    # Length; number of groups, weight of the first, sign, digits after the point; the groups.
    form = f">iHhHH{count}H"
    return pack(form, 8 + 2 * count, count, weight, _NEGATIVE if sign else 0, max(-exponent, 0), *groups)


def uuids(values: Collection[bytes]) -> bytes:
    """uuid[], of the 16 bytes of each."""
    count = len(values)
    return _ARRAY(20 + 20 * count, 1, 0, _UUID, count, 1) + _SIXTEEN.join((b"", *values)) if count else _EMPTY[_UUID]


def integers(values: Collection[int]) -> bytes:
    """int4[]."""
    return array_of(elements(values))


def elements(numbers: Collection[int]) -> bytes:
    """Numbers as they stand in an int4[]: each after its length."""
    found = array("i", (4,)) * (2 * len(numbers))
    found[1::2] = array("i", numbers)
    if byteorder == "little":
        found.byteswap()
    return found.tobytes()


def array_of(told: bytes) -> bytes:
    """int4[] of such `elements`."""
    return _ARRAY(20 + len(told), 1, 0, _INT4, len(told) // 8, 1) + told if told else _EMPTY[_INT4]


def bigints(values: Collection[int]) -> bytes:
    """int8[]."""
    count = len(values)
    if not count:
        return _EMPTY[_INT8]
    elements = [8] * (2 * count)
    elements[1::2] = values
    return _ARRAY(20 + 12 * count, 1, 0, _INT8, count, 1) + _bigints(count).pack(*elements)


@lru_cache(maxsize=1024)
def _bigints(count: int) -> Struct:
    return Struct(">" + "iq" * count)


def texts(values: Collection[str]) -> bytes:
    """text[]."""
    if not values:
        return _EMPTY[_TEXT]
    elements = b"".join(map(text, values))
    return _ARRAY(20 + len(elements), 1, 0, _TEXT, len(values), 1) + elements
