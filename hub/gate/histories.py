"""History of a type and of the whole system through the gate (R4 http.html#history), newest version first.

Each version is judged by the stricter of what held then and what holds now: in the SQL, so that pages are full and a
denied version leaves no gap, and again at release. `as_of` of a page is an instant before which everything had been
committed when the first page was made: who asks again with it as `_since` misses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace

from consent.tables import CLINICAL_ROLES, NON_PATIENT_TYPES, RECORD_TYPES
from hub.db.database import Tx
from hub.gate.break_glass import refused_in
from hub.gate.cases import Cases
from hub.gate.checks import checked, look_up_all
from hub.gate.door import Door, not_found
from hub.gate.hidden import all_discreet, bound, hidden_from
from hub.gate.looks import AUDIT_EVENT
from hub.gate.pages import CURSOR, binding_of
from hub.gate.reach import within
from hub.gate.recorder import Asked
from hub.gate.released import Released, ReleasedPage
from hub.gate.revived import deletions_before, revived
from hub.gate.searches import Parameters, cursor_of
from hub.gate.spans import read_span, settled_at
from hub.gate.visible import NOTHING, REFUSED_SEARCHES, of_patients, of_population
from hub.kernel.errors import HubError
from hub.store.criteria import Query
from hub.store.resource_types import NUMBERS
from hub.store.values import Found, Span, Visible

_ALL: Final = frozenset(NUMBERS)

#: The token of a page: the instant of the first one, and the store's place. SMART 2.2: type and system history go with
#: search (`s`), history of an instance with read.
_decoder: Final = msgspec.msgpack.Decoder(tuple[datetime, bytes])


async def history(door: Door, asked: Asked, params: Parameters, *, lenient: bool) -> ReleasedPage:
    """One page; `params` are percent-decoded, with the cursor of the page among them."""
    if asked.type == AUDIT_EVENT:
        raise not_found()  # made when they are asked for: they have no versions
    await door.admit(asked, "s")
    wanted = [(name, value) for name, value in params if name != CURSOR]
    wish = read_span(wanted, now=door.clock(), lenient=lenient, of_many=True)
    span = _within(wish.span, asked.actor.scopes)
    binding = partial(binding_of, asked.actor, f"{asked.type or ''}/_history", wanted)
    place = cursor_of(door, params, binding)
    try:
        as_of, after = (await settled_at(door), None) if place is None else _decoder.decode(place)
        size = max(1, door.size(wish.count))
        page = await door.settled(lambda: _page(door, asked, span, size, after))
    except HubError as refusal:
        if refusal.code in REFUSED_SEARCHES:
            await door.recorder.refused(asked, refusal.code)
        raise
    found, released = page
    return ReleasedPage(
        matches=released,
        total=len(released) if after is None and found.next is None else None,
        next=None if found.next is None else door.seal.close(msgspec.msgpack.encode((as_of, found.next)), binding()),
        ignored=wish.ignored,
        as_of=as_of,
    )


async def _page(
    door: Door, asked: Asked, span: Span, size: int, after: bytes | None
) -> tuple[Found, tuple[Released, ...]]:
    async with door.snapshot() as tx:
        cases = await door.cases(tx, asked)
        visible = await _visible(door, tx, cases, asked.type, span)
        types = _ALL if asked.type is None else {asked.type}
        found = await door.store.history(tx, types, visible, span, count=size, after=after)
        now = await door.store.load(tx, sorted({row.reference for row in found.matches}))
        judged = [*found.matches, *now.values()]
        await look_up_all(tx, cases, judged)
        deletions = await deletions_before(door, tx, cases, found.matches)
        judged += deletions
        hidden = await hidden_from(door, tx, cases, found.matches)
    # Both are checked: what a version was when it was made, and what its resource is now.
    basis = bound(await checked(door.recorder, asked, cases, judged), cases, found.matches)
    fault = refused_in(cases, judged)
    if fault is None:
        await door.recorder.released(asked, found.matches, basis)
    else:
        await door.recorder.refused(asked, fault.reason, basis, fault.patients)
    return found, revived(all_discreet(found.matches, hidden), deletions)


def _within(span: Span, scopes: Sequence[str]) -> Span:
    """With a list as far as what it looks into may be searched. Raises HubError FORBIDDEN where it may not."""
    if span.listed is None:
        return span
    (listed,) = within(Query(None, (span.listed,)), scopes).clauses
    return replace(span, listed=listed)


async def _visible(door: Door, tx: Tx, cases: Cases, rtype: str | None, span: Span) -> Visible:
    """The predicate: of what is about nobody, or of everybody, where their lists are asked for too."""
    if cases.actor.role in CLINICAL_ROLES and rtype in RECORD_TYPES:
        return NOTHING
    if rtype in NON_PATIENT_TYPES and span.listed is None:
        return of_patients(cases)
    return await of_population(tx, cases, await door.concerned.ask(tx, cases))
