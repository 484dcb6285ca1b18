"""Security labels of a resource by what it says: codes and words of a list, wherever they stand in it. Pure.

The list is data (`data/labels.csv`; an installation adds to it). Codes count under the systems of their kind, by their
beginning in whatever case, or as members of a value set, in every element; words in what names a concept (`text` of a
CodeableConcept, `display` of a Coding) or heads a document or a section (`title`), not in free notes, where they may be
denied. Labels are only ever added: what a source says itself stands.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from consent.label_sets import LabelSets, none_held
from consent.tables import ACT_CODE, CONFIDENTIALITY, SENSITIVITY_KINDS
from hub.kernel.errors import Category, HubError
from hub.kernel.ports import ValueSets
from hub.kernel.types import Json

#: The canonical systems under which the codes of a kind come.
SYSTEMS: Final[Mapping[str, tuple[str, ...]]] = {
    "icd-10": (
        "http://hl7.org/fhir/sid/icd-10",
        "http://hl7.org/fhir/sid/icd-10-cm",
        "http://hl7.org/fhir/sid/icd-10-cn",
        "urn:oid:2.16.840.1.113883.6.3",
        "urn:oid:2.16.156.10011.2.3.3.11",
    ),
    "atc": ("http://www.whocc.no/atc",),
    "loinc": ("http://loinc.org",),
}

#: By the beginning of a code, as a member of the value set of that URL, by a regular expression.
_KINDS: Final = frozenset({"code", "set", "word"})
_COLUMNS: Final = ("label", "kind", "system", "value", "what")
#: What holds free text or says nothing of a concept: words there are not looked at.
_APART: Final = frozenset(
    {"text", "note", "extension", "modifierExtension", "identifier", "name", "telecom", "address", "contact", "subject"}
)
#: What names a concept, or heads what stands below it.
_WORDS_IN: Final = frozenset({"text", "display", "title"})
#: Names of concepts come again and again: so many of them, each of so many characters, are looked at once.
_TEXTS: Final = 8192
#: So do codes.
_CODES: Final = 4096
_SHORT: Final = 100
_RANGE: Final = re.compile(r"(?P<letter>[A-Z])(?P<low>\d\d)-(?P=letter)(?P<high>\d\d)")

#: Types that hold what a message says as a whole, and those that repeat what they refer to.
WHOLE: Final = frozenset({"Composition", "DocumentReference", "Media", "Binary"})
HOLDERS: Final = WHOLE | {"DiagnosticReport"}

_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list."""

    label: str
    kind: str
    system: str
    value: str


class Labelling:
    """What the rows of a list make of a resource."""

    def __init__(self, rows: Iterable[Row], sets: ValueSets = none_held) -> None:
        prefixes: dict[str, dict[str, tuple[str, ...]]] = {}
        words: dict[str, list[str]] = {}
        members: dict[str, list[str]] = {}
        for row in rows:
            if row.kind == "word":
                words.setdefault(row.label, []).append(row.value)
                continue
            if row.kind == "set":
                members.setdefault(row.value, []).append(row.label)
                continue
            for system in SYSTEMS.get(row.system, (row.system,)):
                by_label = prefixes.setdefault(system, {})
                by_label[row.label] = by_label.get(row.label, ()) + tuple(_codes(row.value.upper()))
        self._prefixes: Final = prefixes
        self._words: Final = {label: re.compile("|".join(parts), re.IGNORECASE) for label, parts in words.items()}
        self._any: Final = re.compile("|".join(part for parts in words.values() for part in parts) or "(?!)", re.I)

        self.sets: Final = LabelSets(members, sets)
        self._of_code: Final = lru_cache(maxsize=_CODES)(self._labels_of_code)
        self._of_text: Final = lru_cache(maxsize=_TEXTS)(self._labels_of_text)

    def labels(self, resource: Json) -> frozenset[str]:
        """The sensitivity labels (v3-ActCode) of what a resource says, contained resources too.

        Raises HubError UNAVAILABLE where a value set of the list is not known.
        """
        found = set(self.sets.labels(resource))
        self._gather(resource, found, False)
        return frozenset(found)

    def _gather(self, value: Json, found: set[str], apart: bool) -> None:
        """On the path of every resource that is written."""
        for key, item in value.items():
            kind = item.__class__
            if kind is str:
                if key == "system":
                    if item in self._prefixes and (code := value.get("code")).__class__ is str:
                        found.update(self._of_code(item, code))
                elif key in _WORDS_IN and not apart:
                    found.update(self._of_text(item) if len(item) <= _SHORT else self._labels_of_text(item))
            elif kind is dict:
                self._gather(item, found, apart or key in _APART)
            elif kind is list:
                self._gather_all(item, found, apart or key in _APART)

    def _gather_all(self, items: list[Any], found: set[str], apart: bool) -> None:
        for item in items:
            if item.__class__ is dict:
                self._gather(item, found, apart)
            elif item.__class__ is list:
                self._gather_all(item, found, apart)

    def _labels_of_code(self, system: str, code: str) -> tuple[str, ...]:
        written = code.upper()
        return tuple([label for label, codes in self._prefixes[system].items() if written.startswith(codes)])

    def _labels_of_text(self, text: str) -> tuple[str, ...]:
        if not self._any.search(text):
            return ()
        return tuple([label for label, words in self._words.items() if words.search(text)])


def with_labels(resource: Json, labels: Iterable[str]) -> Json:
    """`resource` with these sensitivity labels (`system|code` or codes of v3-ActCode) added to meta.security."""
    wanted = {_pair(label) for label in labels}
    if not wanted:
        return resource
    meta = resource.get("meta", {})
    stated = meta.get("security", []) if isinstance(meta, dict) else []
    known = {(one.get("system", ""), one.get("code", "")) for one in stated if isinstance(one, dict)}
    missing = sorted(wanted - known)
    added = [coding for pair in missing if (coding := _coding(*pair))]
    return {**resource, "meta": {**meta, "security": [*stated, *added]}} if added else resource


def coding_of(label: str) -> Json:
    """A label as a Coding; empty for one that only had a display, which is not among the facts."""
    return _coding(*_pair(label))


def _coding(system: str, code: str) -> Json:
    return {name: value for name, value in (("system", system), ("code", code)) if value}


def spreading(resource: Json) -> frozenset[str]:
    """The labels of a resource that hold for what holds it: sensitivity, and confidentiality above normal."""
    meta = resource.get("meta")
    found = meta.get("security") if isinstance(meta, dict) else None
    if not found:
        return _NONE
    return frozenset(
        f"{one.get('system')}|{one.get('code')}" for one in found if isinstance(one, dict) and _spreads(one)
    )


def _spreads(label: Json) -> bool:
    system, code = label.get("system"), label.get("code")
    return (system == ACT_CODE and code in SENSITIVITY_KINDS) or (system == CONFIDENTIALITY and code in {"R", "V"})


def _pair(label: str) -> tuple[str, str]:
    system, bar, code = label.rpartition("|")
    return (system, code) if bar else (ACT_CODE, label)


@cache
def shipped() -> Labelling:
    """The list that comes with the hub."""
    return Labelling(_shipped_rows())


def read_labelling(path: Path | None, sets: ValueSets = none_held) -> Labelling:
    """The shipped list, with the rows of a CSV file of the same columns added; `sets` knows the value sets it names.

    Raises HubError INVALID with file and line for a row that cannot be read, UNREADABLE for a file that cannot.
    """
    if path is None:
        return shipped()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise HubError(
            Category.UNREADABLE, "cannot be read as UTF-8", where=str(path), todo="correct YILIAN_LABELS", code="labels"
        ) from None
    return Labelling([*_shipped_rows(), *_rows(lines, path.name)], sets)


def _shipped_rows() -> list[Row]:
    return _rows((files("consent") / "data" / "labels.csv").read_text("utf-8").splitlines(), "labels.csv")


def _rows(lines: Sequence[str], name: str) -> list[Row]:
    found: list[Row] = []
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    cells = list(csv.reader(line for _, line in numbered))
    if not cells or tuple(cells[0]) != _COLUMNS:
        raise _wrong(name, numbered[0][0] if numbered else 1, f"the columns are {', '.join(_COLUMNS)}")
    for (number, _), row in zip(numbered[1:], cells[1:], strict=True):
        if len(row) != len(_COLUMNS) or row[0] not in SENSITIVITY_KINDS or row[1] not in _KINDS or not row[3]:
            todo = f"label is one of {', '.join(sorted(SENSITIVITY_KINDS))}, kind code, set or word"
            raise _wrong(name, number, todo)
        try:
            re.compile(row[3] if row[1] == "word" else "")
        except re.error:
            raise _wrong(name, number, "the words are no regular expression") from None
        found.append(Row(*row[:4]))
    return found


def _codes(value: str) -> list[str]:
    match = _RANGE.fullmatch(value)
    if match is None:
        return [value]
    return [f"{match['letter']}{number:02}" for number in range(int(match["low"]), int(match["high"]) + 1)]


def _wrong(name: str, line: int, todo: str) -> HubError:
    return HubError(Category.INVALID, "is no row of a list of labels", where=f"{name}:{line}", todo=todo, code="labels")
