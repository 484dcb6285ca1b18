"""Running a search: a page of matches, the total, what is included."""

from __future__ import annotations

from typing import Final, Literal

from asyncpg import Record

from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.store import compiler, paging
from hub.store.criteria import Beside, Query
from hub.store.followed import Followed
from hub.store.includes import at_once, included
from hub.store.paging import Position
from hub.store.predicate import Seen, seen
from hub.store.read import WIDTH, opened
from hub.store.resource_types import type_name
from hub.store.values import Found, Visible

#: Matches on a page where neither the query nor the caller says.
DEFAULT_COUNT: Final = 20


async def search(
    tx: Tx,
    query: Query,
    visible: Visible,
    *,
    count: int,
    after: bytes | None,
    total: Literal["none", "accurate"],
    beside: Beside | None,
) -> Found:
    """One page. See `Store.search`."""
    who = seen(visible)
    position = paging.decode(after) if after is not None else None
    cursor = paging.cursor(position) if position else None
    along = at_once(query, count)
    rows, referred = await _rows(tx, query, who, cursor, count, beside, along)
    matches = await opened(tx, rows[:count])
    whole = position.total if position else None
    if total == "accurate" and position is None:
        whole = len(rows) if len(rows) <= count and count else await _total(tx, query, who)
    following = None
    if len(rows) > count > 0:
        sorted_by = len(query.sort or compiler.DEFAULT_SORT)
        following = paging.encode(_position(rows[count - 1], sorted_by, position, whole))
    return Found(
        matches=matches,
        included=await included(tx, query, matches, who, None if along is None else referred),
        total=whole,
        next=following,
        beside=rows[0][-1] if rows and beside is not None else None,
    )


async def _rows(
    tx: Tx,
    query: Query,
    who: Seen,
    cursor: compiler.Cursor | None,
    count: int,
    beside: Beside | None,
    along: Followed | None,
) -> tuple[list[Record], list[Record]]:
    """One row more than the page holds, to know whether another follows; and what comes along with them."""
    if not count:
        return [], []
    text, values = compiler.page(compiler.plan(query, who, cursor, count + 1, beside, along))
    rows = await tx.fetch(text, *values)
    if along is None:
        return rows, []
    matches = [row for row in rows if row["snapshot"] is not None]
    return matches, rows[len(matches) :]


async def _total(tx: Tx, query: Query, who: Seen) -> int:
    text, values = compiler.total(compiler.plan(query, who, None, 0))
    return int(await tx.fetchval(text, *values))


def _position(row: Record, sorted_by: int, before: Position | None, total: int | None) -> Position:
    *values, snapshot = list(row)[WIDTH : WIDTH + sorted_by + 1]
    key = reference_key(type_name(row[0]), row[1])
    return Position(tuple(values), str(key), before.snapshot if before else snapshot, total)
