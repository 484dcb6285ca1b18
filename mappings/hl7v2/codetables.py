"""Code tables: a v2 code to a FHIR code, read from CSVs (first line: where the facts come from).

`tables/guide/` holds those of the HL7 v2-to-FHIR guide (written by `scripts/hl7v2_tables.py`), `tables/` our own. Where
both have a name, ours is laid over the guide's: it adds codes, changes them, and takes one away by naming no target.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from hub.kernel.errors import Category, HubError

_FOLDER: Final = Path(__file__).parent / "tables"
_NUMBER: Final = re.compile(r"<(?:integer|day#)>")


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
    """One code table; codes are found as written, else without regard to case. `fallback` is the row `*`.

    `patterns` are the rows of codes with numbers in them (`Q<integer>H`): they stand for every number.
    """

    name: str
    entries: Mapping[str, Entry]
    fallback: Entry | None = None
    patterns: tuple[tuple[re.Pattern[str], Entry], ...] = ()

    def get(self, code: str) -> Entry | None:
        """The entry of `code`."""
        found = self.entries.get(code) or self.entries.get(code.casefold())
        return found or (self._numbered(code) if self.patterns else None)

    def targets(self) -> set[Entry]:
        """All that codes become; not what is made of a number, which is another code for each."""
        return {*self.entries.values(), *([self.fallback] if self.fallback else ())} - {e for _, e in self.patterns}

    def _numbered(self, code: str) -> Entry | None:
        for pattern, entry in self.patterns:
            match = pattern.fullmatch(code)
            if match is not None:
                return Entry(_filled(entry.code, match), _filled(entry.display, match), entry.system)
        return None


@cache
def table(name: str) -> Table:
    """Load a table once. Raises HubError NOT_FOUND if there is none of that name."""
    paths = [path for path in (_FOLDER / "guide" / f"{name}.csv", _FOLDER / f"{name}.csv") if path.is_file()]
    if not paths:
        raise HubError(Category.NOT_FOUND, "no such code table", where=name, todo="add it to tables/")
    found = {source: entry for path in paths for source, entry in _read(path)}
    found = {source: entry for source, entry in found.items() if entry.code}
    folded = {source.casefold(): entry for source, entry in found.items()}
    patterns = [(_pattern(source), entry) for source, entry in found.items() if _NUMBER.search(source)]
    return Table(name, folded | found, found.get("*"), tuple(patterns))


def table_names() -> list[str]:
    """The names of all tables."""
    return sorted({path.stem for folder in (_FOLDER, _FOLDER / "guide") for path in folder.glob("*.csv")})


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(r"(\d+)".join(map(re.escape, _NUMBER.split(source))), re.ASCII)


def _filled(text: str, match: re.Match[str]) -> str:
    """A text of the table with the numbers of a code in the places of its pattern's."""
    numbers = iter(match.groups())
    return _NUMBER.sub(lambda _: next(numbers), text)


def _read(path: Path) -> Iterator[tuple[str, Entry]]:
    with path.open(encoding="utf-8", newline="") as lines:
        next(lines)
        for row in csv.DictReader(lines):
            yield row["source"], Entry(row["code"], row["display"], row["system"])
