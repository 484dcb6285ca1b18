"""A patient's record in order: the rows the source-patient key leads, then what they refer to that is about nobody.

The Patients come first. Then each source patient is one walk down the btree (pkey, type, date, key). Resources about
no patient are their own leaders (pkey = key), so a referred one is a look-up by primary key, and a reference to
anybody's data finds nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from asyncpg import Record as Row
from msgspec import Struct
from msgspec.structs import replace

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store import compartment_sql as sql
from hub.store.compartment_sql import After, Kinds, Plan
from hub.store.criteria import Bind
from hub.store.emit import Filled
from hub.store.predicate import Seen, seen
from hub.store.read import WIDTH, opened
from hub.store.resource_types import NUMBERS, type_name, type_number
from hub.store.values import Found, Portion, Stored, Visible

_NIL: Final = str(UUID(int=0))
_PATIENT: Final = frozenset({"Patient"})
_ALL: Final = frozenset(NUMBERS)


class _Position(Struct, frozen=True):
    """Where a page ended: first the Patients, `given` of them; then (None there) the rows of one source patient after
    another, of number `source` those past `row` (type, date, key); then what all of them refer to, past `key`.
    """

    snapshot: str
    given: int | None
    source: int
    row: tuple[int, datetime, str]
    key: str


#: Before every row: type numbers begin at 1.
_FIRST: Final = (0, datetime.min.replace(tzinfo=UTC), _NIL)
_START: Final = _Position("", 0, 0, _FIRST, _NIL)
_decoder: Final = msgspec.msgpack.Decoder(_Position)


async def page(tx: Tx, asked: Portion, visible: Visible, *, count: int, after: bytes | None) -> Found:
    """One page. See `Store.everything`."""
    who = seen(visible)
    before = _decoded(after) if after is not None else None
    here, matches = before or _START, []
    refs: set[bytes] | None = set() if _leads_by_itself(asked, before) else None
    if here.given is not None:
        snapshot, patients = await _opening(tx, asked, who, before, refs)
        matches = patients[here.given : here.given + count]
        if len(patients) > here.given + count:
            return _broken_off(matches, replace(here, snapshot=here.snapshot or snapshot, given=here.given + count))
        here = replace(here, snapshot=here.snapshot or snapshot, given=None)
    while here.source < len(asked.patients):
        room = count - len(matches)
        rows = await _run(tx, sql.rows, _rows_plan(asked, who, here, before, room + 1))
        matches += await opened(tx, rows[:room])
        if len(rows) > room:
            return _broken_off(matches, replace(here, row=_last(rows[:room], here)))
        _note(refs, rows)
        here = replace(here, source=here.source + 1, row=_FIRST)
    room = count - len(matches)
    found = await _run(tx, sql.referred, _referred_plan(asked, who, here.key, before, refs, room + 1))
    included = await opened(tx, found[:room])
    following = None
    if len(found) > room:
        following = _encoded(replace(here, key=_key(found[room - 1]) if room else here.key))
    return Found(matches=matches, included=included, total=None, next=following)


async def holds(tx: Tx, patients: Sequence[str], types: frozenset[str], visible: Visible) -> bool:
    """Whether the record of one of some patients holds anything of these types that may be seen."""
    plan = Plan(_pkeys(patients), _kinds(types), seen(visible))
    return bool((await _run(tx, sql.holds, plan))[0][0])


def _pkeys(patients: Sequence[str]) -> Bind:
    return Bind([reference_key("Patient", patient) for patient in patients], "uuid[]")


def _key(row: Row) -> str:
    return str(reference_key(type_name(row[0]), row[1]))


def _decoded(token: bytes) -> _Position:
    try:
        return _decoder.decode(token)
    except msgspec.DecodeError:
        raise HubError(Category.INVALID, "is not a page of this record", todo="start from the first page") from None


def _encoded(position: _Position) -> bytes:
    return msgspec.msgpack.encode(position)


def _broken_off(matches: list[Stored], position: _Position) -> Found:
    return Found(matches=matches, included=[], total=None, next=_encoded(position))


def _last(kept: Sequence[Row], before: _Position) -> tuple[int, datetime, str]:
    """The place of the last row of a page, which stays where it was when the page had room for none."""
    if not kept:
        return before.row
    last = kept[-1]
    return last[0], last[WIDTH], _key(last)


def _leads_by_itself(asked: Portion, before: _Position | None) -> bool:
    """Whether what is referred to follows from the rows of this page, if it is the whole record: no more lead to it."""
    return before is None and asked.since is None and asked.types == asked.leading


def _note(refs: set[bytes] | None, rows: Iterable[Row]) -> None:
    """Keep what rows refer to, as PostgreSQL sends arrays, where that is asked for."""
    if refs is not None:
        refs.update([row[-1] for row in rows])


def _keys(refs: Iterable[bytes]) -> list[UUID]:
    """The keys in arrays as PostgreSQL sends them: 20 bytes, then of each item its length in 4 bytes and the item."""
    items = {array[at : at + 16] for array in refs for at in range(24, len(array), 20)}
    return [UUID(bytes=item) for item in items]


async def _opening(
    tx: Tx, asked: Portion, who: Seen, before: _Position | None, refs: set[bytes] | None
) -> tuple[str, list[Stored]]:
    """The snapshot all later pages keep to, and the Patients' own rows if they are asked for and may be seen."""
    after = None if before is None else After((), Bind(before.snapshot, "text"))
    kinds = _kinds(asked.types & _PATIENT)
    plan = Plan(_pkeys(asked.patients), kinds, who, *_times(asked), after=after, leading=refs is not None)
    rows = await _run(tx, sql.opening, plan)
    there = [row for row in rows if row[0] is not None]
    _note(refs, there)
    found = {one.id: one for one in await opened(tx, there)}
    return rows[0][WIDTH], [found[patient] for patient in dict.fromkeys(asked.patients) if patient in found]


def _rows_plan(asked: Portion, who: Seen, here: _Position, before: _Position | None, limit: int) -> Plan:
    number, low, key = here.row
    place = (Bind(number, "smallint"), Bind(low, "timestamptz"), Bind(key, "uuid"))
    own, kinds = _pkeys(asked.patients[here.source : here.source + 1]), _kinds(asked.types - _PATIENT)
    leading = _leads_by_itself(asked, before)
    return Plan(own, kinds, who, *_times(asked), **_page_of(place, before, limit), leading=leading)


def _referred_plan(
    asked: Portion, who: Seen, key: str, before: _Position | None, refs: set[bytes] | None, limit: int
) -> Plan:
    kinds, targets = _kinds(asked.leading), _kinds(asked.referred)
    page, keys = _page_of((Bind(key, "uuid"),), before, limit), None if refs is None else Bind(_keys(refs), "uuid[]")
    return Plan(_pkeys(asked.patients), kinds, who, *_times(asked), targets, **page, keys=keys)


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


async def _run(tx: Tx, of: Callable[[Plan], Filled], plan: Plan) -> list[Any]:
    text, values = of(plan)
    return list(await tx.fetch(text, *values))
