"""LOINC as its distribution has it: the table, the hierarchy of components, and Chinese names (R4 loinc.html).

Files: LoincTable/Loinc.csv; AccessoryFiles/ComponentHierarchyBySystem/ComponentHierarchyBySystem.csv and
AccessoryFiles/LinguisticVariants/zhCN*LinguisticVariant.csv where they are there. The parts (LP...) above the terms are
concepts too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.archive import Archive
from terminology.model import CODE_SYSTEM, Concept

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
        for code in self._parts:
            yield code, self._parents.get(code, ())
        for row in self._rows(self._table):
            yield row["LOINC_NUM"], self._parents.get(row["LOINC_NUM"], ())

    def concepts(self) -> Iterator[Concept]:
        """Each concept."""
        for code, name in self._parts.items():
            yield Concept(code=code, display=name, details={})
        for row in self._rows(self._table):
            yield self._concept(row)

    def _concept(self, row: Mapping[str, str]) -> Concept:
        code = row["LOINC_NUM"]
        facts = tuple([(name, row[name]) for name in _FACTS if row.get(name)])
        names = [{"language": "en", "value": row["SHORTNAME"]}] if row.get("SHORTNAME") else []
        names += [{"language": "zh-CN", "value": self._names[code]}] if code in self._names else []
        details: dict[str, Any] = {"designation": names} if names else {}
        details |= {"property": [{"code": name, "valueString": value} for name, value in facts]} if facts else {}
        return Concept(
            code=code,
            display=row.get("LONG_COMMON_NAME", ""),
            facts=facts,
            inactive=row.get("STATUS", "") in _GONE,
            details=details,
        )

    @cached_property
    def _parents(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for row in self._rows(self._hierarchy):
            code, above = row["CODE"], row["IMMEDIATE_PARENT"]
            if above and above not in found.get(code, ()):
                found[code] = (*found.get(code, ()), above)
        return found

    @cached_property
    def _parts(self) -> Mapping[str, str]:
        """The parts of the hierarchy with their names: what is no term."""
        return {row["CODE"]: row["CODE_TEXT"] for row in self._rows(self._hierarchy) if row["CODE"].startswith("LP")}

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """Chinese names: the long one, else its parts put together as the variant file has them."""
        rows = self._rows(self._chinese)
        return {row["LOINC_NUM"]: name for row in rows if (name := row.get("LONG_COMMON_NAME") or _assembled(row))}

    def _rows(self, name: str | None) -> Iterator[dict[str, str]]:
        if name is None:
            return
        with self._archive.lines(name) as lines:
            yield from csv.DictReader(lines)


def _assembled(row: Mapping[str, str]) -> str:
    """COMPONENT:PROPERTY:TIME:SYSTEM:SCALE:METHOD, as a term is fully specified."""
    parts = [row.get(name, "") for name in ("COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP")]
    return ":".join(parts).rstrip(":") if parts[0] else ""
