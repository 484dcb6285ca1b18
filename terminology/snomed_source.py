"""SNOMED CT from a release in RF2, snapshot (R4 snomedct.html).

Files: sct2_Concept_Snapshot, sct2_Description_Snapshot (of each language), sct2_Relationship_Snapshot, and the language
reference sets (der2_cRefset_Language...). Descriptions are sorted in a temporary file: memory holds the hierarchy only.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.archive import Archive
from terminology.model import CODE_SYSTEM, Concept
from terminology.release_rows import tab_rows
from terminology.scratch import Groups, Scratch, insert

SYSTEM: Final = "http://snomed.info/sct"
CONCEPTS: Final = r"(^|/)Snapshot/Terminology/sct2_Concept_Snapshot_[^/]+\.txt"
_DESCRIPTIONS: Final = re.compile(r"(^|/)Snapshot/Terminology/sct2_Description_Snapshot[^/]+\.txt\Z")
_RELATIONSHIPS: Final = r"(^|/)Snapshot/Terminology/sct2_Relationship_Snapshot_[^/]+\.txt"
_LANGUAGES: Final = re.compile(r"(^|/)Snapshot/Refset/Language/der2_cRefset_Language[^/]+\.txt\Z")
_RELEASE: Final = re.compile(r"_(INT|[A-Z]{2})(?:\d+)?_(\d{8})\.txt\Z")

#: Concepts of the model: is-a, fully specified name, preferred, defined, the international core module.
_IS_A: Final = "116680003"
_FULL: Final = "900000000000003001"
_PREFERRED: Final = "900000000000548007"
_DEFINED: Final = "900000000000073002"
_CORE: Final = "900000000000207008"

_TABLES: Final = """
CREATE TABLE description (
  concept INTEGER CHECK (typeof(concept) = 'integer'), id TEXT, language TEXT, kind TEXT, term TEXT
);
CREATE TABLE preferred (description TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE relation (source INTEGER CHECK (typeof(source) = 'integer'), kind TEXT, target TEXT);
CREATE TABLE concept (id INTEGER PRIMARY KEY, active INTEGER, module TEXT, status TEXT);
"""
_INDEXES: Final = "CREATE INDEX d ON description (concept); CREATE INDEX r ON relation (source);"

#: The columns that are read of each kind of file, in the order of the table that takes them, and how it does.
_OF_CONCEPT: Final = ("id", "active", "moduleId", "definitionStatusId")
_CONCEPT: Final = "INSERT INTO concept VALUES (?, ?, ?, ?)"
_OF_DESCRIPTION: Final = ("conceptId", "id", "languageCode", "typeId", "term")
_DESCRIPTION: Final = "INSERT INTO description VALUES (?, ?, ?, ?, ?)"
_OF_LANGUAGE: Final = ("referencedComponentId", "acceptabilityId")
_BEST: Final = "INSERT OR IGNORE INTO preferred VALUES (?)"
_OF_RELATION: Final = ("sourceId", "typeId", "destinationId")
_RELATION: Final = "INSERT INTO relation VALUES (?, ?, ?)"
_KINDS: Final = "SELECT source, target FROM relation WHERE kind = ? ORDER BY source, target"
_ATTRIBUTES: Final = "SELECT source, kind, target FROM relation WHERE kind <> ? ORDER BY source"
_NAMES: Final = """
SELECT d.concept, d.language, d.kind, d.term, p.description IS NOT NULL
FROM description d LEFT JOIN preferred p ON p.description = d.id ORDER BY d.concept, d.id
"""


class SnomedSource:
    """A release in an archive. `version` is SYSTEM/MODULE/version/DATE, for an edition whose files do not tell it."""

    def __init__(self, archive: Archive, version: str = "") -> None:
        self._archive: Final = archive
        self._concepts: Final = archive.named(CONCEPTS, "sct2_Concept_Snapshot")
        self._relations: Final = archive.named(_RELATIONSHIPS, "sct2_Relationship_Snapshot")
        self._described: Final = [name for name in archive.names if _DESCRIPTIONS.search(name)]
        self._spoken: Final = [name for name in archive.names if _LANGUAGES.search(name)]
        self._version: Final = version or _version(self._concepts)
        self._scratch: Final = Scratch(self._fill)

    def close(self) -> None:
        """Remove the temporary file."""
        self._scratch.close()

    @property
    def head(self) -> Json:
        """The CodeSystem without its concepts."""
        return {
            **{"resourceType": CODE_SYSTEM, "url": SYSTEM, "version": self._version, "title": "SNOMED CT"},
            **{"status": "active", "content": "complete", "caseSensitive": True, "hierarchyMeaning": "is-a"},
            **{"language": "en", "copyright": "SNOMED CT is copyright SNOMED International; a licence is needed."},
        }

    @property
    def digest(self) -> bytes:
        """A hash of the concepts and relationships, and of which other files there are."""
        said = "\n".join([self._version, *self._described, *self._spoken])
        return self._archive.digest([self._concepts, self._relations], said)

    def links(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each concept by its id, with what it is a kind of."""
        above = Groups(self._scratch.db.execute(_KINDS, (_IS_A,)))
        for (number,) in self._scratch.db.execute("SELECT id FROM concept ORDER BY id"):
            yield str(number), tuple(target for _, target in above.of(number))

    def concepts(self) -> Iterator[Concept]:
        """Each concept, in the order of `links`."""
        described = Groups(self._scratch.db.execute(_NAMES))
        related = Groups(self._scratch.db.execute(_ATTRIBUTES, (_IS_A,)))
        for number, active, module, status in self._scratch.db.execute("SELECT * FROM concept ORDER BY id"):
            facts = [(kind, target) for _, kind, target in related.of(number)]
            facts += [("moduleId", module), ("sufficientlyDefined", "true" if status == _DEFINED else "false")]
            yield _concept(str(number), bool(active), described.of(number), list(dict.fromkeys(facts)))

    def _fill(self, db: sqlite3.Connection) -> None:
        """What is active, where it can be read in the order of the concepts. Raises HubError INVALID."""
        db.executescript(_TABLES)
        try:
            for statement, rows in self._parts():
                insert(db, statement, rows)
        except sqlite3.IntegrityError:
            what, where = "has a concept twice, or an id that is no number", self._concepts
            raise HubError(Category.INVALID, what, where=where, todo="mend the source", code="syntax") from None
        db.executescript(_INDEXES)

    def _parts(self) -> Iterator[tuple[str, Iterator[tuple[str, ...]]]]:
        """Each file with the statement that takes its rows in."""
        yield _CONCEPT, map(itemgetter(*_OF_CONCEPT), self._rows(self._concepts, _OF_CONCEPT))
        for name in self._described:
            yield _DESCRIPTION, map(itemgetter(*_OF_DESCRIPTION), self._active(name, _OF_DESCRIPTION))
        for name in self._spoken:
            rows = self._active(name, _OF_LANGUAGE)
            best = (row for row in rows if row["acceptabilityId"] == _PREFERRED)
            yield _BEST, ((row["referencedComponentId"],) for row in best)
        yield _RELATION, map(itemgetter(*_OF_RELATION), self._active(self._relations, _OF_RELATION))

    def _active(self, name: str, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
        return (row for row in self._rows(name, (*columns, "active")) if row["active"] == "1")

    def _rows(self, name: str, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
        return tab_rows(self._archive, name, columns)


def _concept(code: str, active: bool, described: list[tuple[Any, ...]], facts: list[tuple[str, str]]) -> Concept:
    names = [{"language": language, "value": term} for _, language, _, term, _ in described]
    preferred = [term for _, language, kind, term, best in described if language == "en" and best and kind != _FULL]
    full = [term for _, _, kind, term, _ in described if kind == _FULL]
    details: dict[str, Any] = {"designation": names} if names else {}
    details["property"] = [{"code": name, "valueCode": value} for name, value in facts]
    display = next(iter([*preferred, *full, *(one["value"] for one in names)]), "")
    return Concept(code=code, display=display, facts=tuple(facts), inactive=not active, details=details)


def _version(name: str) -> str:
    """Of the international edition by the date of its files (R4 snomedct.html, Versions)."""
    told = _RELEASE.search(name)
    if told is None or told[1] != "INT":
        todo = "name it: --version http://snomed.info/sct/MODULE/version/DATE"
        raise HubError(Category.INVALID, "its edition is not told", where=name, todo=todo)
    return f"{SYSTEM}/{_CORE}/version/{told[2]}"
