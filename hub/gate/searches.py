"""Search through the gate: the predicate goes into the SQL, and every row is checked again as it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from consent.decision import Decision
from consent.tables import CLINICAL_ROLES, NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.scopes import allows
from hub.db.database import Tx
from hub.gate.asking import is_confined, sees_vocabulary_alone
from hub.gate.break_glass import refused_in
from hub.gate.cases import Cases
from hub.gate.checks import checked, decide_all, look_up_all
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.hidden import all_discreet, bound, hidden_from
from hub.gate.pages import CURSOR, binding_of
from hub.gate.reach import within
from hub.gate.recorder import Asked
from hub.gate.released import ReleasedPage
from hub.gate.restricted import confine
from hub.gate.subjects import looks_beyond, looks_elsewhere, looks_for_persons, patients_among, patients_of
from hub.gate.trimming import Pointer
from hub.gate.unspoken import BESIDE, may_be_guessed
from hub.gate.visible import NOTHING, REFUSED_SEARCHES, of_patients, of_population, of_unspoken
from hub.kernel.errors import Category, HubError
from hub.kernel.query_strings import encoded
from hub.store.criteria import Beside, Query
from hub.store.query import parse_query
from hub.store.search import Sought
from hub.store.values import Found, Stored, Visible

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
    page = await _surest(door, asked, query, after)
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


async def _surest(door: Door, asked: Asked, query: Query, after: bytes | None) -> _Page:
    """The page by the first look that holds, as the last one does."""
    looks = _looks(door, asked.actor, query)
    for look in looks:
        page = await _read(door, asked, query, after, look, sure=look == looks[-1])
        if page is not None:
            return page
    raise HubError(Category.FAULT, "no look holds", where="gate")


#: How a page is read: in one snapshot (`still`), statement by statement (`plain`), for those who were concerned the
#: last time (`guessed`), or as if nobody it names had consents (`unspoken`): its one statement tells whether it is so.
Look = Literal["guessed", "unspoken", "plain", "still"]


def _looks(door: Door, actor: Actor, query: Query) -> list[Look]:
    """How a page may be read, the cheapest way first; the next one is for where it did not hold.

    A search that looks beyond its matches, or counts, needs a snapshot: no check of what leaves would notice that
    somebody's relationship began or ended between its statements. One statement is a snapshot of its own.
    """
    whom = patients_of(query)
    if whom is not None:
        more = _counts(query) or looks_beyond(query) or _apart(actor, query)
        alone = may_be_guessed(actor) and not more
        return ["unspoken", "plain"] if alone and door.unspoken.guess(whom) else ["plain"]
    if _counts(query) or actor.break_glass is not None:
        return ["still"]
    guessed: list[Look] = [] if _apart(actor, query) or is_confined(actor) else ["guessed"]
    return [*guessed, "still"] if looks_beyond(query) else [*guessed, "plain", "still"]


class _Page(Struct, frozen=True, kw_only=True):
    """What was read, what was decided of each row, and what of it may not be repeated. `named`: the search says about
    whom.
    """

    cases: Cases
    found: Found
    included: list[Stored]
    decisions: list[Decision]
    hidden: Collection[Pointer]
    named: bool

    @property
    def rows(self) -> list[Stored]:
        return [*self.found.matches, *self.included]


async def _read(door: Door, asked: Asked, query: Query, after: bytes | None, look: Look, *, sure: bool) -> _Page | None:
    """One page; None where the look does not hold: a guess was wrong, or the check would not let a row pass.

    The latter happens when a relationship begins or ends between two statements. A `sure` look holds.
    """
    whom = _whom(asked.actor, query)
    page: _Page | None
    if look == "guessed":
        page = await _guessed(door, asked, query, after)
    elif look == "unspoken" and whom is not None:
        page = await _unspoken(door, asked, query, whom, after)
    else:
        async with door.snapshot() if look == "still" else door.database.connection() as tx:
            cases = await door.cases(tx, asked, whom)
            if whom is not None:
                door.unspoken.learn(whom, cases.persons)
            sought = await _sought(door, tx, query, await _visible(door, tx, cases, query, whom), after)
            page = await _page(door, tx, cases, await door.store.find(tx, sought), named=whom is not None)
    return page if page is not None and (sure or all(one.permitted for one in page.decisions)) else None


def _whom(actor: Actor, query: Query) -> Whom | None:
    """Whose records are looked up. An emergency opens one, so a compartment is searched in that record alone."""
    found = patients_of(query)
    return patients_among(query) if found is None and actor.break_glass is not None else found


async def _guessed(door: Door, asked: Asked, query: Query, after: bytes | None) -> _Page | None:
    """A page for those who were concerned the last time; None if others are now.

    Whoever's dossier is read is read before: a search that looks beyond its matches is not made for them.
    """
    async with door.database.connection() as tx:
        cases = await door.cases(tx, asked)
        guess = door.concerned.guess(cases)
        if guess and looks_beyond(query):
            return None
        visible = await of_population(tx, cases, guess)
        sought = await _sought(door, tx, query, visible, after, door.concerned.beside(cases, guess))
    return await _at_once(door, cases, sought, lambda tx, found: door.concerned.holds(tx, cases, guess, found))


async def _unspoken(door: Door, asked: Asked, query: Query, whom: Whom, after: bytes | None) -> _Page | None:
    """A page as if nobody it names had consents; None if somebody has."""
    async with door.database.connection() as tx:
        cases = await door.cases(tx, asked)
        sought = await _sought(door, tx, query, of_unspoken(cases, whom), after, BESIDE)
    return await _at_once(
        door, cases, sought, lambda tx, found: door.unspoken.holds(tx, cases, whom, found), named=True
    )


async def _at_once(
    door: Door, cases: Cases, sought: Sought, holds: Callable[[Tx, Found], Awaitable[bool]], *, named: bool = False
) -> _Page | None:
    """A page by one statement, which those of other requests may share: nobody holds a connection while waiting for it.
    None where what was guessed does not hold.
    """
    rows = await door.shared_pages.rows(sought)
    async with door.database.connection() as tx:
        found = await door.store.found(tx, sought, rows)
        return await _page(door, tx, cases, found, named=named) if await holds(tx, found) else None


async def _page(door: Door, tx: Tx, cases: Cases, found: Found, *, named: bool) -> _Page:
    """What was found, with what is decided of each row."""
    included = [row for row in found.included if _may_be_included(cases.actor, row.type)]
    rows = [*found.matches, *included]
    await look_up_all(tx, cases, rows)
    hidden = await hidden_from(door, tx, cases, rows)
    decisions = decide_all(cases, rows)
    return _Page(cases=cases, found=found, included=included, decisions=decisions, hidden=hidden, named=named)


async def _visible(door: Door, tx: Tx, cases: Cases, query: Query, whom: Whom | None) -> Visible:
    """The predicate: of the patients the search names, of what is about nobody, or of everybody."""
    if cases.actor.role in CLINICAL_ROLES and query.type in RECORD_TYPES:
        return NOTHING
    if whom is not None or _apart(cases.actor, query):
        return of_patients(cases)
    return await of_population(tx, cases, await door.concerned.ask(tx, cases))


def _apart(actor: Actor, query: Query) -> bool:
    """Whether no patient plays a part."""
    nothing = actor.role in CLINICAL_ROLES and query.type in RECORD_TYPES
    about_nobody = query.type in NON_PATIENT_TYPES and not looks_elsewhere(query)
    return nothing or about_nobody or sees_vocabulary_alone(actor, query.type)


def query_text(params: Parameters) -> str:
    """The query as the audit trail keeps it: `application/x-www-form-urlencoded`, without the cursor."""
    return encoded([pair for pair in params if pair[0] != CURSOR])


def cursor_of(door: Door, params: Parameters, binding: Binding) -> bytes | None:
    """The keyset of the page asked for, None for the first. Raises HubError INVALID, or NOT_FOUND as `Seal.open`."""
    cursors = [value for name, value in params if name == CURSOR]
    if len(cursors) > 1:
        raise HubError(Category.INVALID, "stands twice", where=CURSOR, todo="follow the next link as it is")
    return door.seal.open(cursors[0], binding()) if cursors else None


async def _sought(
    door: Door, tx: Tx, query: Query, visible: Visible, after: bytes | None, beside: Beside | None = None
) -> Sought:
    counting = query.summary == "count" or query.count == 0  # R4 search.html#count: the one is the other
    return await door.store.sought(
        tx,
        query,
        visible,
        count=0 if counting else door.size(query.count),
        after=after,
        total="accurate" if counting else query.total or "none",
        beside=beside,
    )


def _counts(query: Query) -> bool:
    return query.summary == "count" or query.count == 0 or query.total == "accurate"


def _may_be_included(actor: Actor, rtype: str) -> bool:
    return (actor.role not in CLINICAL_ROLES or rtype not in RECORD_TYPES) and allows(actor.scopes, rtype, "r")


def _total(query: Query, found: Found, *, first: bool) -> int | None:
    """The total that was asked for, or the one a first and last page shows by itself."""
    complete = first and found.next is None and query.count != 0 and query.total is None
    return len(found.matches) if found.total is None and complete else found.total
