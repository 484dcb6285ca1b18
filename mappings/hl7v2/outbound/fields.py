"""Rows of the way out: which element of a resource fills which field, read from `rows/*.yaml` and compiled once.

A file is one segment: rows by source resource. A row: `at` field, `from` path of the element, `as` writer (datatypes),
and as needed `table`, `first` (the field does not repeat), `kind` (only identifiers of that type of table 0203),
`where` and `unless` (members the value must have, or must not have). Lists on the path are gone through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

import yaml

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from mappings.hl7v2.outbound.datatypes import WRITERS, Speech, Writer, kind_of

_FOLDER: Final = Path(__file__).parent / "rows"
_KNOWN: Final = frozenset({"at", "from", "as", "table", "first", "kind", "where", "unless"})
_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, compiled: `path` in steps, `write` with its table."""

    at: int
    path: tuple[str, ...]
    write: Writer
    table: str
    first: bool
    kind: str
    where: Mapping[str, Any]
    unless: Mapping[str, Any]

    def values(self, resource: Json) -> Iterator[Any]:
        """The values of the element that the row is about."""
        for value in reached(resource, self.path):
            if not isinstance(value, dict) or ((not self.kind or kind_of(value) == self.kind) and self._fits(value)):
                yield value

    def _fits(self, value: Json) -> bool:
        wanted = all(value.get(name) == said for name, said in self.where.items())
        return wanted and not (self.unless and all(value.get(name) == said for name, said in self.unless.items()))


def filled(segment: str, resource: Json, speech: Speech) -> dict[int, str]:
    """The fields of a segment that a resource fills, by number; several rows of one field go on after each other."""
    told: dict[int, list[str]] = {}
    for row in rows(segment).get(resource["resourceType"], ()):
        said = told.setdefault(row.at, [])
        if row.first and said:
            continue
        written = filter(None, (row.write(value, speech, row.table) for value in row.values(resource)))
        said += islice(written, 1) if row.first else dict.fromkeys(written)
    separator = speech.style.separators.repetition
    return {at: separator.join(said) for at, said in told.items()}


def reached(node: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """What lies at the end of a path; `extension[NAME]` are extensions whose URL ends with that name."""
    if isinstance(node, list):
        for each in node:
            yield from reached(each, path)
    elif not path:
        yield node
    elif isinstance(node, dict):
        name, _, tail = path[0].partition("[")
        found = node.get(name)
        if tail:
            found = [one for one in found or () if str(one.get("url", "")).rpartition("/")[2] == tail.rstrip("]")]
        if found is not None:
            yield from reached(found, path[1:])


@cache
def rows(segment: str) -> Mapping[str, tuple[Row, ...]]:
    """The rows of a segment by resource type. Raises HubError INVALID for a row that says what nobody knows."""
    data = yaml.safe_load((_FOLDER / f"{segment}.yaml").read_text(encoding="utf-8"))
    return {rtype: tuple(_row(segment, rtype, raw) for raw in raws) for rtype, raws in data["maps"].items()}


def _row(segment: str, rtype: str, raw: Mapping[str, Any]) -> Row:
    if set(raw) - _KNOWN or not {"at", "from", "as"} <= set(raw) or raw["as"] not in WRITERS:
        raise HubError(Category.INVALID, "is no row of the way out", where=f"{segment}-{raw.get('at', '?')}:{rtype}")
    return Row(
        at=raw["at"],
        path=tuple(raw["from"].split(".")),
        write=WRITERS[raw["as"]],
        table=raw.get("table", ""),
        first=raw.get("first", False),
        kind=raw.get("kind", ""),
        where=raw.get("where", _NOTHING),
        unless=raw.get("unless", _NOTHING),
    )
