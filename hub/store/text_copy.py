"""Rows of full text in the binary form of COPY (PostgreSQL, sql-copy, Binary Format).

A resource has some hundred numbers, and the driver asks of each whether it is an array itself. Written here they cost a
fifth; for tables of short rows the driver is as fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from io import BytesIO
from struct import Struct
from typing import Final
from uuid import UUID

from hub.db.database import Tx

COLUMNS: Final = ("pkey", "key", "param", "grams", "about")

_BIGINT: Final = 20
_UUID: Final = 2950
_EIGHT: Final = 8
_BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
#: Number of fields; pkey, key and param, each after its length.
_HEAD: Final = Struct(">hi16si16sii").pack
_LENGTH: Final = Struct(">i").pack
#: Dimensions, whether there are nulls, type of the elements; their number and lowest index.
_ARRAY: Final = Struct(">iiIii").pack
_NO_ELEMENTS: Final = Struct(">iiI").pack(0, 0, _UUID)
_KEY: Final = Struct(">i16s").pack

Row = tuple[UUID, UUID, int, Sequence[int], Sequence[UUID]]


async def copy_texts(tx: Tx, rows: Iterable[Row]) -> None:
    """Write rows of text_value, in the order of COLUMNS; `grams` are never empty."""
    written = [_row(*row) for row in rows]
    if written:
        source = BytesIO(b"".join([_BEGIN, *written, _END]))
        await tx.copy_to_table("text_value", source=source, columns=COLUMNS, format="binary")


def _row(pkey: UUID, key: UUID, param: int, grams: Sequence[int], about: Sequence[UUID]) -> bytes:
    numbers, keys = _numbers(grams), _keys(about)
    head = _HEAD(len(COLUMNS), 16, pkey.bytes, 16, key.bytes, 4, param)
    return b"".join([head, _LENGTH(len(numbers)), numbers, _LENGTH(len(keys)), keys])


def _numbers(grams: Sequence[int]) -> bytes:
    elements = [_EIGHT] * (2 * len(grams))
    elements[1::2] = grams
    return _ARRAY(1, 0, _BIGINT, len(grams), 1) + _elements(len(grams)).pack(*elements)


@lru_cache(maxsize=1024)
def _elements(count: int) -> Struct:
    return Struct(">" + "iq" * count)


def _keys(about: Sequence[UUID]) -> bytes:
    if not about:
        return _NO_ELEMENTS
    return _ARRAY(1, 0, _UUID, len(about), 1) + b"".join([_KEY(16, one.bytes) for one in about])
