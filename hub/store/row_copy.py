"""Rows of resources and of their index as COPY takes them (hub.db.binary_copy), in the order of their columns.

A resource has some fifty hashes and some hundred numbers of full text. Hashes are bytes from where they are made, so an
array of them is one join; what a row has of fixed width is packed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct
from typing import Final
from uuid import UUID

from hub.db.binary_copy import (
    NULL,
    bigint,
    bigints,
    instant,
    integers,
    numeric,
    octets,
    text,
    texts,
    uuids,
)
from hub.db.instants import microseconds
from hub.store.batch import RESOURCE_COLUMNS, VERSION_COLUMNS, Indexed, Row
from hub.store.index_rows import Companions, IndexRows

_COUNT: Final = Struct(">h").pack
#: Number of fields, pkey and key, each after its length.
_OWNED: Final = Struct(">hi16si16s").pack
#: Version, type.
_VERSION: Final = Struct(">iiih").pack
#: When it was made, whether it is a deletion.
_MADE: Final = Struct(">iqi?").pack
_INTEGER: Final = Struct(">ii").pack
_RANGE: Final = Struct(">iiiqiq").pack
_CODING: Final = Struct(">hi16sihi16siqi16s").pack
_POSITION: Final = Struct(">idid").pack


def resource_row(row: Row) -> bytes:
    """One of resource, in the order of RESOURCE_COLUMNS."""
    tokens, refs, params, low, high, system, code, value, unit, sort_params, sort_texts, coded = row[_SHARED:]
    return b"".join(
        (
            *_version(row, len(RESOURCE_COLUMNS)),
            *(uuids(tokens), uuids(refs), integers(params), instant(low), instant(high)),
            *(text(system), text(code), numeric(value), text(unit)),
            *(integers(sort_params), texts(sort_texts), octets(coded)),
        )
    )


def history_row(row: Row) -> bytes:
    """One of history, in the order of VERSION_COLUMNS."""
    tokens, refs, coded = row[_SHARED:]
    return b"".join((*_version(row, len(VERSION_COLUMNS)), uuids(tokens), uuids(refs), octets(coded)))


#: How many columns both begin with.
_SHARED: Final = VERSION_COLUMNS.index("tokens")


def _version(row: Row, fields: int) -> tuple[bytes, ...]:
    pkey, key, version, rtype, rid, updated, deleted, body, patient, author, authors, labels, *rest = row[:_SHARED]
    start, end, flags, source, cleared = rest
    return (
        _OWNED(fields, 16, pkey.bytes, 16, key.bytes),
        *(_VERSION(4, version, 2, rtype), text(rid), _MADE(8, microseconds(updated), 1, deleted), octets(body)),
        *(text(patient), text(author), texts(authors), texts(labels), instant(start), instant(end)),
        *(_INTEGER(4, flags), bigint(source), texts(cleared)),
    )


def home_rows(rows: Iterable[tuple[UUID, UUID]]) -> Iterator[bytes]:
    """Of resource_home, for pairs of key and pkey."""
    return (_OWNED(2, 16, key.bytes, 16, pkey.bytes) for key, pkey in rows)


@dataclass(slots=True)
class IndexCopies:
    """The rows of the tables beside `resource`, by table, in the order of their columns."""

    coding: list[bytes] = field(default_factory=list)
    string_value: list[bytes] = field(default_factory=list)
    date_value: list[bytes] = field(default_factory=list)
    number_value: list[bytes] = field(default_factory=list)
    position_value: list[bytes] = field(default_factory=list)
    text_value: list[bytes] = field(default_factory=list)


def index_copies(indexed: Indexed) -> IndexCopies:
    """Of the index of some resources."""
    made = IndexCopies()
    for key, (pkey, rtype, rows) in indexed.items():
        lead, own = pkey.bytes, key.bytes
        keys = 16, lead, 16, own
        if rows.codings:
            made.coding += _codings(lead, own, rtype, rows)
        if rows.numbers:
            made.number_value += _numbers(_OWNED(9, *keys), rows)
        if rows.strings or rows.dates:
            head = _OWNED(6, *keys)
            made.string_value += _strings(head, rows)
            made.date_value += _dates(head, rows)
        if rows.texts:
            made.text_value += _texts(_OWNED(5, *keys), rows)
        if rows.positions:
            made.position_value += _positions(_OWNED(4, *keys), rows)
    return made


def _codings(pkey: bytes, key: bytes, rtype: int, rows: IndexRows) -> list[bytes]:
    low = microseconds(rows.date_low)
    return [_CODING(5, 16, pkey, 2, rtype, 16, code, 8, low, 16, key) for code in rows.codings]


def _strings(head: bytes, rows: IndexRows) -> Iterator[bytes]:
    for param, folded, exact, beside in rows.strings:
        yield b"".join((head, _INTEGER(4, param), text(folded), text(exact), _companions(beside)))


def _dates(head: bytes, rows: IndexRows) -> Iterator[bytes]:
    for param, low, high, beside in rows.dates:
        yield head + _RANGE(4, param, 8, microseconds(low), 8, microseconds(high)) + _companions(beside)


def _numbers(head: bytes, rows: IndexRows) -> Iterator[bytes]:
    for (low, high, system, code, unit), (params, beside) in rows.numbers.items():
        ends = numeric(low) + numeric(high)
        yield b"".join((head, integers(params), ends, _unit(system, code, unit), _companions(beside or None)))


@lru_cache(maxsize=4096)
def _unit(system: str | None, code: str | None, unit: str | None) -> bytes:
    """Units come again and again."""
    return text(system) + text(code) + text(unit)


def _positions(head: bytes, rows: IndexRows) -> Iterator[bytes]:
    for latitude, longitude in rows.positions:
        yield head + _POSITION(8, latitude, 8, longitude)


def _texts(head: bytes, rows: IndexRows) -> Iterator[bytes]:
    for param, grams, about in rows.texts:
        yield b"".join((head, _INTEGER(4, param), bigints(grams), uuids([one.bytes for one in about])))


def _companions(beside: Companions) -> bytes:
    return NULL if beside is None else uuids(beside)
