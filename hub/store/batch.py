"""What becomes of each write of a batch, and the rows it needs. No I/O.

Several writes to one resource make a version each: those in between go straight to the history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from hub.fhir.custom import NONE, Custom
from hub.fhir.json import canonical, dumps, loads
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.store import codec, tables
from hub.store.index_rows import IndexRows
from hub.store.resource_types import type_number
from hub.store.values import Facts, Outcome, Saved, Stored, Write, patient_key
from hub.store.whole_index import ToIndex, index_columns, whole_indexes

Row = tuple[Any, ...]
#: By key: pkey, number of the type and index of a resource.
Indexed = dict[UUID, tuple[UUID, int, IndexRows]]
#: By key: the versions a batch makes of a resource, each with its write, the last of which stands.
Made = dict[UUID, list[tuple[Write, Stored]]]

#: Columns that a version in history shares with the current one, and those of the current one. `xid` is the database's,
#: `reindexed` of who adds to the index of a version that stands.
VERSION_COLUMNS: Final = tuple(c.name for c in tables.history.columns if c.name not in {"xid", "ended"})
RESOURCE_COLUMNS: Final = tuple(c.name for c in tables.resource.columns if c.name not in {"xid", "reindexed"})

_META_NOT_CONTENT: Final = frozenset({"versionId", "lastUpdated", "source"})


@dataclass(slots=True)
class Batch:
    """All rows of one save, by table; with those of full text, or without, and of an installation's own parameters."""

    full_text: bool = True
    custom: Custom = NONE
    superseded: list[tuple[UUID, UUID, int]] = field(default_factory=list)
    home: list[tuple[UUID, UUID]] = field(default_factory=list)
    rehomed: dict[UUID, UUID] = field(default_factory=dict)
    resource: dict[UUID, Row] = field(default_factory=dict)
    indexed: Indexed = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)

    @property
    def phrases(self) -> dict[UUID, tuple[int, str]]:
        """The texts of all codings and concepts."""
        return {token: phrase for _, _, rows in self.indexed.values() for token, phrase in rows.phrases.items()}


def plan(
    writes: Sequence[Write],
    now: datetime,
    *,
    full_text: bool = True,
    custom: Custom = NONE,
    standing: dict[UUID, Stored] | None = None,
) -> tuple[Batch, list[Saved]]:
    """The rows of a batch of writes made at `now`, and an answer to each write.

    `standing`: by key, what earlier writes of the same transaction have left; it is brought up to date.
    """
    batch = Batch(full_text, custom)
    known = {} if standing is None else standing
    made: Made = {}
    saved = [_plan(batch, made, write, known, now) for write in writes]
    _place(batch, made)
    return batch, saved


def _plan(batch: Batch, made: Made, write: Write, standing: dict[UUID, Stored], now: datetime) -> Saved:
    """Decide what a write comes to, and note the version it makes."""
    key = reference_key(write.type, write.id)
    current = standing.get(key, write.current)
    if _is_unchanged(write, current):
        return _answer(write, current, "unchanged")
    pkey = patient_key(write.type, write.id, write.patient)
    if current is not None and current.pkey != pkey and not write.moved:
        raise HubError(
            Category.INVALID,
            "belongs to another patient's record",
            where=f"{write.type}/{write.id}",
            todo="move it by the operation that moves records",
            code="patient-changed",
        )
    outcome: Outcome = "deleted" if write.resource is None else "updated"
    if current is None or (current.deleted and outcome == "updated"):
        outcome = "created"
    stored = _stored(write, pkey, current.version + 1 if current else 1, now)
    if current is None:
        batch.home.append((key, pkey))
    else:
        if key not in made:
            batch.superseded.append((current.pkey, key, current.version))
        if current.pkey != pkey:
            batch.rehomed[key] = pkey
    made.setdefault(key, []).append((write, stored))
    batch.outbox.append((pkey, type_number(write.type), write.id, stored.version, outcome, now))
    standing[key] = stored
    return _answer(write, stored, outcome)


def _is_unchanged(write: Write, current: Stored | None) -> bool:
    """Whether the write says what already stands. meta.source is not content: it says which message said it last."""
    if write.resource is None:
        return current is None or current.deleted
    if current is None or current.deleted or (write.facts, write.cleared) != (current.facts, current.cleared):
        return False
    return same_content(write.resource, loads(current.body))


def same_content(one: Json, other: Json) -> bool:
    """Equal but for version, update time and source; 1.0 and 1.00 differ, the order of keys does not matter."""
    left, right = _content(one), _content(other)
    return left == right and canonical(left) == canonical(right)


def _content(resource: Json) -> Json:
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in _META_NOT_CONTENT}
    rest = {key: value for key, value in resource.items() if key != "meta"}
    return {**rest, "meta": meta} if meta else rest


def _stored(write: Write, pkey: UUID, version: int, now: datetime) -> Stored:
    return Stored(
        type=write.type,
        id=write.id,
        version=version,
        updated=now,
        deleted=write.resource is None,
        body=b"" if write.resource is None else _body(write, version, now),
        pkey=pkey,
        patient=write.patient,
        facts=write.facts,
        source=write.source,
        cleared=write.cleared,
    )


def _body(write: Write, version: int, now: datetime) -> bytes:
    resource = write.resource or {}
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": instant(now)}
    head = {"resourceType": write.type, "id": write.id, "meta": meta}
    body = dumps({**head, **{key: value for key, value in resource.items() if key not in head}})
    # FHIR text has no control characters but white space (R4 datatypes.html string), and the database takes no U+0000.
    if b"\\u0000" in body and b"\\u0000" in body.replace(b"\\\\", b""):
        raise HubError(Category.INVALID, "holds the character U+0000", where=f"{write.type}/{write.id}")
    return body


@lru_cache(maxsize=4)
def instant(moment: datetime) -> str:
    """An R4 instant in UTC to the microsecond the store keeps; one for all that is saved together."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _version_of(row: Row) -> Row:
    by_name = dict(zip(RESOURCE_COLUMNS, row, strict=True))
    return tuple(by_name[name] for name in VERSION_COLUMNS)


def _place(batch: Batch, made: Made) -> None:
    """The rows of the versions made; those that do not stand go straight to the history."""
    indexes = _indexes(batch, made)
    for key, several in made.items():
        for write, stored in several:
            rows = next(indexes) if write.resource is not None else IndexRows()
            row = _resource_row(key, stored, rows)
            if stored is not several[-1][1]:
                batch.history.append(_version_of(row))
                continue
            batch.resource[key] = row
            if write.resource is not None:
                batch.indexed[key] = (stored.pkey, type_number(write.type), rows)


def _indexes(batch: Batch, made: Made) -> Iterator[IndexRows]:
    """The index of each version that is no deletion, in their order."""
    found = [
        ToIndex(key, write.resource, write.patient, stored.body, trimmed=bool(write.facts.flags))
        for key, several in made.items()
        for write, stored in several
        if write.resource is not None
    ]
    return iter(whole_indexes(found, custom=batch.custom, full_text=batch.full_text))


def _resource_row(key: UUID, stored: Stored, rows: IndexRows) -> Row:
    """In the order of RESOURCE_COLUMNS."""
    facts: Facts = stored.facts
    return (
        stored.pkey,
        key,
        stored.version,
        type_number(stored.type),
        stored.id,
        stored.updated,
        stored.deleted,
        codec.encode(stored.body),
        stored.patient,
        facts.author_org,
        facts.authors,
        facts.labels,
        facts.clinical_start,
        facts.clinical_end,
        facts.flags,
        stored.source,
        stored.cleared,
        *index_columns(rows),
    )


def _answer(write: Write, stored: Stored | None, outcome: Outcome) -> Saved:
    if stored is None:
        raise HubError(Category.NOT_FOUND, "is not stored", where=f"{write.type}/{write.id}")
    return Saved(
        type=write.type,
        id=write.id,
        version=stored.version,
        updated=stored.updated,
        outcome=outcome,
        body=stored.body,
    )
