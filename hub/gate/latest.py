"""The newest Observations of each kind through the gate (R4 Observation/$lastn, observation-operation-lastn.html)."""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec import Struct

from consent.tables import CLINICAL_ROLES
from hub.fhir.custom import Custom
from hub.gate.break_glass import refused_in
from hub.gate.checks import checked, look_up_all
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.hidden import all_discreet, bound, hidden_from
from hub.gate.pages import CURSOR, binding_of
from hub.gate.parameters import count, invalid, once, unknown
from hub.gate.reach import within
from hub.gate.recorder import Asked
from hub.gate.released import ReleasedPage
from hub.gate.restricted import confine
from hub.gate.searches import Binding, Parameters, cursor_of
from hub.gate.subjects import patients_of
from hub.gate.visible import of_patients
from hub.store.criteria import Query
from hub.store.query import parse_query

#: Search parameters of Observation that name a code (R4 search parameter registry), one of which, or the category, the
#: operation demands.
CODED: Final = frozenset(
    {
        *("code", "code-value-concept", "code-value-date", "code-value-quantity", "code-value-string"),
        *("combo-code", "combo-code-value-concept", "combo-code-value-quantity"),
        *("component-code", "component-code-value-concept", "component-code-value-quantity"),
    }
)
#: Parameters that shape the answer of a search; this operation has an order of its own.
_SHAPING: Final = frozenset({"_sort", "_include", "_revinclude", "_total", "_summary", "_elements"})
#: Those that are no criterion.
_APART: Final = _SHAPING | {"max", "_count", CURSOR}


class _Wish(Struct, frozen=True, kw_only=True):
    """Observations of `whom`, `most` of each group, `size` on a page that begins `after` the one before."""

    query: Query
    whom: Whom
    most: int
    size: int
    after: bytes | None
    binding: Binding


async def latest(
    door: Door, asked: Asked, params: Parameters, *, lenient: bool = False, of_all: bool = False
) -> ReleasedPage:
    """One page, group by group, newest first; as long as a page may be unless `_count` is less.

    With `of_all` neither code nor category has to be named.
    """
    await door.admit(asked, "s")
    wish = _read(door, asked, params, await door.custom(), lenient=lenient, of_all=of_all)
    return await door.settled(lambda: _page(door, asked, wish))


def _read(door: Door, asked: Asked, params: Parameters, custom: Custom, *, lenient: bool, of_all: bool) -> _Wish:
    names = {name.partition(":")[0] for name, _ in params}
    shaping = sorted(names & _SHAPING)
    if shaping and not lenient:
        raise unknown(shaping)
    criteria = [pair for pair in params if pair[0].partition(":")[0] not in _APART]
    query = parse_query("Observation", criteria, lenient=lenient, base_url=door.base_url, custom=custom)
    if asked.actor.role in CLINICAL_ROLES:
        query = confine(query)
    whom = patients_of(query)
    if whom is None:
        raise invalid("is needed: whose observations these are", "patient")
    if not of_all and not names & (CODED | {"category"}):
        raise invalid("is needed, or a code", "category")
    wanted = [pair for pair in params if pair[0] != CURSOR]
    binding = partial(binding_of, asked.actor, "Observation/$lastn", wanted)
    return _Wish(
        query=within(query, asked.actor.scopes),
        whom=whom,
        most=once(params, "max", count) or 1,
        size=door.size(once(params, "_count", count) or door.page_limit),
        after=cursor_of(door, params, binding),
        binding=binding,
    )


async def _page(door: Door, asked: Asked, wish: _Wish) -> ReleasedPage:
    async with door.snapshot() as tx:
        cases = await door.cases(tx, asked, wish.whom)
        visible = of_patients(cases)
        found = await door.store.latest(tx, wish.query, visible, most=wish.most, count=wish.size, after=wish.after)
        rows = found.matches
        await look_up_all(tx, cases, rows)
        hidden = await hidden_from(door, tx, cases, rows)
    basis = bound(await checked(door.recorder, asked, cases, rows), cases, rows)
    fault = refused_in(cases, rows)
    if fault is None:
        await door.recorder.released(asked, rows, basis)
    else:
        await door.recorder.refused(asked, fault.reason, basis, fault.patients)
    return ReleasedPage(
        matches=all_discreet(rows, hidden),
        total=len(rows) if wish.after is None and found.next is None else None,
        next=None if found.next is None else door.seal.close(found.next, wish.binding()),
        ignored=wish.query.ignored,
        partial=(await door.custom()).finds_too_little(wish.query.asked),
    )
