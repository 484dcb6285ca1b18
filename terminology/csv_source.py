"""A code system from a CSV file with a header, by a map from parts of a concept to columns.

Parts: `code`, `display`, `parent` (several parted by `|`), `definition`, `inactive` (1, true, yes, y, 是),
`designation.LANGUAGE`, `property.CODE`. Rows without a code are skipped. The file is read twice and never held whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hub.fhir.json import dumps
from hub.kernel.types import Json
from terminology.csv_rows import read_rows, refuse_unfit, refused
from terminology.model import Concept

_PLAIN: Final = frozenset({"code", "display", "parent", "definition", "inactive"})
_YES: Final = frozenset({"1", "true", "yes", "y", "是"})


class CsvSource:
    """A code system in a file; `head` is the resource it makes, without concepts.

    Raises HubError INVALID for a part that is none and a column the file does not have, NOT_FOUND, UNREADABLE.
    """

    def __init__(self, path: Path, head: Json, columns: Mapping[str, str], *, encoding: str = "utf-8-sig") -> None:
        self.head: Final = head
        self._path: Final = path
        self._columns: Final = dict(columns)
        self._encoding: Final = encoding
        self._designations: Final = _told_by(columns, "designation.")
        self._properties: Final = _told_by(columns, "property.")
        self._refuse_unknown()

    @property
    def digest(self) -> bytes:
        """A hash of the file and of how it is read."""
        found = sha256(dumps({"head": self.head, "columns": self._columns, "encoding": self._encoding}))
        with self._path.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
        return found.digest()

    def links(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each code with those right above it."""
        for row in self._rows():
            yield row["code"], tuple(one.strip() for one in row.get("parent", "").split("|") if one.strip())

    def concepts(self) -> Iterator[Concept]:
        """Each concept."""
        return map(self._concept, self._rows())

    def _rows(self) -> Iterator[dict[str, str]]:
        """Parts of a concept with their texts, where there is a code."""
        return (row for _, row in read_rows(self._path, self._columns, self._encoding) if row["code"])

    def _refuse_unknown(self) -> None:
        for part in self._columns:
            if part not in _PLAIN and not part.startswith(("designation.", "property.")):
                raise refused(f"column map: {part}", "is no part of a concept", "see docs/how-to/load-code-systems.md")
        if "code" not in self._columns:
            raise refused("column map", "names no column for the code", "add code=COLUMN")
        refuse_unfit(self._path, self._columns, self._encoding)

    def _concept(self, row: Mapping[str, str]) -> Concept:
        names = [{"language": name, "value": row[part]} for part, name in self._designations if row[part]]
        facts = tuple([(code, row[part]) for part, code in self._properties if row[part]])
        details: dict[str, Any] = {"definition": row["definition"]} if row.get("definition") else {}
        if names:
            details["designation"] = names
        if facts:
            details["property"] = [{"code": code, "valueString": value} for code, value in facts]
        return Concept(
            code=row["code"],
            display=row.get("display", ""),
            facts=facts,
            inactive=row.get("inactive", "").casefold() in _YES,
            details=details,
        )


def _told_by(columns: Mapping[str, str], kind: str) -> list[tuple[str, str]]:
    """The parts of a kind, each with what it names behind that."""
    return [(part, part.removeprefix(kind)) for part in columns if part.startswith(kind)]
