"""A table to load from, as CSV: hospitals have theirs in Excel workbooks."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hub.kernel.errors import Category, HubError

WORKBOOK: Final = ".xlsx"
#: Lines in which the header is looked for: titles stand above it.
_ABOVE: Final = 12
#: Rows of a sheet, which is what Excel has at most, and bytes of its unpacked parts.
_ROWS: Final = 1 << 20
_BYTES: Final = 1 << 30


@contextmanager
def as_csv(path: Path, columns: Collection[str], encoding: str) -> Iterator[tuple[Path, str]]:
    """A CSV file and its encoding: the file itself, or of a workbook the sheet whose header has these columns.

    It is unpacked once, into a temporary file, for a table is read several times. Raises HubError NOT_FOUND,
    UNREADABLE, TOO_LARGE, INVALID where no sheet has the columns.
    """
    if path.suffix.lower() != WORKBOOK:
        yield path, encoding
        return
    with TemporaryDirectory(prefix="yilian-workbook-") as folder:
        made = Path(folder) / f"{path.name}.csv"
        with made.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(_sheet(path, columns))
        yield made, "utf-8"


def _sheet(path: Path, columns: Collection[str]) -> Iterator[list[str]]:
    """The header and the rows below it."""
    from mappings.forms.workbook import sheets

    try:
        raw = path.read_bytes()
    except OSError as error:
        where = str(path)
        raise HubError(Category.NOT_FOUND, "cannot be read", where=where, todo=str(error.strerror)) from None
    for _, lines in sheets(raw, most_rows=_ROWS, most_bytes=_BYTES):
        texts = ([text.strip() for text in line] for _, line in lines)
        above = list(islice(texts, _ABOVE))
        at = next((at for at, line in enumerate(above) if set(columns) <= set(line)), None)
        if at is not None:
            return chain(above[at:], texts)
    what, todo = f"has no sheet with the columns {', '.join(columns)}", "name the columns of its header"
    raise HubError(Category.INVALID, what, where=str(path), todo=todo, code="column-map")
