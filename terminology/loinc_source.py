"""LOINC as its distribution has it: the table, the hierarchy of components, and Chinese names (R4 loinc.html).

Files: LoincTable/Loinc.csv; AccessoryFiles/ComponentHierarchyBySystem/ComponentHierarchyBySystem.csv and
AccessoryFiles/LinguisticVariants/zhCN*LinguisticVariant.csv where they are there. The parts (LP...) above the terms are
concepts too. The table is read row by row; what is told of its rows elsewhere is looked up in a temporary file.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.archive import Archive
from terminology.model import CODE_SYSTEM, Concept
from terminology.release_rows import comma_rows
from terminology.scratch import Scratch, insert

SYSTEM: Final = "http://loinc.org"
TABLE: Final = r"(^|/)LoincTable/Loinc\.csv"
_HIERARCHY: Final = r"(^|/)ComponentHierarchyBySystem\.csv"
_CHINESE: Final = r"(^|/)zhCN\d*LinguisticVariant\.csv"
_VERSION: Final = re.compile(r"(?i)loinc[_-]?v?(\d+\.\d+)")
#: Properties by which value sets take LOINC in (R4 loinc.html, Properties).
_FACTS: Final = (
    *("COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP", "CLASS", "STATUS"),
    *("CLASSTYPE", "ORDER_OBS"),
)
_COPYRIGHT: Final = "LOINC is copyright Regenstrief Institute, Inc. and its committee; see its licence (loinc.org)."
_GONE: Final = frozenset({"DEPRECATED"})

#: A part or a term stands in the hierarchy as often as it has places there.
_TABLES: Final = """
CREATE TABLE part (code TEXT PRIMARY KEY, name TEXT);
CREATE TABLE link (code TEXT, above TEXT);
CREATE TABLE chinese (code TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
"""
_INDEX: Final = "CREATE INDEX l ON link (code);"
_OF_TERM: Final = ("LOINC_NUM", "LONG_COMMON_NAME", "STATUS")
_OF_HIERARCHY: Final = ("CODE", "CODE_TEXT", "IMMEDIATE_PARENT")
_PARTS: Final = "SELECT code, name FROM part ORDER BY rowid"
_ABOVE: Final = "SELECT above FROM link WHERE code = ? ORDER BY rowid"
_NAME: Final = "SELECT name FROM chinese WHERE code = ?"


class LoincSource:
    """LOINC in an archive; `version` where the name of the archive does not tell it."""

    def __init__(self, archive: Archive, name: str, version: str = "") -> None:
        self._archive: Final = archive
        self._table: Final = archive.named(TABLE, "LoincTable/Loinc.csv")
        self._hierarchy: Final = archive.find(_HIERARCHY)
        self._chinese: Final = archive.find(_CHINESE)
        told = _VERSION.search(name)
        self._version: Final = version or (told[1] if told else "")
        if not self._version:
            raise HubError(Category.INVALID, "its version is not told", where=name, todo="name it (--version)")
        self._scratch: Final = Scratch(self._fill)

    def close(self) -> None:
        """Remove the temporary file."""
        self._scratch.close()

    @property
    def head(self) -> Json:
        """The CodeSystem without its concepts."""
        return {
            **{
                "resourceType": CODE_SYSTEM,
                "url": SYSTEM,
                "version": self._version,
                "title": "LOINC",
                "language": "en",
            },
            **{"status": "active", "content": "complete", "caseSensitive": False, "hierarchyMeaning": "is-a"},
        }

    @property
    def digest(self) -> bytes:
        """A hash of the files that are read."""
        names = [self._table, *filter(None, (self._hierarchy, self._chinese))]
        return self._archive.digest(names, self._version)

    def links(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Parts first, then the terms of the table."""
        for code, _ in self._scratch.db.execute(_PARTS):
            yield code, self._above(code)
        for row in self._terms():
            yield row["LOINC_NUM"], self._above(row["LOINC_NUM"])

    def concepts(self) -> Iterator[Concept]:
        """Each concept."""
        for code, name in self._scratch.db.execute(_PARTS):
            yield Concept(code=code, display=name, details={})
        for row in self._terms():
            yield self._concept(row)

    def _concept(self, row: Mapping[str, str]) -> Concept:
        code = row["LOINC_NUM"]
        facts = tuple([(name, row[name]) for name in _FACTS if row.get(name)])
        names = [{"language": "en", "value": row["SHORTNAME"]}] if row.get("SHORTNAME") else []
        chinese = self._scratch.db.execute(_NAME, (code,)).fetchone()
        names += [{"language": "zh-CN", "value": chinese[0]}] if chinese else []
        details: dict[str, Any] = {"designation": names} if names else {}
        details |= {"property": [{"code": name, "valueString": value} for name, value in facts]} if facts else {}
        return Concept(
            code=code,
            display=row.get("LONG_COMMON_NAME", ""),
            facts=facts,
            inactive=row.get("STATUS", "") in _GONE,
            details=details,
        )

    def _above(self, code: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(above for (above,) in self._scratch.db.execute(_ABOVE, (code,))))

    def _terms(self) -> Iterator[dict[str, str]]:
        return comma_rows(self._archive, self._table, _OF_TERM)

    def _fill(self, db: sqlite3.Connection) -> None:
        """The hierarchy, and the Chinese names: the long one, else its parts as the variant file has them."""
        db.executescript(_TABLES)
        if self._hierarchy is not None:
            for row in comma_rows(self._archive, self._hierarchy, _OF_HIERARCHY):
                if row["CODE"].startswith("LP"):
                    db.execute("INSERT OR IGNORE INTO part VALUES (?, ?)", (row["CODE"], row["CODE_TEXT"]))
                if row["IMMEDIATE_PARENT"]:
                    db.execute("INSERT INTO link VALUES (?, ?)", (row["CODE"], row["IMMEDIATE_PARENT"]))
        if self._chinese is not None:
            rows = comma_rows(self._archive, self._chinese, ("LOINC_NUM",))
            named = ((row["LOINC_NUM"], row.get("LONG_COMMON_NAME") or _assembled(row)) for row in rows)
            insert(db, "INSERT OR REPLACE INTO chinese VALUES (?, ?)", (one for one in named if one[1]))
        db.executescript(_INDEX)


def _assembled(row: Mapping[str, str]) -> str:
    """COMPONENT:PROPERTY:TIME:SYSTEM:SCALE:METHOD, as a term is fully specified."""
    parts = [row.get(name, "") for name in ("COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP")]
    return ":".join(parts).rstrip(":") if parts[0] else ""
