"""Rows of a CSV file with a header, by a map from what is meant to columns; parted by commas, tabs or semicolons."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO

from hub.kernel.errors import Category, HubError
from terminology.limits import bounded

#: What may part columns; of equals the first.
_DELIMITERS: Final = (",", "\t", ";")


def read_rows(path: Path, columns: Mapping[str, str], encoding: str) -> Iterator[dict[str, str]]:
    """Each row: part -> text without blanks around it. Raises HubError UNREADABLE for what is no CSV."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            for row in csv.DictReader(file, delimiter=_delimiter(file)):
                told = {part: (row[column] or "").strip() for part, column in columns.items()}
                if any("\0" in text for text in told.values()):
                    raise _no_csv(path)  # UTF-16, or no text at all
                yield told
    except (UnicodeError, LookupError, csv.Error):
        raise _no_csv(path) from None


def refuse_missing(path: Path, columns: Mapping[str, str], encoding: str) -> None:
    """Raises HubError INVALID for columns the header does not have, NOT_FOUND, UNREADABLE."""
    missing = sorted({*columns.values()} - {*_header(path, encoding)})
    if missing:
        raise refused(str(path), f"has no column {', '.join(missing)}", "name the columns of its header")


def refused(where: str, what: str, todo: str) -> HubError:
    """A column map that cannot be used."""
    return HubError(Category.INVALID, what, where=where, todo=todo, code="column-map")


def _header(path: Path, encoding: str) -> list[str]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            return next(csv.reader(file, delimiter=_delimiter(file)), [])
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


def _no_csv(path: Path) -> HubError:
    todo = "name its encoding (--encoding gb18030)"
    return HubError(Category.UNREADABLE, "is not CSV", where=str(path), todo=todo, code="syntax")
