"""Running a search: a page of matches, the total, what is included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from asyncpg import Record
from msgspec import Struct

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


class Sought(Struct, frozen=True, kw_only=True):
    """A page that is asked for, and the statement that finds its rows: one more than it holds, to know whether another
    follows, and what comes `along` with them. Without a `text` there is nothing to find.
    """

    query: Query
    who: Seen
    count: int
    total: Literal["none", "accurate"]
    position: Position | None
    along: Followed | None
    beside: bool
    text: str
    values: Sequence[Any]


def sought(
    query: Query,
    visible: Visible,
    *,
    count: int,
    after: bytes | None,
    total: Literal["none", "accurate"],
    beside: Beside | None,
) -> Sought:
    """What `Store.search` is going to ask."""
    who = seen(visible)
    position = paging.decode(after) if after is not None else None
    cursor = paging.cursor(position) if position else None
    along = at_once(query, count)
    asked = compiler.page(compiler.plan(query, who, cursor, count + 1, beside, along)) if count else ("", ())
    return Sought(
        query=query,
        who=who,
        count=count,
        total=total,
        position=position,
        along=along,
        beside=beside is not None,
        text=asked[0],
        values=asked[1],
    )


async def rows(tx: Tx, page: Sought) -> list[Record]:
    """What its statement finds."""
    return await tx.fetch(page.text, *page.values) if page.text else []


async def found(tx: Tx, page: Sought, told: list[Record]) -> Found:
    """The page whose statement told these rows."""
    matched, referred = _parted(page, told)
    matches = await opened(tx, matched[: page.count])
    whole = page.position.total if page.position else None
    if page.total == "accurate" and page.position is None:
        complete = len(matched) <= page.count and page.count
        whole = len(matched) if complete else await _total(tx, page.query, page.who)
    following = None
    if len(matched) > page.count > 0:
        sorted_by = len(page.query.sort or compiler.DEFAULT_SORT)
        following = paging.encode(_position(matched[page.count - 1], sorted_by, page.position, whole))
    return Found(
        matches=matches,
        included=await included(tx, page.query, matches, page.who, None if page.along is None else referred),
        total=whole,
        next=following,
        beside=matched[0]["beside"] if matched and page.beside else None,
    )


def _parted(page: Sought, told: list[Record]) -> tuple[list[Record], list[Record]]:
    """Rows of matches, and of what comes along with them."""
    if page.along is None:
        return told, []
    matched = [row for row in told if row["snapshot"] is not None]
    return matched, told[len(matched) :]


async def _total(tx: Tx, query: Query, who: Seen) -> int:
    text, values = compiler.total(compiler.plan(query, who, None, 0))
    return int(await tx.fetchval(text, *values))


def _position(row: Record, sorted_by: int, before: Position | None, total: int | None) -> Position:
    *values, snapshot = list(row)[WIDTH : WIDTH + sorted_by + 1]
    key = reference_key(type_name(row[0]), row[1])
    return Position(tuple(values), str(key), before.snapshot if before else snapshot, total)
