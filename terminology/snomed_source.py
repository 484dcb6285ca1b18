"""SNOMED CT from a release in RF2, snapshot (R4 snomedct.html).

Files: sct2_Concept_Snapshot, sct2_Description_Snapshot (of each language), sct2_Relationship_Snapshot, and the language
reference sets (der2_cRefset_Language...). Descriptions are sorted in a temporary file: memory holds the hierarchy only.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.archive import Archive
from terminology.model import CODE_SYSTEM, Concept

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
CREATE TABLE description (concept INTEGER, id TEXT, language TEXT, kind TEXT, term TEXT);
CREATE TABLE preferred (description TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE relation (source INTEGER, kind TEXT, target TEXT);
CREATE TABLE concept (id INTEGER PRIMARY KEY, active INTEGER, module TEXT, status TEXT);
"""
_INDEXES: Final = "CREATE INDEX d ON description (concept); CREATE INDEX r ON relation (source);"
_BATCH: Final = 50_000


class SnomedSource:
    """A release in an archive. `version` is SYSTEM/MODULE/version/DATE, for an edition whose files do not tell it."""

    def __init__(self, archive: Archive, version: str = "") -> None:
        self._archive: Final = archive
        self._concepts: Final = archive.named(CONCEPTS, "sct2_Concept_Snapshot")
        self._relations: Final = archive.named(_RELATIONSHIPS, "sct2_Relationship_Snapshot")
        self._described: Final = [name for name in archive.names if _DESCRIPTIONS.search(name)]
        self._spoken: Final = [name for name in archive.names if _LANGUAGES.search(name)]
        self._version: Final = version or _version(self._concepts)
        self._folder: Final = TemporaryDirectory(prefix="yilian-snomed-")
        self._sorted: sqlite3.Connection | None = None

    def close(self) -> None:
        """Remove the temporary file."""
        if self._sorted is not None:
            self._sorted.close()
        self._folder.cleanup()

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
        kinds = self._db.execute("SELECT source, target FROM relation WHERE kind = ? ORDER BY source, target", (_IS_A,))
        above = _Groups(kinds)
        for (number,) in self._db.execute("SELECT id FROM concept ORDER BY id"):
            yield str(number), tuple(target for _, target in above.of(number))

    def concepts(self) -> Iterator[Concept]:
        """Each concept, in the order of `links`."""
        described = _Groups(
            self._db.execute(
                "SELECT d.concept, d.language, d.kind, d.term, p.description IS NOT NULL FROM description d"
                " LEFT JOIN preferred p ON p.description = d.id ORDER BY d.concept, d.id"
            )
        )
        related = _Groups(
            self._db.execute("SELECT source, kind, target FROM relation WHERE kind <> ? ORDER BY source", (_IS_A,))
        )
        for number, active, module, status in self._db.execute("SELECT * FROM concept ORDER BY id"):
            facts = [(kind, target) for _, kind, target in related.of(number)]
            facts += [("moduleId", module), ("sufficientlyDefined", "true" if status == _DEFINED else "false")]
            yield _concept(str(number), bool(active), described.of(number), list(dict.fromkeys(facts)))

    @property
    def _db(self) -> sqlite3.Connection:
        if self._sorted is None:
            self._sorted = self._filled()
        return self._sorted

    def _filled(self) -> sqlite3.Connection:
        """What is active, where it can be read in the order of the concepts."""
        db = sqlite3.connect(Path(self._folder.name) / "release.db")
        db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}")
        concepts = ((row[0], row[2], row[3], row[4]) for row in self._rows(self._concepts))
        _insert(db, "INSERT INTO concept VALUES (?, ?, ?, ?)", concepts)
        for name in self._described:
            found = ((row[4], row[0], row[5], row[6], row[7]) for row in self._rows(name) if row[2] == "1")
            _insert(db, "INSERT INTO description VALUES (?, ?, ?, ?, ?)", found)
        for name in self._spoken:
            best = ((row[5],) for row in self._rows(name) if row[2] == "1" and row[6] == _PREFERRED)
            _insert(db, "INSERT OR IGNORE INTO preferred VALUES (?)", best)
        related = ((row[4], row[7], row[5]) for row in self._rows(self._relations) if row[2] == "1")
        _insert(db, "INSERT INTO relation VALUES (?, ?, ?)", related)
        db.executescript(_INDEXES)
        return db

    def _rows(self, name: str) -> Iterator[list[str]]:
        """RF2: a header, then fields parted by tabs, without quotes."""
        with self._archive.lines(name) as lines:
            width = len(next(lines, "").rstrip("\r\n").split("\t"))
            for line in lines:
                row = line.rstrip("\r\n").split("\t")
                if len(row) != width:
                    raise HubError(Category.UNREADABLE, "has a row of another width", where=name, code="syntax")
                yield row


class _Groups:
    """Rows that are sorted by a number, given to whoever asks for the numbers in rising order."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._groups: Final = groupby(rows, itemgetter(0))
        self._next: tuple[int, list[tuple[Any, ...]]] | None = None

    def of(self, number: int) -> list[tuple[Any, ...]]:
        """The rows of a number; those of smaller ones nobody asked for are passed over."""
        while self._next is None or self._next[0] < number:
            at, rows = next(self._groups, (None, iter(())))
            if at is None:
                return []
            self._next = (at, list(rows))
        return self._next[1] if self._next[0] == number else []


def _concept(code: str, active: bool, described: list[tuple[Any, ...]], facts: list[tuple[str, str]]) -> Concept:
    names = [{"language": language, "value": term} for _, language, _, term, _ in described]
    preferred = [term for _, language, kind, term, best in described if language == "en" and best and kind != _FULL]
    full = [term for _, _, kind, term, _ in described if kind == _FULL]
    details: dict[str, Any] = {"designation": names} if names else {}
    details["property"] = [{"code": name, "valueCode": value} for name, value in facts]
    display = next(iter([*preferred, *full, *(one["value"] for one in names)]), "")
    return Concept(code=code, display=display, facts=tuple(facts), inactive=not active, details=details)


def _insert(db: sqlite3.Connection, statement: str, rows: Iterator[tuple[str, ...]]) -> None:
    while batch := list(islice(rows, _BATCH)):
        db.executemany(statement, batch)
    db.commit()


def _version(name: str) -> str:
    """Of the international edition by the date of its files (R4 snomedct.html, Versions)."""
    told = _RELEASE.search(name)
    if told is None or told[1] != "INT":
        todo = "name it: --version http://snomed.info/sct/MODULE/version/DATE"
        raise HubError(Category.INVALID, "its edition is not told", where=name, todo=todo)
    return f"{SYSTEM}/{_CORE}/version/{told[2]}"
