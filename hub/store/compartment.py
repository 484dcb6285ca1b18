"""One patient's record in order: the rows the source-patient key leads, then what they refer to that is about nobody.

A page is one walk down the btree (pkey, type, date, key); the Patient comes first. Resources about no patient are
their own leaders (pkey = key), so a referred one is a look-up by primary key, and a reference to anybody's data finds
nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from asyncpg import Record as Row

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store import compartment_sql as sql
from hub.store.compartment_sql import After, Kinds, Plan, Text
from hub.store.criteria import Bind, binds
from hub.store.read import COLUMNS, stored
from hub.store.resource_types import NUMBERS, type_number
from hub.store.scan import Seen, seen
from hub.store.values import Found, Portion, Stored, Visible

_NIL: Final = str(UUID(int=0))
_WIDTH: Final = COLUMNS.count(",") + 1
_PATIENT: Final = frozenset({"Patient"})
_ALL: Final = frozenset(NUMBERS)


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a page ended: in the rows (`row`: type, date as text, key) or, with None there, in what they refer to."""

    snapshot: str
    row: tuple[int, str, str] | None
    key: str = _NIL


_START: Final = (0, "-infinity", _NIL)
_decoder: Final = msgspec.msgpack.Decoder(_Position)


async def page(tx: Tx, asked: Portion, visible: Visible, *, count: int, after: bytes | None) -> Found:
    """One page. See `Store.everything`."""
    who = seen(visible)
    position = _decoded(after) if after is not None else None
    matches: list[Stored] = []
    if position is None:
        snapshot, matches = await _opening(tx, asked, who)
        here = _Position(snapshot, _START)
    else:
        here = position
    if here.row is not None:
        rows = await _run(tx, sql.rows, _rows_plan(asked, who, here.row, position, count - len(matches) + 1))
        kept = rows[: count - len(matches)]
        matches += map(stored, kept)
        if len(rows) > len(kept):
            return Found(matches=matches, included=[], total=None, next=_encoded(here.snapshot, here.row, kept))
        here = _Position(here.snapshot, None)
    found = await _run(tx, sql.referred, _referred_plan(asked, who, here.key, position, count - len(matches) + 1))
    included = [stored(row) for row in found[: count - len(matches)]]
    following = None
    if len(found) > len(included):
        key = str(_key(included[-1])) if included else here.key
        following = msgspec.msgpack.encode(_Position(here.snapshot, None, key))
    return Found(matches=matches, included=included, total=None, next=following)


async def holds(tx: Tx, patient: str, types: frozenset[str], visible: Visible) -> bool:
    """Whether a patient's record holds anything of these types that may be seen."""
    plan = Plan(_pkey(patient), _kinds(types), seen(visible))
    return bool((await _run(tx, sql.holds, plan))[0][0])


def _pkey(patient: str) -> Bind:
    return Bind(reference_key("Patient", patient), "uuid")


def _key(version: Stored) -> UUID:
    return reference_key(version.type, version.id)


def _decoded(token: bytes) -> _Position:
    try:
        return _decoder.decode(token)
    except msgspec.DecodeError:
        raise HubError(Category.INVALID, "is not a page of this record", todo="start from the first page") from None


def _encoded(snapshot: str, before: tuple[int, str, str], kept: Sequence[Row]) -> bytes:
    """The position after the rows of a page, which stays where it was when the page had room for none."""
    row = before
    if kept:
        last = kept[-1]
        row = (last[0], last[_WIDTH], str(last[_WIDTH + 1]))
    return msgspec.msgpack.encode(_Position(snapshot, row))


async def _opening(tx: Tx, asked: Portion, who: Seen) -> tuple[str, list[Stored]]:
    """The snapshot all later pages keep to, and the Patient's own row if it is asked for and may be seen."""
    plan = Plan(_pkey(asked.patient), _kinds(asked.types & _PATIENT), who, *_times(asked))
    (row,) = await _run(tx, sql.opening, plan)
    return row[_WIDTH], [stored(row)] if row[0] is not None else []


def _rows_plan(asked: Portion, who: Seen, row: tuple[int, str, str], before: _Position | None, limit: int) -> Plan:
    place = (Bind(row[0], "smallint"), Bind(row[1], "text"), Bind(row[2], "uuid"))
    kinds = _kinds(asked.types - _PATIENT)
    return Plan(_pkey(asked.patient), kinds, who, *_times(asked), **_page_of(place, before, limit))


def _referred_plan(asked: Portion, who: Seen, key: str, before: _Position | None, limit: int) -> Plan:
    kinds, targets = _kinds(asked.leading), _kinds(asked.referred)
    place = (Bind(key, "uuid"),)
    return Plan(_pkey(asked.patient), kinds, who, *_times(asked), targets, **_page_of(place, before, limit))


def _page_of(place: tuple[Bind, ...], before: _Position | None, limit: int) -> dict[str, Any]:
    snapshot = None if before is None else Bind(before.snapshot, "text")
    return {"after": After(place, snapshot), "limit": Bind(limit, "bigint")}


def _times(asked: Portion) -> tuple[Bind | None, Bind | None, Bind | None]:
    start, end, since = (
        None if moment is None else Bind(moment, "timestamptz") for moment in (asked.start, asked.end, asked.since)
    )
    return start, end, since


def _kinds(types: frozenset[str]) -> Kinds:
    numbers, negated, low, high = _numbers(types)
    return Kinds(Bind(numbers, "smallint[]"), negated, Bind(low, "smallint"), Bind(high, "smallint"))


@lru_cache(maxsize=256)
def _numbers(types: frozenset[str]) -> tuple[list[int], bool, int, int]:
    given = [type_number(name) for name in types]
    negated = len(types) > len(_ALL) // 2
    listed = [NUMBERS[name] for name in _ALL - types] if negated else given
    return listed, negated, min(given, default=0), max(given, default=0)


async def _run(tx: Tx, compile_: Callable[[Plan], Text], plan: Plan) -> list[Any]:
    text, order = compile_(plan)
    values = list(binds(plan))
    return list(await tx.fetch(text, *(values[position].value for position in order)))
