"""A file of rows, of whatever kind it is by its first bytes, to tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from mappings.forms.delimited import lines
from mappings.forms.headers import joined, looks_like_header
from mappings.forms.json_rows import cells, objects
from mappings.forms.rows import FORM, Row, Table, unique
from mappings.forms.workbook import sheets

#: Largest file.
MOST_BYTES: Final = 64 << 20
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
#: Lines in which the header is looked for: titles stand above it.
_ABOVE: Final = 12

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
    texts, below = head[at][1], head[at + 1 : at + 2]
    parts = joined(texts, below[0][1]) if below else None
    texts, begin = (texts, at + 1) if parts is None else (parts, at + 2)
    while texts and not texts[-1].strip():
        texts = texts[:-1]
    columns = unique(texts)
    rows = (_row(columns, number, each) for number, each in chain(head[begin:], content) if _filled(each))
    yield Table(title=" ".join([title, *above]).strip(), columns=columns, rows=rows)


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
