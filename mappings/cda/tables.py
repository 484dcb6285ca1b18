"""The tables of `tables/`: CSV, first line where the facts come from, second the names of columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "tables"

#: A note in brackets at the end of a name.
_NOTE: Final = re.compile(r"\([^()]*\)\s*\Z")

Row = Mapping[str, str]


@cache
def rows(name: str) -> tuple[Row, ...]:
    """All rows of a table."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        next(lines)
        return tuple(csv.DictReader(lines))


@cache
def table(name: str) -> Mapping[str, Row]:
    """A table by its first column; a row that stands twice counts as it stands first."""
    found: dict[str, Row] = {}
    for row in rows(name):
        found.setdefault(next(iter(row.values())), row)
    return found


def translated(name: str, code: str) -> str:
    """The second column of the row of `code`, or ""."""
    row = table(name).get(code)
    return list(row.values())[1] if row else ""


@cache
def _names() -> Mapping[str, str]:
    """Data elements by name; a name that stands for several is no name."""
    found: dict[str, str] = {}
    for row in rows("data-elements"):
        for name in row["names"].split("|"):
            plain = plain_name(name)
            if plain:
                found[plain] = row["code"] if found.get(plain, row["code"]) == row["code"] else ""
    return found


def element_named(name: str) -> str:
    """The code of the data element of that name, or "" if there is none or are several."""
    return _names().get(plain_name(name), "")


def plain_name(name: str) -> str:
    """A name without units and notes in brackets, blanks, and words that only say that it is an entry."""
    text = _NOTE.sub("", name.replace("（", "(").replace("）", ")"))
    return "".join(text.replace("(", "").replace(")", "").split()).removesuffix("条目代码").removesuffix("条目")
