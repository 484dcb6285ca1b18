"""Rows of the files of a distribution, by the names its publisher gives their columns.

A row of another width than the header is refused: in it a cell would be taken for that of another column.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from typing import Final

from hub.kernel.errors import Category, HubError
from terminology.archive import Archive

_TODO: Final = "give the distribution as it was downloaded"


def comma_rows(archive: Archive, name: str, needed: Collection[str]) -> Iterator[dict[str, str]]:
    """Of CSV with quotes, as LOINC has it: column -> text.

    Raises HubError INVALID for a file without a needed column, UNREADABLE for rows that are none.
    """
    with archive.lines(name) as lines:
        yield from _checked(csv.reader(lines, strict=True), needed, name)


def tab_rows(archive: Archive, name: str, needed: Collection[str]) -> Iterator[dict[str, str]]:
    """Of fields parted by tabs, without quotes, as RF2 has it. As `comma_rows`."""
    with archive.lines(name) as lines:
        yield from _checked((line.rstrip("\r\n").split("\t") for line in lines), needed, name)


def _checked(rows: Iterator[list[str]], needed: Collection[str], name: str) -> Iterator[dict[str, str]]:
    try:
        header = next(rows, [])
        missing = sorted({*needed} - {*header})
        if missing:
            what = f"has no column {', '.join(missing)}"
            raise HubError(Category.INVALID, what, where=name, todo=_TODO, code="distribution")
        for number, row in enumerate(rows, 2):
            if len(row) != len(header):
                where = f"{name}: row {number}"
                raise HubError(
                    Category.UNREADABLE, "has a row of another width", where=where, todo=_TODO, code="syntax"
                )
            yield dict(zip(header, row, strict=True))
    except csv.Error:
        raise HubError(Category.UNREADABLE, "is no CSV", where=name, todo=_TODO, code="syntax") from None
