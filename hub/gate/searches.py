"""Search through the gate: the predicate goes into the SQL, and every row is checked again as it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from consent.tables import RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.scopes import allows
from hub.gate.door import Door
from hub.gate.pages import CURSOR, binding_of
from hub.gate.recorder import Asked
from hub.gate.release import decide
from hub.gate.released import ReleasedPage, released
from hub.gate.restricted import confine
from hub.gate.visible import visible_to
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Query
from hub.store.query import parse_query
from hub.store.values import Found, Stored

Parameters = Sequence[tuple[str, str]]

_ALL_TYPES: Final = ""


async def search(door: Door, asked: Asked, params: Parameters, *, lenient: bool) -> ReleasedPage:
    """One page; `params` are percent-decoded, with the cursor of the page among them."""
    await door.admit(asked, "s")
    wanted = [(name, value) for name, value in params if name != CURSOR]
    query = confine(parse_query(asked.type, wanted, lenient=lenient, base_url=door.base_url))
    binding = binding_of(asked.actor, asked.type or _ALL_TYPES, wanted)
    after = cursor_of(door, params, binding)
    found = await _find(door, asked.actor, query, after)
    included = [row for row in found.included if _may_be_included(asked.actor, row.type)]
    grounds = await checked(door, asked, [*found.matches, *included])
    await door.recorder.released(asked, [*found.matches, *included], grounds)
    return ReleasedPage(
        matches=tuple(map(released, found.matches)),
        included=tuple(map(released, included)),
        total=_total(query, found, first=after is None),
        next=None if found.next is None else door.seal.close(found.next, binding),
        ignored=query.ignored,
    )


def query_text(params: Parameters) -> str:
    """The query as the audit trail keeps it: `application/x-www-form-urlencoded`, without the cursor."""
    return urlencode([pair for pair in params if pair[0] != CURSOR], errors="surrogatepass")


def cursor_of(door: Door, params: Parameters, binding: bytes) -> bytes | None:
    """The keyset of the page asked for, None for the first. Raises HubError INVALID, or NOT_FOUND as `Seal.open`."""
    cursors = [value for name, value in params if name == CURSOR]
    if len(cursors) > 1:
        raise HubError(Category.INVALID, "stands twice", where=CURSOR, todo="follow the next link as it is")
    return door.seal.open(cursors[0], binding) if cursors else None


async def _find(door: Door, actor: Actor, query: Query, after: bytes | None) -> Found:
    visible = visible_to(actor, door.directory, query.type)
    counting = query.summary == "count"
    async with door.database.connection() as tx:
        return await door.store.search(
            tx,
            query,
            visible,
            count=0 if counting else door.size(query.count),
            after=after,
            total="accurate" if counting else query.total or "none",
        )


def _may_be_included(actor: Actor, rtype: str) -> bool:
    return rtype not in RECORD_TYPES and allows(actor.scopes, rtype, "r")


async def checked(door: Door, asked: Asked, rows: Sequence[Stored]) -> set[str]:
    """What permits these rows. Raises HubError FAULT when the check denies one: predicate and check must agree."""
    decisions = [decide(asked.actor, door.directory, row) for row in rows]
    denied = [decision.reason for decision in decisions if not decision.permit]
    if denied:
        await door.recorder.incident(asked, denied[0], len(denied))
        raise HubError(Category.FAULT, "the answer failed its check", where="gate", todo="tell the operator")
    return {decision.reason for decision in decisions}


def _total(query: Query, found: Found, *, first: bool) -> int | None:
    """The total that was asked for, or the one a first and last page shows by itself."""
    complete = first and found.next is None and query.count != 0 and query.total is None
    return len(found.matches) if found.total is None and complete else found.total
