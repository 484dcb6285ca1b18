"""Rows of the mapping: one source field to one target element, read from `rows/*.yaml`.

A file is one segment: `source` (where the facts come from), `fragments` (constants rows name), `maps` (rows by target
resource), `refused` and `carried` (fields that are no row, with why or where), `computed` (elements that
`resources/` fills, by field). A row: `at` field, `to` path, `as`
datatype map, and as needed `table`, `word`, `when` condition, `with` and `outer` constants, `value` (a constant in
place of the field's own value).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from hub.kernel.errors import Category, HubError

_FOLDER: Final = Path(__file__).parent / "rows"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEY: Final = re.compile(r"([A-Z][A-Z0-9]{2})-(\d{1,3}):([A-Z][A-Za-z]+)\.(\S+)\Z")
_KNOWN: Final = frozenset({"at", "to", "as", "table", "word", "when", "with", "outer", "value"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. `key` is how a facility profile names it: `PID-5:Patient.name[]`."""

    segment: str
    resource: str
    at: int
    to: str
    datatype: str = ""
    table: str = ""
    word: str = ""
    when: str = ""
    members: Mapping[str, Any] | None = None
    outer: Mapping[str, Any] | None = None
    value: Any = None

    @property
    def key(self) -> str:
        return f"{self.segment}-{self.at}:{self.resource}.{self.to}"


@dataclass(frozen=True, slots=True)
class SegmentRows:
    """All that is said of one segment. `refused` and `carried`: by field, the reason or the place.

    `computed`: by field, the elements that are filled by functions (`Observation.value`).
    """

    segment: str
    rows: tuple[Row, ...]
    refused: Mapping[int, str] = field(default_factory=dict)
    carried: Mapping[int, str] = field(default_factory=dict)
    computed: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@cache
def row_files() -> tuple[SegmentRows, ...]:
    """Every file of `rows/`. Raises HubError INVALID where one does not hold rows."""
    return tuple(_read(path) for path in sorted(_FOLDER.glob("*.yaml")))


def _read(path: Path) -> SegmentRows:
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 -- a safe loader
    fragments = data.get("fragments", {})
    rows = [
        row_of(path.stem, resource, raw, fragments) for resource, raws in data.get("maps", {}).items() for raw in raws
    ]
    computed = {at: tuple(elements) for at, elements in data.get("computed", {}).items()}
    return SegmentRows(path.stem, tuple(rows), data.get("refused", {}), data.get("carried", {}), computed)


def row_of(segment: str, resource: str, raw: Mapping[str, Any], fragments: Mapping[str, Any]) -> Row:
    """One row as it stands in a file. Raises HubError INVALID."""
    unknown = set(raw) - _KNOWN
    if unknown or "at" not in raw or "to" not in raw or ("as" in raw) == ("value" in raw):
        what = f"unknown keys {sorted(unknown)}" if unknown else "needs at, to and one of as and value"
        raise HubError(Category.INVALID, f"row {what}", where=f"{segment}-{raw.get('at', '?')}:{resource}")
    return Row(
        segment=segment,
        resource=resource,
        at=raw["at"],
        to=raw["to"],
        datatype=raw.get("as", ""),
        table=raw.get("table", ""),
        word=raw.get("word", ""),
        when=raw.get("when", ""),
        members=_fragment(raw.get("with"), fragments),
        outer=_fragment(raw.get("outer"), fragments),
        value=raw.get("value"),
    )


def _fragment(stated: Any, fragments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = fragments[stated] if isinstance(stated, str) else stated
    return dict(found) if found else None


def parse_key(key: str) -> tuple[str, int, str, str]:
    """Segment, field, resource and path of a row's key. Raises HubError INVALID."""
    match = _KEY.match(key)
    if match is None:
        what = "no such mapping row: a row is named as SEG-n:Type.path"
        raise HubError(Category.INVALID, what, where=f"rows.{key}", todo="name it so")
    return match[1], int(match[2]), match[3], match[4]


def changed_rows(rows: Iterable[Row], changes: Mapping[str, Mapping[str, Any] | None]) -> Iterator[Row]:
    """The rows with a profile's changes: by key, another row in its place, none, or one where there was none.

    Several rows of one key are replaced by one. Raises HubError INVALID for the removal of a row that is not there.
    """
    left = dict(changes)
    for row in rows:
        if row.key not in changes:
            yield row
        elif row.key in left:
            change = left.pop(row.key)
            if change is not None:
                yield row_of(row.segment, row.resource, {"at": row.at, "to": row.to, **change}, {})
    for key, change in left.items():
        segment, at, resource, to = parse_key(key)
        if change is None:
            raise HubError(Category.INVALID, "no such mapping row", where=f"rows.{key}", todo="name one there is")
        yield row_of(segment, resource, {"at": at, "to": to, **change}, {})
