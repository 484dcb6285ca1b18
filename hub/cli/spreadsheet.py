"""A table to load from, as CSV: hospitals have theirs in Excel workbooks.

A cell of codes is taken as people see it, and refused where Excel does not show what was typed: a number of more digits
than it keeps, a date it made of a code, an error of a formula.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time, timedelta
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hub.kernel.errors import Category, HubError

WORKBOOK: Final = ".xlsx"
#: Lines in which the header is looked for: titles stand above it.
_ABOVE: Final = 12
#: Rows of a sheet, which is what Excel has at most, and bytes of its unpacked parts.
_ROWS: Final = 1 << 20
_BYTES: Final = 1 << 30
#: Parts of a concept or of a map that are codes.
_CODES: Final = frozenset({"code", "parent", "source", "target"})
#: A format of a number that shows decimal places, always as many.
_PLACES: Final = re.compile(r"0+\.(0+)")


@contextmanager
def as_csv(path: Path, columns: Mapping[str, str], encoding: str) -> Iterator[tuple[Path, str]]:
    """A CSV file and its encoding: the file itself, or of a workbook the sheet whose header has the `columns`, by what
    they mean.

    It is unpacked once, into a temporary file, for a table is read several times. Raises HubError NOT_FOUND,
    UNREADABLE, TOO_LARGE, INVALID where no sheet has the columns, or for a cell that is not the code that was typed.
    """
    if path.suffix.lower() != WORKBOOK:
        yield path, encoding
        return
    with TemporaryDirectory(prefix="yilian-workbook-") as folder:
        made = Path(folder) / f"{path.name}.csv"
        with made.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(_sheet(path, columns))
        yield made, "utf-8"


class _Altered(str):
    """The text of a cell that is not what was typed into it."""


def _sheet(path: Path, columns: Mapping[str, str]) -> Iterator[list[str]]:
    """The header and the rows below it."""
    from mappings.forms.workbook import sheets

    try:
        raw = path.read_bytes()
    except OSError as error:
        where = str(path)
        raise HubError(Category.NOT_FOUND, "cannot be read", where=where, todo=str(error.strerror)) from None
    wanted = {*columns.values()}
    for title, lines in sheets(raw, most_rows=_ROWS, most_bytes=_BYTES, show=_as_seen):
        above = list(islice(lines, _ABOVE))
        at = next((at for at, (_, line) in enumerate(above) if wanted <= {text.strip() for text in line}), None)
        if at is not None:
            return _below(f"{path}: sheet {title}", columns, chain(above[at:], lines))
    what, todo = f"has no sheet with the columns {', '.join(sorted(wanted))}", "name the columns of its header"
    raise HubError(Category.INVALID, what, where=str(path), todo=todo, code="column-map")


def _below(where: str, columns: Mapping[str, str], lines: Iterator[tuple[int, list[str]]]) -> Iterator[list[str]]:
    """Each line as texts; the codes as they were typed."""
    _, first = next(lines)
    header = [text.strip() for text in first]
    yield header
    codes = [at for at, name in enumerate(header) if name in {columns[part] for part in _CODES & columns.keys()}]
    for number, line in lines:
        for at in codes:
            if at < len(line) and isinstance(line[at], _Altered):
                raise _not_typed(f"{where}, row {number}, column {header[at]}")
        yield [text.strip() for text in line]


def _as_seen(cell: Any) -> str:
    """A cell as text: a number with the decimal places its format shows (38.10)."""
    from mappings.forms.workbook import shown

    found, value = shown(cell), cell.value
    if cell.data_type == "e" or isinstance(value, bool | date | time | timedelta):
        return _Altered(found)
    places = _PLACES.fullmatch(str(cell.number_format)) if isinstance(value, int | float) else None
    if places is not None and float(fixed := f"{value:0{len(places[0])}.{len(places[1])}f}") == value:
        return fixed
    return _Altered(found) if isinstance(value, int | float) and "E" in found else found


def _not_typed(where: str) -> HubError:
    todo = "format the column as text before the codes are typed, and type this one again"
    what = "holds no code but what Excel made of one: a date, an error, or a number of over 15 digits"
    return HubError(Category.INVALID, what, where=where, todo=todo, code="cell")
