"""Rows of a CSV file with a header, by a map from what is meant to columns; parted by commas, tabs or semicolons.

A row that cannot be what was meant is refused, not mended: a quote that is never closed would take in all rows behind
it, and a comma in a name that is not quoted puts every later cell into the wrong column.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO

from hub.kernel.errors import Category, HubError
from terminology.limits import bounded

#: What may part columns; of equals the first.
_DELIMITERS: Final = (",", "\t", ";")


def read_rows(path: Path, columns: Mapping[str, str], encoding: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The last line and, by part, the texts without blanks around them of each row that is not empty.

    Raises HubError UNREADABLE for what is no CSV, INVALID for a row with more cells than the header.
    """
    line = 1
    try:
        with path.open(encoding=encoding, newline="") as file:
            rows = csv.reader(file, delimiter=_delimiter(file), strict=True)
            header = _stripped(next(rows, []))
            places = [(part, header.index(column)) for part, column in columns.items()]
            width = len(header)
            for row in filter(None, rows):
                line = rows.line_num
                if len(row) != width:
                    if any(cell.strip() for cell in row[width:]):
                        raise _too_wide(f"{path}: line {line}")
                    row.extend([""] * (width - len(row)))
                told = {part: row[at].strip() for part, at in places}
                if "\0" in "".join(told.values()):
                    raise _no_csv(path)  # UTF-16, or no text at all
                yield line, told
    except (UnicodeError, LookupError):
        raise _no_csv(path) from None
    except csv.Error:
        raise _unquoted(f"{path}: behind line {line}") from None


def refuse_unfit(path: Path, columns: Mapping[str, str], encoding: str) -> None:
    """Raises HubError INVALID for columns the header does not have, or has twice; NOT_FOUND, UNREADABLE."""
    header = _header(path, encoding)
    missing = sorted({*columns.values()} - {*header})
    if missing:
        raise refused(str(path), f"has no column {', '.join(missing)}", "name the columns of its header")
    twice = sorted(column for column in {*columns.values()} if header.count(column) > 1)
    if twice:
        raise refused(str(path), f"has the column {', '.join(twice)} twice", "give its columns different names")


def refused(where: str, what: str, todo: str) -> HubError:
    """A column map that cannot be used."""
    return HubError(Category.INVALID, what, where=where, todo=todo, code="column-map")


def _header(path: Path, encoding: str) -> list[str]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            return _stripped(next(csv.reader(file, delimiter=_delimiter(file)), []))
    except OSError as error:
        where = str(path)
        raise HubError(Category.NOT_FOUND, "cannot be read", where=where, todo=str(error.strerror)) from None
    except (UnicodeError, LookupError, csv.Error):
        raise _no_csv(path) from None


def _delimiter(file: TextIO) -> str:
    """What parts the columns of the header: the file stands at its beginning again."""
    header = next(bounded(file, file.name), "")
    file.seek(0)
    return max(_DELIMITERS, key=header.count)


def _stripped(header: list[str]) -> list[str]:
    return [name.strip() for name in header]


def _too_wide(where: str) -> HubError:
    todo = "put quotes around a cell that has what parts the columns"
    return HubError(Category.INVALID, "has more cells than the header", where=where, todo=todo, code="syntax")


def _unquoted(where: str) -> HubError:
    todo = "close the quotes of each cell, and double those within it"
    return HubError(Category.UNREADABLE, "has quotes that are no CSV", where=where, todo=todo, code="syntax")


def _no_csv(path: Path) -> HubError:
    todo = "name its encoding (--encoding gb18030)"
    return HubError(Category.UNREADABLE, "is not CSV", where=str(path), todo=todo, code="syntax")
