"""The newest Observations of each group of codes (R4 observation-operation-lastn.html).

Two statements of one snapshot: what concepts the matches have, one body for each; then the matches ranked within the
groups that these make. Both hold the predicate, so what may not be seen neither joins two groups nor takes a place.
A later page is ranked among what the first one could see, as it stands now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.ids import reference_key
from hub.store import paging
from hub.store.code_groups import grouped
from hub.store.compiler import Cursor
from hub.store.criteria import Bind, Clause, Query
from hub.store.emit import Emitter, every, statement
from hub.store.paging import Position
from hub.store.predicate import Seen, seen
from hub.store.read import COLUMNS, WIDTH, opened
from hub.store.resource_types import type_number
from hub.store.scan import scan
from hub.store.values import Found, Visible

_OBSERVATION: Final = "Observation"


class _Groups(Struct, frozen=True):
    """Names of the groups of some signatures; how many of each group, and of all, are wanted."""

    signatures: Bind
    names: Bind
    most: Bind
    limit: Bind


class _Plan(Struct, frozen=True):
    """One statement to make; plans of one shape are equal. Without `groups`, that of the concepts."""

    type: Bind
    clauses: tuple[Clause, ...]
    seen: Seen
    after: Cursor | None
    groups: _Groups | None = None


async def latest(tx: Tx, query: Query, visible: Visible, *, most: int, count: int, after: bytes | None) -> Found:
    """See `Store.latest`."""
    who = seen(visible)
    position = None if after is None else paging.decode(after)
    groups = await _groups(tx, query, who, position)
    if not groups:
        return Found(matches=[], included=[])
    wanted = _Groups(
        signatures=Bind(list(groups), "text[]"),
        names=Bind(list(groups.values()), "text[]"),
        most=Bind(most, "bigint"),
        limit=Bind(count + 1, "bigint"),
    )
    rows = await _run(tx, _Plan(_number(), query.clauses, who, _cursor(position), wanted))
    following = _position(rows[count - 1], position) if len(rows) > count else None
    matches = await opened(tx, rows[:count])
    return Found(matches=matches, included=[], next=following)


async def _groups(tx: Tx, query: Query, who: Seen, position: Position | None) -> dict[str, str]:
    """The name of its group for each signature."""
    found = await _run(tx, _Plan(_number(), query.clauses, who, _cursor(position)))
    signatures = {row[1]: row[-1] for row in found}
    return grouped({signatures[one.id]: loads(one.body).get("code") for one in await opened(tx, found)})


def _cursor(position: Position | None) -> Cursor | None:
    return None if position is None else paging.cursor(position)


def _position(row: Sequence[Any], before: Position | None) -> bytes:
    """Where a page ends, by its last row."""
    name, date, snapshot = row[WIDTH:]
    key = str(reference_key(_OBSERVATION, row[1]))
    return paging.encode(Position((name, date), key, before.snapshot if before else snapshot, None))


def _number() -> Bind:
    return Bind(type_number(_OBSERVATION), "smallint")


async def _run(tx: Tx, plan: _Plan) -> list[tuple[Any, ...]]:
    text, values = _text(plan)
    return [tuple(row) for row in await tx.fetch(text, *values)]


@statement(256)
def _text(emit: Emitter, plan: _Plan) -> str:
    signed = _signed(emit, plan)
    if plan.groups is None:
        return f"{signed} SELECT DISTINCT ON (s.signature) {_columns('s')}, s.signature FROM s ORDER BY s.signature"
    groups = plan.groups
    named = f"unnest({emit.use(groups.signatures)}, {emit.use(groups.names)}) AS g (signature, name)"
    # rank: all of one time are given, more than are asked for if need be.
    ranked = (
        'SELECT s.*, g.name COLLATE "C" AS name, rank() OVER (PARTITION BY g.name ORDER BY s.date_low DESC) AS place'
        f" FROM s JOIN {named} ON g.signature = s.signature"
    )
    conditions = [f"w.place <= {emit.use(groups.most)}"]
    if plan.after is not None:
        conditions.append(_past(emit, plan.after))
    return (
        f"{signed} SELECT {_columns('w')}, w.name, w.date_low::text, (SELECT pg_current_snapshot()::text)"
        f" FROM ({ranked}) w WHERE {every(conditions)}"
        f" ORDER BY w.name, w.date_low DESC, w.key LIMIT {emit.use(groups.limit)}"
    )


def _past(emit: Emitter, after: Cursor) -> str:
    """The row comes after the cursor in the order."""
    name, date = (emit.use(value) for value in after.values)
    older = f"w.date_low < {date}::timestamptz"
    later = f"w.date_low = {date}::timestamptz AND w.key > {emit.use(after.key)}"
    return f"(w.name > {name} OR w.name = {name} AND ({older} OR {later}))"


def _columns(row: str) -> str:
    return ", ".join(f"{row}.{name}" for name in COLUMNS.split(", "))


def _signed(emit: Emitter, plan: _Plan) -> str:
    """The matches `s`, each with a signature: rows of one signature have one concept.

    It is the first coding with the codes of all; a row without any is of a signature of its own.
    """
    found = scan(emit, plan.type, plan.clauses, plan.seen, whole=True)
    if plan.after is not None:
        known = f"pg_visible_in_snapshot({found.row}.xid, {emit.use(plan.after.snapshot)}::pg_snapshot)"
        # What was corrected meanwhile stays: without it an older one would pass for the newest.
        found.conditions.append(f"({known} OR {found.row}.version > 1)")
    columns = [f"{found.row}.{name}" for name in (*COLUMNS.split(", "), "key", "date_low", "code_system", "code")]
    # Put together before it is joined: a patient's codings are read once, not once for each match.
    codes = (
        "SELECT k.pkey, k.key, array_agg(k.code ORDER BY k.code) AS codes FROM coding k"
        f" WHERE k.pkey IN (SELECT DISTINCT m.pkey FROM m) AND k.type = {emit.use(plan.type)} GROUP BY k.pkey, k.key"
    )
    signature = "coalesce(m.code_system, '') || '|' || m.code || c.codes::text"
    return (
        f"WITH m AS MATERIALIZED ({found.sql(', '.join(columns))}), c AS MATERIALIZED ({codes}), s AS ("
        f"SELECT m.*, coalesce({signature}, m.key::text) AS signature"
        " FROM m LEFT JOIN c ON c.pkey = m.pkey AND c.key = m.key)"
    )
