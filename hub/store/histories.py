"""Versions of many resources, newest first: current and superseded ones in one order (updated, key, version).

A version is seen if the predicate holds for it and for the version that stands now. Each type is one walk down the
btrees (type, updated, key) of the two tables, broken off when there are enough, and the walks are merged.

Pages keep to the snapshot of the first one: a version moves from one table to the other when it is superseded, but
keeps its place in the order and the transaction that wrote it, so it is neither missed nor repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from asyncpg import Record
from msgspec import Struct

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store.criteria import Bind, Clause
from hub.store.emit import Emitter, every, statement
from hub.store.predicate import Seen, may_see, seen
from hub.store.read import COLUMNS, WIDTH, opened
from hub.store.resource_types import type_name, type_number
from hub.store.scan import elsewhere
from hub.store.values import Found, Span, Visible

_ORDER: Final = "updated DESC, {0}key DESC, {0}version DESC"

#: How long the oldest transaction of this database has been running. One that was seen running when this was asked
#: cannot write a version that is older than that.
_RUNNING: Final = """
SELECT coalesce(max(clock_timestamp() - xact_start), interval '0') FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class _Position(Struct, frozen=True):
    """The last version given, and the snapshot of the first page."""

    updated: datetime
    key: str
    version: int
    snapshot: str


class _After(Struct, frozen=True):
    updated: Bind
    key: Bind
    version: Bind
    snapshot: Bind


class _Plan(Struct, frozen=True):
    """One statement to make; plans of one shape are equal."""

    types: Bind
    seen: Seen
    limit: Bind
    since: Bind | None
    low: Bind | None
    high: Bind | None
    listed: Clause | None
    after: _After | None


_decoder: Final = msgspec.msgpack.Decoder(_Position)


async def running(tx: Tx) -> timedelta:
    """How long the oldest transaction of others has been at work. Ask it before the snapshot it is used for."""
    age: timedelta = await tx.fetchval(_RUNNING)
    return max(age, timedelta(0))


async def page(tx: Tx, types: Iterable[str], visible: Visible, span: Span, *, count: int, after: bytes | None) -> Found:
    """One page. See `Store.history`."""
    before = None if after is None else _decoded(after)
    plan = _plan(types, seen(visible), span, before, count + 1)
    text, values = _text(plan)
    rows = await tx.fetch(text, *values)
    matches = await opened(tx, rows[:count])
    following = None
    if len(rows) > count:
        following = msgspec.msgpack.encode(_position(rows[count - 1], before, rows[0][WIDTH]))
    return Found(matches=matches, included=[], total=None, next=following)


def _decoded(token: bytes) -> _Position:
    try:
        return _decoder.decode(token)
    except msgspec.DecodeError:
        raise HubError(Category.INVALID, "is not a page of this history", todo="start from the first page") from None


def _position(last: Record, before: _Position | None, snapshot: str) -> _Position:
    key = str(reference_key(type_name(last["type"]), last["id"]))
    return _Position(last["updated"], key, last["version"], snapshot if before is None else before.snapshot)


def _plan(types: Iterable[str], who: Seen, span: Span, before: _Position | None, limit: int) -> _Plan:
    low, high = span.at or (None, None)
    return _Plan(
        types=Bind([type_number(name) for name in types], "smallint[]"),
        seen=who,
        limit=Bind(limit, "bigint"),
        since=_instant(span.since),
        low=_instant(low),
        high=_instant(high),
        listed=span.listed,
        after=None if before is None else _after(before),
    )


def _instant(moment: datetime | None) -> Bind | None:
    return None if moment is None else Bind(moment, "timestamptz")


def _after(before: _Position) -> _After:
    return _After(
        Bind(before.updated, "timestamptz"),
        Bind(before.key, "uuid"),
        Bind(before.version, "integer"),
        Bind(before.snapshot, "text"),
    )


@statement(256)
def _text(emit: Emitter, plan: _Plan) -> str:
    walks = f"({_standing(emit, plan)}) UNION ALL ({_superseded(emit, plan)})"
    return (
        f"SELECT {_columns('v')}, (SELECT pg_current_snapshot()::text)"
        f" FROM unnest({emit.use(plan.types)}) AS t (type) CROSS JOIN LATERAL ({walks}) v"
        f" ORDER BY v.{_ORDER.format('v.')} LIMIT {emit.use(plan.limit)}"
    )


def _standing(emit: Emitter, plan: _Plan) -> str:
    """Current versions of one type."""
    conditions = [*_place(emit, plan, "r"), may_see(emit, plan.seen, "r")]
    return _walk(emit, plan, "resource r", conditions)


def _superseded(emit: Emitter, plan: _Plan) -> str:
    """Superseded versions of one type, each beside the version `n` that stands now."""
    conditions = [*_place(emit, plan, "r"), may_see(emit, plan.seen, "r"), may_see(emit, plan.seen, "n")]
    if plan.low is not None:
        conditions += _still_current(emit, plan, plan.low)
    # LIMIT 1: see hub/store/scan.py.
    now = "SELECT * FROM resource o WHERE o.pkey = r.pkey AND o.key = r.key LIMIT 1"
    return _walk(emit, plan, f"history r CROSS JOIN LATERAL ({now}) n", conditions)


def _still_current(emit: Emitter, plan: _Plan, low: Bind) -> list[str]:
    """No newer version that may be seen had taken its place by then; what may not be seen ends nothing."""
    at = emit.use(low)
    newer = f"x.pkey = r.pkey AND x.key = r.key AND x.version > r.version AND x.updated <= {at}"
    taken = f"SELECT FROM history x WHERE {newer} AND {may_see(emit, plan.seen, 'x')}"
    return [f"n.updated > {at}", f"NOT EXISTS ({taken})"]


def _place(emit: Emitter, plan: _Plan, row: str) -> list[str]:
    conditions = [f"{row}.type = t.type"]
    if plan.listed is not None:
        # coalesce: not by the index of types, which would lead past all that is not listed (see scan.py).
        conditions = [f"coalesce({row}.type = t.type, FALSE)", _is_listed(emit, plan.listed, plan.seen, row)]
    if plan.since is not None:
        conditions.append(f"{row}.updated >= {emit.use(plan.since)}")
    if plan.high is not None:
        conditions.append(f"{row}.updated < {emit.use(plan.high)}")
    if plan.after is not None:
        updated, key, version = emit.use(plan.after.updated), emit.use(plan.after.key), emit.use(plan.after.version)
        conditions.append(f"({row}.updated, {row}.key, {row}.version) < ({updated}, {key}, {version})")
        # A subselect: the text is read once, not for each row.
        snapshot = f"(SELECT {emit.use(plan.after.snapshot)}::pg_snapshot)"
        conditions.append(f"pg_visible_in_snapshot({row}.xid, {snapshot})")
    return conditions


def _is_listed(emit: Emitter, listed: Clause, who: Seen, row: str) -> str:
    """Where what is listed is, and where it was before it moved."""
    ways = []
    for table in ("resource_home", "former_home"):
        keys = f"ARRAY({elsewhere(emit, listed, who)})"
        ways.append(f"SELECT pkey, key FROM {table} WHERE key = ANY({keys})")
    return f"({row}.pkey, {row}.key) IN ({' UNION ALL '.join(ways)})"


def _walk(emit: Emitter, plan: _Plan, tables: str, conditions: list[str]) -> str:
    order = _ORDER.format("r.")
    return (
        f"SELECT {_columns('r')}, r.key FROM {tables} WHERE {every(conditions)}"
        f" ORDER BY r.{order} LIMIT {emit.use(plan.limit)}"
    )


def _columns(row: str) -> str:
    return ", ".join(f"{row}.{name}" for name in COLUMNS.split(", "))
