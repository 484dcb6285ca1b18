"""Search through the gate: the predicate goes into the SQL, and every row is checked again as it leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from msgspec.structs import replace

from consent.tables import CLINICAL_ROLES
from hub.gate.break_glass import refused_in
from hub.gate.checks import checked
from hub.gate.door import Door
from hub.gate.hidden import all_discreet, bound
from hub.gate.pages import CURSOR, binding_of
from hub.gate.reach import within
from hub.gate.recorder import Asked
from hub.gate.released import ReleasedPage
from hub.gate.restricted import confine
from hub.gate.search_pages import read_page
from hub.gate.subjects import looks_for_persons
from hub.gate.visible import REFUSED_SEARCHES
from hub.kernel.errors import Category, HubError
from hub.kernel.query_strings import encoded
from hub.store.criteria import Query
from hub.store.query import parse_query
from hub.store.values import Found

Parameters = Sequence[tuple[str, str]]
#: What ties a page token down (hub.gate.pages.binding_of); made where there is a token, which most searches have not.
Binding = Callable[[], bytes]

_ALL_TYPES: Final = ""


async def search(door: Door, asked: Asked, params: Parameters, *, lenient: bool) -> ReleasedPage:
    """One page; `params` are percent-decoded, with the cursor of the page among them."""
    return await _found(door, asked, params, await _query(door, asked, params, lenient=lenient))


async def find(door: Door, asked: Asked, params: Parameters, *, lenient: bool) -> ReleasedPage:
    """What `search` gives; where it may look for a person, at the pace of the client. Also raises `TooSoonError`."""
    query = await _query(door, asked, params, lenient=lenient)
    if not looks_for_persons(query):
        return await _found(door, asked, params, query)
    await door.pace.admit(asked)
    page = await _found(door, asked, params, query)
    if not page.matches and not page.total:
        await door.pace.found_nobody(asked)
    return page


async def _query(door: Door, asked: Asked, params: Parameters, *, lenient: bool) -> Query:
    """What is asked for, within what the requester may ask."""
    await door.admit(asked, "s")
    query = parse_query(
        asked.type,
        _wanted(params),
        lenient=lenient,
        base_url=door.base_url,
        full_text=door.store.full_text,
        custom=await door.custom(),
    )
    if asked.actor.role in CLINICAL_ROLES:
        query = confine(query)
    return within(query, asked.actor.scopes)


def _wanted(params: Parameters) -> list[tuple[str, str]]:
    return [(name, value) for name, value in params if name != CURSOR]


async def _found(door: Door, asked: Asked, params: Parameters, query: Query) -> ReleasedPage:
    binding = partial(binding_of, asked.actor, asked.type or _ALL_TYPES, _wanted(params))
    after = cursor_of(door, params, binding)
    try:
        return await door.settled(lambda: _search(door, asked, query, binding, after))
    except HubError as refusal:
        if refusal.code in REFUSED_SEARCHES:
            await door.recorder.refused(asked, refusal.code)
        raise


async def _search(door: Door, asked: Asked, query: Query, binding: Binding, after: bytes | None) -> ReleasedPage:
    page = await read_page(door, asked, query, after)
    cases, rows = page.cases, page.rows
    basis = bound(await checked(door.recorder, asked, cases, rows, page.decisions), cases, rows)
    if page.named:
        basis = replace(basis, epoch=cases.epoch)  # who is one person passes with the epoch
    fault = refused_in(cases, rows)
    if fault is None:
        await door.recorder.released(asked, rows, basis)
    else:
        await door.recorder.refused(asked, fault.reason, basis, fault.patients)
    found = page.found
    return ReleasedPage(
        matches=all_discreet(found.matches, page.hidden),
        included=all_discreet(page.included, page.hidden),
        total=_total(query, found, first=after is None),
        next=None if found.next is None else door.seal.close(found.next, binding()),
        ignored=query.ignored,
        partial=(await door.custom()).finds_too_little(query.asked),
    )


def query_text(params: Parameters) -> str:
    """The query as the audit trail keeps it: `application/x-www-form-urlencoded`, without the cursor."""
    return encoded([pair for pair in params if pair[0] != CURSOR])


def cursor_of(door: Door, params: Parameters, binding: Binding) -> bytes | None:
    """The keyset of the page asked for, None for the first. Raises HubError INVALID, or NOT_FOUND as `Seal.open`."""
    cursors = [value for name, value in params if name == CURSOR]
    if len(cursors) > 1:
        raise HubError(Category.INVALID, "stands twice", where=CURSOR, todo="follow the next link as it is")
    return door.seal.open(cursors[0], binding()) if cursors else None


def _total(query: Query, found: Found, *, first: bool) -> int | None:
    """The total that was asked for, or the one a first and last page shows by itself."""
    complete = first and found.next is None and query.count != 0 and query.total is None
    return len(found.matches) if found.total is None and complete else found.total
