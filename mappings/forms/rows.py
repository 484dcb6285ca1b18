"""Rows of texts: what every kind of file is read into, and what one row is in the inbox."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hub.fhir.json import dumps
from hub.kernel.errors import HubError

#: The column in which `mending` tells what is wrong; what stands in it is no content of the row.
REASONS: Final = "退回原因"
#: The member of a row in the inbox that names its form.
FORM: Final = "@form"
#: The member that names, one a line, the columns whose date was yet to come when the row was received.
FUTURE: Final = "@future"
#: The member that says, by its code, why it could not be read as a row of its table.
PROBLEM: Final = "@problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its number as the clerk counts (0: it stands alone) and the text of every column.

    `problem` says why it cannot be read as a row of its table, `future` names columns (mappings.forms.future).
    """

    cells: Mapping[str, str]
    number: int = 0
    problem: HubError | None = None
    future: frozenset[str] = frozenset()

    def packed(self, form: str) -> bytes:
        """The row as it stands in the inbox: a JSON object, column to text, with the name of its form.

        Blank cells, spaces around texts and the reasons are left out: the same row gives the same bytes, in whatever
        file it comes.
        """
        filled = {name: text.strip() for name, text in self.cells.items() if text.strip() and name != REASONS}
        problem = {PROBLEM: self.problem.code} if self.problem else {}
        future = {FUTURE: "\n".join(sorted(self.future))} if self.future else {}
        return dumps({FORM: form, **problem, **future, **filled})


def identity_of(packed: bytes) -> str:
    """The identity of a packed row: a hash over it."""
    return "row:" + hashlib.sha256(packed).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a file: its title (sheet name, lines above the header), its columns in order, and its rows."""

    title: str
    columns: tuple[str, ...]
    rows: Iterator[Row]


def unique(columns: list[str]) -> tuple[str, ...]:
    """Column names, each once: a repeated one gets its number (`其他[2]`), an empty one is named by its place."""
    seen: dict[str, int] = {}
    result = []
    for place, text in enumerate(columns, 1):
        name = text.strip() or f"[{place}]"
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}[{seen[name]}]")
    return tuple(result)
