"""Statements of a search, compiled once for each shape and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from hub.kernel.errors import Category, HubError
from hub.store.criteria import Beside, Bind, Clause, Query, SortKey
from hub.store.emit import Emitter, every, some, statement
from hub.store.followed import Followed, referred
from hub.store.people import same_persons
from hub.store.predicate import Seen
from hub.store.read import COLUMNS, columns_of
from hub.store.resource_types import type_number
from hub.store.scan import Scan, scan

#: The order where none is asked for, and after all that is asked for: the newest clinical date first.
DEFAULT_SORT: Final = (SortKey("promoted", True),)

_SHAPES: Final = 4096

#: SQL type a cursor's text is read back as.
_CAST: Final = {
    "promoted": "timestamptz",
    "updated": "timestamptz",
    "id": "text",
    "date": "timestamptz",
    "string": "text",
    "number": "numeric",
    "text": "text",
}

#: Side table, column and stand-in for a missing value, by kind of sort key. Missing values come first going up.
_SIDE: Final = {
    "date": ("date_value", "low", "'-infinity'::timestamptz"),
    "string": ("string_value", "folded", "''"),
    "number": ("number_value", "coalesce({v}.low, {v}.high)", "'-infinity'::numeric"),
}


class Cursor(Struct, frozen=True):
    """Where the last page ended: its sort values as text, its key, and the snapshot of the first page."""

    values: tuple[Bind, ...]
    key: Bind
    snapshot: Bind


class Plan(Struct, frozen=True):
    """One statement to make. Plans of one shape are equal."""

    type: Bind | None
    clauses: tuple[Clause, ...]
    sort: tuple[SortKey, ...]
    seen: Seen
    after: Cursor | None
    limit: Bind
    beside: Beside | None
    followed: Followed | None


def plan(
    query: Query,
    who: Seen,
    after: Cursor | None,
    limit: int,
    beside: Beside | None = None,
    followed: Followed | None = None,
) -> Plan:
    """The plan of a page of at most `limit` rows."""
    rtype = Bind(type_number(query.type), "smallint") if query.type is not None else None
    return Plan(rtype, query.clauses, query.sort or DEFAULT_SORT, who, after, Bind(limit, "bigint"), beside, followed)


@statement(_SHAPES)
def page(emit: Emitter, asked: Plan) -> str:
    """A page: the columns of `read.COLUMNS`, sort values as text, the snapshot, what is asked beside.

    Behind its rows, what they refer to if that is `followed`: without a snapshot, sort values and what is asked beside.
    """
    found = scan(emit, asked.type, asked.clauses, asked.seen)
    keys = [(_sort_value(emit, key, found), key.descending) for key in asked.sort]
    keys.append((found.key, keys[-1][1]))
    if asked.after is not None:
        found.conditions.append(_past(emit, asked.sort, keys, asked.after))
        found.conditions.append(
            f"pg_visible_in_snapshot({found.row}.xid, {emit.use(asked.after.snapshot)}::pg_snapshot)"
        )
    more = [(f"sort_{at}", f"({value})::text") for at, (value, _) in enumerate(keys[:-1])]
    more.append(("snapshot", "(SELECT pg_current_snapshot()::text)"))
    if asked.beside is not None:
        more.append(("beside", _beside(emit, asked.beside, asked.seen)))
    order = ", ".join(f"{value}{' DESC' if descending else ''}" for value, descending in keys)
    rest = f"ORDER BY {order} LIMIT {emit.use(asked.limit)}"
    columns = ", ".join([columns_of(found.row), *(f"{value} AS {name}" for name, value in more)])
    if asked.followed is None:
        return f"{found.sql(columns)} {rest}"
    held = f"{columns}, {found.row}.refs, {found.row}.tokens"
    matches = emit.shared("matches", lambda: f"{found.sql(held)} {rest}")
    told = ", ".join([COLUMNS, *(name for name, _ in more)])
    nothing = ", ".join(["NULL"] * len(more))
    return f"SELECT {told} FROM {matches} UNION ALL ({referred(emit, asked.followed, asked.seen, matches, nothing)})"


def _beside(emit: Emitter, beside: Beside, who: Seen) -> str:
    named = who.panel and who.panel.among
    return beside.text.format(*map(emit.use, beside.values), persons=named and same_persons(emit, named))


@statement(_SHAPES)
def total(emit: Emitter, asked: Plan) -> str:
    """The number of all matches."""
    return scan(emit, asked.type, asked.clauses, asked.seen, whole=True).sql("count(*)")


def _sort_value(emit: Emitter, key: SortKey, found: Scan) -> str:
    if key.kind == "promoted":
        return found.order
    if key.kind == "updated":
        return f"{found.row}.updated"
    if key.kind == "id":
        return f'{found.row}.id COLLATE "C"'
    if key.param is None:
        raise HubError(Category.FAULT, "a sort key lacks its parameter", where="search compiler")
    if key.kind == "text":
        return _sort_text(emit, key, key.param, found.row)
    table, column, missing = _SIDE[key.kind]
    v = emit.alias("v")
    value = column.format(v=v) if "{" in column else f"{v}.{column}"
    matches = _among(emit, key.param, f"{v}.params") if key.kind == "number" else _is(emit, f"{v}.param", key.param)
    best = "max" if key.descending else "min"
    owner = f"{v}.pkey = {found.row}.pkey AND {v}.key = {found.row}.key"
    side = f"coalesce((SELECT {best}({value}) FROM {table} {v} WHERE {owner} AND {matches}), {missing})"
    if key.promoted is None:
        return side
    return f"CASE WHEN {_is(emit, f'{found.row}.type', key.promoted)} THEN {found.order} ELSE {side} END"


def _is(emit: Emitter, number: str, wanted: Bind) -> str:
    """Whether a number is the one that is wanted, or one of several."""
    return f"{number} = ANY({emit.use(wanted)})" if wanted.type.endswith("[]") else f"{number} = {emit.use(wanted)}"


def _among(emit: Emitter, wanted: Bind, numbers: str) -> str:
    """Whether the number that is wanted, or one of several, is among some."""
    shared = wanted.type.endswith("[]")
    return f"{numbers} && {emit.use(wanted)}" if shared else f"{emit.use(wanted)} = ANY({numbers})"


def _sort_text(emit: Emitter, key: SortKey, param: Bind, row: str) -> str:
    """The least or greatest text of a parameter; the source patient is not kept twice."""
    s, best = emit.alias("s"), "max" if key.descending else "min"
    texts = f"unnest({row}.sort_params, {row}.sort_texts) AS {s} (param, value)"
    found = f'(SELECT {best}({s}.value COLLATE "C") FROM {texts} WHERE {_is(emit, f"{s}.param", param)})'
    if key.lead is not None:
        leads = f"CASE WHEN {_among(emit, key.lead, f'{row}.params')} THEN 'Patient/' || {row}.patient END"
        found = f"{leads}, {found}"
    return f"coalesce({found}, '') COLLATE \"C\""


def _past(emit: Emitter, sort: Sequence[SortKey], keys: Sequence[tuple[str, bool]], after: Cursor) -> str:
    """The row comes after the cursor in the order."""
    ends = [f"{emit.use(bind)}::{_CAST[key.kind]}" for key, bind in zip(sort, after.values, strict=True)]
    ends.append(emit.use(after.key))
    if len({descending for _, descending in keys}) == 1:
        compare = "<" if keys[0][1] else ">"
        return f"({', '.join(value for value, _ in keys)}) {compare} ({', '.join(ends)})"
    return some([_breaks_tie(keys, ends, at) for at in range(len(keys))])


def _breaks_tie(keys: Sequence[tuple[str, bool]], ends: Sequence[str], at: int) -> str:
    parts = [f"{value} = {end}" for (value, _), end in zip(keys[:at], ends[:at], strict=True)]
    value, descending = keys[at]
    parts.append(f"{value} {'<' if descending else '>'} {ends[at]}")
    return f"({every(parts)})"
