"""Records from a CSV file, one line per registration, UTF-8."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.mpi.record import Record

#: The columns, in any order; others are not read.
COLUMNS: Final = tuple(name for name in Record.__struct_fields__ if name != "health_card")
_MARK: Final = b"\xef\xbb\xbf"


def read_records(lines: Iterable[bytes], name: str) -> Iterator[Record]:
    """Records of the lines of a CSV file with a header.

    Raises HubError UNREADABLE (not UTF-8, not CSV) or INVALID (columns missing, a line with too few or too many fields,
    a record id that is missing or stands twice), always with `name:line`.
    """
    rows = csv.reader(_decoded(lines, name), strict=True)
    header = _next(rows, name)
    if header is None:
        raise HubError(Category.INVALID, "is empty", where=f"{name}:1", todo="begin with a line of column names")
    places = _places(header, name)
    seen: dict[str, int] = {}
    while (row := _next(rows, name)) is not None:
        if row:
            yield _record(row, places, len(header), seen, f"{name}:{rows.line_num}")
            seen[row[places["record_id"]]] = rows.line_num


def _decoded(lines: Iterable[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        try:
            yield (line.removeprefix(_MARK) if number == 1 else line).decode()
        except UnicodeDecodeError:
            todo = "save the file as UTF-8"
            raise HubError(Category.UNREADABLE, "is not UTF-8", where=f"{name}:{number}", todo=todo) from None


def _next(rows: Iterator[list[str]], name: str) -> list[str] | None:
    try:
        return next(rows, None)
    except csv.Error as error:
        line = getattr(rows, "line_num", 1)
        raise HubError(Category.UNREADABLE, f"is not CSV: {error}", where=f"{name}:{line}") from None


def _places(header: list[str], name: str) -> dict[str, int]:
    names = [column.strip() for column in header]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        todo = "add them; they may be empty"
        raise HubError(Category.INVALID, f"columns missing: {', '.join(missing)}", where=f"{name}:1", todo=todo)
    return {column: names.index(column) for column in COLUMNS}


def _record(row: list[str], places: dict[str, int], width: int, seen: dict[str, int], where: str) -> Record:
    if len(row) != width:
        raise HubError(Category.INVALID, f"has {len(row)} fields, the header {width}", where=where)
    record = Record(**{column: row[place] for column, place in places.items()})
    if not record.record_id:
        raise HubError(Category.INVALID, "has no record_id", where=where)
    if record.record_id in seen:
        raise HubError(Category.INVALID, f"has the record_id of line {seen[record.record_id]}", where=where)
    return record
