"""A file of rows, of whatever kind it is by its first bytes, to tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from mappings.forms.delimited import lines
from mappings.forms.headers import grouped, joined, looks_like_header
from mappings.forms.json_rows import cells, objects
from mappings.forms.rows import FORM, Row, Table, unique
from mappings.forms.workbook import sheets

#: Largest file.
MOST_BYTES: Final = 64 << 20
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
#: Lines in which the header is looked for: titles stand above it.
_ABOVE: Final = 12

#: How a line below the rows begins: sums, and who filled in or checked the table.
_FOOT: Final = re.compile(
    r"(?:合\s*计|小\s*计|总\s*计|填\s*[表报]\s*人|制\s*表\s*人|审\s*核\s*人|负\s*责\s*人|备\s*注\s*[:：]|说\s*明\s*[:：]|注\s*[:：])"
)
#: A number that may say who somebody is.
_NUMBERED: Final = re.compile(r"\d{15}", re.ASCII)

Lines = Iterator[tuple[int, list[str]]]


def tables(raw: bytes) -> Iterator[Table]:
    """The tables of a file. Raises HubError UNREADABLE, UNSUPPORTED or TOO_LARGE."""
    if len(raw) > MOST_BYTES:
        raise HubError(Category.TOO_LARGE, "the file is too large", todo="split it", code="too-large")
    if raw.startswith(_OLD_EXCEL):
        todo = "save it as .xlsx or CSV"
        raise HubError(Category.UNSUPPORTED, "is a workbook of the old format (.xls)", todo=todo, code="old-workbook")
    if raw.startswith(_ZIP):
        yield from (each for name, content in sheets(raw) for each in _tables(name, content))
    elif raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
        yield _of_objects(*objects(raw))
    else:
        yield from _tables("", lines(raw))


def _tables(title: str, content: Lines) -> Iterator[Table]:
    """The table of a sheet; none if it is empty."""
    head = list(islice(content, _ABOVE))
    at = next((n for n, (_, texts) in enumerate(head) if looks_like_header(texts)), None)
    if at is None:
        at = next((n for n, (_, texts) in enumerate(head) if _filled(texts)), None)
    if at is None:
        return
    above = [text for _, texts in head[:at] for text in texts if text.strip()]
    texts, begin = _header(head, at)
    columns = unique(texts[: max((n for n, text in enumerate(texts, 1) if text.strip()), default=0)])
    again = [_stripped(each) for _, each in head[:begin]]
    lines = ((number, each) for number, each in chain(head[begin:], content) if _is_record(each, again))
    rows = (_row(columns, number, each) for number, each in lines)
    yield Table(title=" ".join([title, *above]).strip(), columns=columns, rows=rows)


def _header(head: list[tuple[int, list[str]]], at: int) -> tuple[list[str], int]:
    """The columns of a header that begins at line `at` of `head`, and the first line behind it.

    It may have lines of parts below it and a line of groups above it (merged cells).
    """
    texts, begin = head[at][1], at + 1
    while begin < len(head) and (parts := joined(texts, head[begin][1])) is not None:
        texts, begin = parts, begin + 1
    return (grouped(head[at - 1][1], texts) if at else texts), begin


def _stripped(texts: list[str]) -> list[str]:
    return [text.strip() for text in texts]


def _is_record(texts: list[str], again: list[list[str]]) -> bool:
    """Whether a line tells of somebody: not blank, no title or header `again` (a new page), not the foot of a table."""
    if not _filled(texts) or _stripped(texts) in again:
        return False
    first = next(text.strip() for text in texts if text.strip())
    return _FOOT.match(first) is None or any(_NUMBERED.search(text) for text in texts)


def _filled(texts: list[str]) -> bool:
    return any(text.strip() for text in texts)


def _row(columns: tuple[str, ...], number: int, texts: list[str]) -> Row:
    """One row; what stands beyond the last column means that its cells have moved, and none can be believed."""
    problem = None
    if _filled(texts[len(columns) :]):
        problem = HubError(Category.UNREADABLE, "more cells than columns", code="row-width")
    return Row(cells=dict(zip(columns, texts, strict=False)), number=number, problem=problem)


def _of_objects(form: str, found: list[Any]) -> Table:
    rows = [_of_object(number, each) for number, each in enumerate(found, 1)]
    columns = dict.fromkeys(name for row in rows for name in row.cells)
    return Table(title=form, columns=tuple(columns), rows=iter(rows))


def _of_object(number: int, data: Any) -> Row:
    try:
        found = cells(data)
    except HubError as error:
        return Row(cells={}, number=number, problem=error)
    return Row(cells={name: text for name, text in found.items() if name not in {FORM, "form"}}, number=number)
