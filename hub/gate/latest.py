"""The newest Observations of each kind through the gate (R4 Observation/$lastn, observation-operation-lastn.html)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from consent.tables import CLINICAL_ROLES
from hub.fhir.custom import Custom
from hub.gate.break_glass import refused_in
from hub.gate.checks import checked, look_up_all
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.hidden import all_discreet, bound, hidden_from
from hub.gate.parameters import count, invalid, once, unknown
from hub.gate.reach import within
from hub.gate.recorder import Asked
from hub.gate.released import ReleasedPage
from hub.gate.restricted import confine
from hub.gate.searches import Parameters
from hub.gate.subjects import patients_of
from hub.gate.visible import of_patients
from hub.kernel.errors import Category, HubError
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
#: Parameters that shape the answer of a search; this operation has an order and a size of its own.
_SHAPING: Final = frozenset({"_sort", "_count", "_include", "_revinclude", "_total", "_summary", "_elements"})


@dataclass(frozen=True, slots=True)
class _Wish:
    query: Query
    whom: Whom
    most: int


async def latest(
    door: Door, asked: Asked, params: Parameters, *, lenient: bool = False, of_all: bool = False
) -> ReleasedPage:
    """All of it on one page, group by group, newest first. Raises HubError TOO_LARGE for more than a page may hold.

    With `of_all` neither code nor category has to be named.
    """
    await door.admit(asked, "s")
    wish = _read(door, asked, params, await door.custom(), lenient=lenient, of_all=of_all)
    try:
        return await door.settled(lambda: _page(door, asked, wish))
    except HubError as refusal:
        if refusal.code == "too-many":
            await door.recorder.refused(asked, refusal.code)
        raise


def _read(door: Door, asked: Asked, params: Parameters, custom: Custom, *, lenient: bool, of_all: bool) -> _Wish:
    names = {name.partition(":")[0] for name, _ in params}
    shaping = sorted(names & _SHAPING)
    if shaping and not lenient:
        raise unknown(shaping)
    criteria = [pair for pair in params if pair[0] != "max" and pair[0].partition(":")[0] not in _SHAPING]
    query = parse_query("Observation", criteria, lenient=lenient, base_url=door.base_url, custom=custom)
    if asked.actor.role in CLINICAL_ROLES:
        query = confine(query)
    whom = patients_of(query)
    if whom is None:
        raise invalid("is needed: whose observations these are", "patient")
    if not of_all and not names & (CODED | {"category"}):
        raise invalid("is needed, or a code", "category")
    most = once(params, "max", count) or 1
    return _Wish(within(query, asked.actor.scopes), whom, most)


async def _page(door: Door, asked: Asked, wish: _Wish) -> ReleasedPage:
    async with door.snapshot() as tx:
        cases = await door.cases(tx, asked, wish.whom)
        visible = of_patients(cases)
        rows = await door.store.latest(tx, wish.query, visible, most=wish.most, limit=door.page_limit + 1)
        if len(rows) > door.page_limit:
            raise _too_many()
        await look_up_all(tx, cases, rows)
        hidden = await hidden_from(door, tx, cases, rows)
    basis = bound(await checked(door.recorder, asked, cases, rows), cases, rows)
    fault = refused_in(cases, rows)
    if fault is None:
        await door.recorder.released(asked, rows, basis)
    else:
        await door.recorder.refused(asked, fault.reason, basis, fault.patients)
    matches = all_discreet(rows, hidden)
    partial = (await door.custom()).finds_too_little(wish.query.asked)
    return ReleasedPage(matches=matches, total=len(matches), ignored=wish.query.ignored, partial=partial)


def _too_many() -> HubError:
    return HubError(
        Category.TOO_LARGE,
        "more observations than one answer may hold",
        where="Observation",
        todo="narrow by code or category, or ask for fewer of each",
        code="too-many",
    )
