"""Search through the gate: the predicate goes into the SQL, and every row is checked again as it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from consent.tables import CLINICAL_ROLES, NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.scopes import allows
from hub.db.database import Tx
from hub.gate.break_glass import refused_in
from hub.gate.cases import Cases
from hub.gate.checks import all_permitted, checked, look_up_all
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.hidden import bound, discreet, hidden_from
from hub.gate.pages import CURSOR, binding_of
from hub.gate.reach import within
from hub.gate.recorder import Asked
from hub.gate.released import ReleasedPage
from hub.gate.restricted import confine
from hub.gate.subjects import looks_beyond, looks_elsewhere, patients_of
from hub.gate.visible import NOTHING, REFUSED_SEARCHES, of_patients, of_population
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Query
from hub.store.query import parse_query
from hub.store.values import Found, Visible

Parameters = Sequence[tuple[str, str]]

_ALL_TYPES: Final = ""


async def search(door: Door, asked: Asked, params: Parameters, *, lenient: bool) -> ReleasedPage:
    """One page; `params` are percent-decoded, with the cursor of the page among them."""
    await door.admit(asked, "s")
    wanted = [(name, value) for name, value in params if name != CURSOR]
    query = parse_query(
        asked.type,
        wanted,
        lenient=lenient,
        base_url=door.base_url,
        full_text=door.store.full_text,
        custom=await door.custom(),
    )
    if asked.actor.role in CLINICAL_ROLES:
        query = confine(query)
    query = within(query, asked.actor.scopes)
    binding = binding_of(asked.actor, asked.type or _ALL_TYPES, wanted)
    after = cursor_of(door, params, binding)
    try:
        still = patients_of(query) is None and (looks_beyond(query) or _counts(query))
        return await door.settled(lambda: _search(door, asked, query, binding, after, still=still))
    except HubError as refusal:
        if refusal.code in REFUSED_SEARCHES:
            await door.recorder.refused(asked, refusal.code)
        raise


async def _search(
    door: Door, asked: Asked, query: Query, binding: bytes, after: bytes | None, *, still: bool
) -> ReleasedPage:
    """One page, read in one snapshot if `still`.

    A search over all that reads its own matches alone needs none. Should somebody's relationship begin or end between
    its looks, a row would pass the predicate and fail its check: then it is read again, in a snapshot.
    """
    whom = patients_of(query)
    async with door.snapshot() if still else door.database.connection() as tx:
        cases = await door.cases(tx, asked, whom)
        visible = await _visible(door, tx, cases, query, whom)
        found = await _find(door, tx, query, visible, after)
        included = [row for row in found.included if _may_be_included(asked.actor, row.type)]
        rows = [*found.matches, *included]
        await look_up_all(tx, cases, rows)
        hidden = await hidden_from(door, tx, cases, rows)
    if whom is None and not still and not all_permitted(cases, rows):
        return await _search(door, asked, query, binding, after, still=True)
    basis = bound(await checked(door.recorder, asked, cases, rows), cases, rows)
    fault = refused_in(cases, rows)
    if fault is None:
        await door.recorder.released(asked, rows, basis)
    else:
        await door.recorder.refused(asked, fault.reason, basis, fault.patients)
    return ReleasedPage(
        matches=tuple(discreet(row, hidden) for row in found.matches),
        included=tuple(discreet(row, hidden) for row in included),
        total=_total(query, found, first=after is None),
        next=None if found.next is None else door.seal.close(found.next, binding),
        ignored=query.ignored,
    )


async def _visible(door: Door, tx: Tx, cases: Cases, query: Query, whom: Whom | None) -> Visible:
    """The predicate: of the patients the search names, of what is about nobody, or of everybody."""
    if cases.actor.role in CLINICAL_ROLES and query.type in RECORD_TYPES:
        return NOTHING
    if whom is not None or (query.type in NON_PATIENT_TYPES and not looks_elsewhere(query)):
        return of_patients(cases)
    return await of_population(tx, cases, door.panel_limit)


def query_text(params: Parameters) -> str:
    """The query as the audit trail keeps it: `application/x-www-form-urlencoded`, without the cursor."""
    return urlencode([pair for pair in params if pair[0] != CURSOR], errors="surrogatepass")


def cursor_of(door: Door, params: Parameters, binding: bytes) -> bytes | None:
    """The keyset of the page asked for, None for the first. Raises HubError INVALID, or NOT_FOUND as `Seal.open`."""
    cursors = [value for name, value in params if name == CURSOR]
    if len(cursors) > 1:
        raise HubError(Category.INVALID, "stands twice", where=CURSOR, todo="follow the next link as it is")
    return door.seal.open(cursors[0], binding) if cursors else None


async def _find(door: Door, tx: Tx, query: Query, visible: Visible, after: bytes | None) -> Found:
    counting = query.summary == "count" or query.count == 0  # R4 search.html#count: the one is the other
    return await door.store.search(
        tx,
        query,
        visible,
        count=0 if counting else door.size(query.count),
        after=after,
        total="accurate" if counting else query.total or "none",
    )


def _counts(query: Query) -> bool:
    return query.summary == "count" or query.total == "accurate"


def _may_be_included(actor: Actor, rtype: str) -> bool:
    return (actor.role not in CLINICAL_ROLES or rtype not in RECORD_TYPES) and allows(actor.scopes, rtype, "r")


def _total(query: Query, found: Found, *, first: bool) -> int | None:
    """The total that was asked for, or the one a first and last page shows by itself."""
    complete = first and found.next is None and query.count != 0 and query.total is None
    return len(found.matches) if found.total is None and complete else found.total
