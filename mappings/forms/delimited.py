"""CSV, semicolon- and tab-separated text, in UTF-8, UTF-16 or GB 18030, to lines of cells (RFC 4180 quoting)."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from hub.kernel.errors import Category, HubError

_DELIMITERS: Final = (",", "\t", ";", ",", "|")
#: How systems keep a spreadsheet from rounding a number: as the text of a formula.
_FORMULA: Final = re.compile(r'\A="([^"]*)"\Z')
#: Lines looked at to find the delimiter.
_LOOKED_AT: Final = 10
#: Longest text of one cell.
_LONGEST_CELL: Final = 1 << 20


def decode(raw: bytes) -> str:
    """The text of a file; bytes that are no character become U+FFFD, which makes the rows that hold them fail."""
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return raw.decode("utf-16", "replace")
    bare = raw.removeprefix(codecs.BOM_UTF8)  # some write it before GB 18030 too
    for codec in ("utf-8", "gb18030"):
        try:
            return bare.decode(codec).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    return bare.decode("gb18030", "replace")


def lines(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """The records of a file with their numbers (1 is the first line). Raises HubError UNREADABLE."""
    text = decode(raw)
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    while True:
        number = reader.line_num + 1
        try:
            yield number, [_FORMULA.sub(r"\1", cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            raise HubError(
                Category.UNREADABLE, "a cell cannot be read", where=f"line {number}", todo="mend its quotes", code="csv"
            ) from None


def delimiter_of(text: str) -> str:
    """The delimiter that stands most often, outside quotes, in one of the first lines."""
    best, most = ",", 0
    for line in text.splitlines()[:_LOOKED_AT]:
        bare = "".join(line.split('"')[::2])
        for delimiter in _DELIMITERS:
            if bare.count(delimiter) > most:
                best, most = delimiter, bare.count(delimiter)
    return best
