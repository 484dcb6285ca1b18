"""Excel workbooks (.xlsx) to lines of cells: values as they were last calculated, formulas are never evaluated.

A workbook is a ZIP file of XML: its declared sizes are bounded before anything is unpacked, and a document type
declaration, which no spreadsheet program writes, is refused.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from hub.kernel.errors import Category, HubError

#: Bytes of all parts together, parts, rows of a sheet, columns.
_MOST_BYTES: Final = 128 << 20
_MOST_PARTS: Final = 2000
_MOST_ROWS: Final = 100_000
_MOST_COLUMNS: Final = 2000
_CHUNK: Final = 1 << 16
#: More digits than a number of Excel keeps.
_KEPT_DIGITS: Final = 15


def sheets(
    raw: bytes,
    *,
    most_rows: int = _MOST_ROWS,
    most_bytes: int = _MOST_BYTES,
    show: Callable[[Any], str] | None = None,
) -> Iterator[tuple[str, Iterator[tuple[int, list[str]]]]]:
    """Name and lines of every sheet, its cells as `show` (`shown` if none) makes text of them.

    Raises HubError UNREADABLE or TOO_LARGE.
    """
    # It brings numpy with its threads where that is installed, and feeds of other files need neither.
    from openpyxl import load_workbook

    _bounded(raw, most_bytes)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except Exception:  # the library raises what its parsers raise
        raise _unreadable() from None
    try:
        for sheet in book.worksheets:
            yield sheet.title, _lines(sheet, most_rows, show or shown)
    finally:
        book.close()


def _lines(sheet: Any, most: int, show: Callable[[Any], str]) -> Iterator[tuple[int, list[str]]]:
    try:
        for number, row in enumerate(sheet.iter_rows(), 1):
            if number > most or len(row) > _MOST_COLUMNS:
                raise HubError(
                    Category.TOO_LARGE, "the sheet is too large", where=sheet.title, todo="split it", code="too-large"
                )
            yield number, [show(cell) for cell in row]
    except HubError:
        raise
    except Exception:
        raise _unreadable(sheet.title) from None


def _bounded(raw: bytes, most: int) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > most:
                raise HubError(Category.TOO_LARGE, "the workbook is too large", todo="split it", code="too-large")
            for part in parts:
                _without_doctype(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise _unreadable() from None


def _without_doctype(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Raise HubError UNREADABLE for a part with a document type declaration, in UTF-8 or UTF-16."""
    if not part.filename.lower().endswith((".xml", ".rels", ".vml")):
        return
    with archive.open(part) as stream:
        before = b""
        while chunk := stream.read(_CHUNK):
            if b"<!DOCTYPE" in (before + chunk).replace(b"\0", b""):
                raise _unreadable(part.filename)
            before = chunk[-32:]


def shown(cell: Any) -> str:
    """A cell as text; a number whose format is a row of zeros has the leading ones that people see."""
    found = text(cell.value)
    zeros = str(cell.number_format) if type(cell.value) is int and found.isdecimal() else ""
    return found if zeros.strip("0") else found.zfill(len(zeros))


def text(value: object) -> str:
    """A cell as text: dates as ISO 8601, numbers with the digits Excel shows in general format."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return _number(value)
    return str(value)


def _number(value: float) -> str:
    """A number; one that Excel has rounded is written with an exponent, so that nobody takes it for the number."""
    number = Decimal(repr(value))
    if not number.is_finite():
        return str(value)
    whole = number == number.to_integral_value()
    if whole and len(number.as_tuple().digits) + max(0, int(number.as_tuple().exponent)) > _KEPT_DIGITS:
        return f"{number:E}"
    if whole:
        return f"{number.quantize(Decimal(1))}"
    return f"{round(number, _KEPT_DIGITS - 1 - number.adjusted()).normalize():f}"


def _unreadable(where: str = "") -> HubError:
    return HubError(
        Category.UNREADABLE, "is no readable workbook", where=where, todo="save it again as .xlsx", code="workbook"
    )
