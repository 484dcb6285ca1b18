"""Code tables: a v2 code to a FHIR code, read from `tables/*.csv` (first line: where the facts come from)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from hub.kernel.errors import Category, HubError

_FOLDER: Final = Path(__file__).parent / "tables"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code becomes."""

    code: str
    display: str = ""
    system: str = ""

    def coding(self) -> dict[str, str]:
        """As a FHIR Coding."""
        named = {"system": self.system, "code": self.code, "display": self.display}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Table:
    """One code table; codes are found as written, else without regard to case. `fallback` is the row `*`."""

    name: str
    entries: Mapping[str, Entry]
    fallback: Entry | None = None

    def get(self, code: str) -> Entry | None:
        """The entry of `code`."""
        return self.entries.get(code) or self.entries.get(code.casefold())


@cache
def table(name: str) -> Table:
    """Load a table once. Raises HubError NOT_FOUND if there is none of that name."""
    path = _FOLDER / f"{name}.csv"
    if not path.is_file():
        raise HubError(Category.NOT_FOUND, "no such code table", where=name, todo="add it to tables/")
    with path.open(encoding="utf-8", newline="") as lines:
        next(lines)
        rows = list(csv.DictReader(lines))
    found = {row["source"]: Entry(row["code"], row["display"], row["system"]) for row in rows}
    folded = {source.casefold(): entry for source, entry in found.items()}
    return Table(name, folded | found, found.get("*"))
