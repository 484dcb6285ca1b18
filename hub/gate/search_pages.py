"""How the page of a search is read: by the cheapest look that holds, each row with what is decided of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Literal

from msgspec import Struct

from consent.decision import Decision
from consent.tables import CLINICAL_ROLES, NON_PATIENT_TYPES, RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.scopes import allows
from hub.db.database import Tx
from hub.gate.asking import is_confined, sees_vocabulary_alone
from hub.gate.cases import Cases
from hub.gate.checks import decide_all, look_up_all
from hub.gate.door import Door
from hub.gate.dossiers import Whom
from hub.gate.hidden import hidden_from
from hub.gate.included_versions import in_place_of, name_a_version, versions_named
from hub.gate.recorder import Asked
from hub.gate.subjects import looks_beyond, looks_elsewhere, patients_among, patients_of
from hub.gate.trimming import Pointer
from hub.gate.unspoken import BESIDE, may_be_guessed
from hub.gate.visible import NOTHING, of_patients, of_population, of_unspoken
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Beside, Query
from hub.store.search import Sought
from hub.store.values import Found, Stored, Visible


async def read_page(door: Door, asked: Asked, query: Query, after: bytes | None) -> Page:
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


class Page(Struct, frozen=True, kw_only=True):
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


async def _read(door: Door, asked: Asked, query: Query, after: bytes | None, look: Look, *, sure: bool) -> Page | None:
    """One page; None where the look does not hold: a guess was wrong, or the check would not let a row pass.

    The latter happens when a relationship begins or ends between two statements. A `sure` look holds.
    """
    whom = _whom(asked.actor, query)
    page: Page | None
    if look == "guessed":
        page = await _guessed(door, asked, query, after)
    elif look == "unspoken" and whom is not None:
        page = await _unspoken(door, asked, query, whom, after)
    elif look == "still":
        page = await _still(door, asked, query, whom, after)
    else:
        page = await _plain(door, asked, query, whom, after)
    return page if page is not None and (sure or all(one.permitted for one in page.decisions)) else None


def _whom(actor: Actor, query: Query) -> Whom | None:
    """Whose records are looked up. An emergency opens one, so a compartment is searched in that record alone."""
    found = patients_of(query)
    return patients_among(query) if found is None and actor.break_glass is not None else found


async def _guessed(door: Door, asked: Asked, query: Query, after: bytes | None) -> Page | None:
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


async def _unspoken(door: Door, asked: Asked, query: Query, whom: Whom, after: bytes | None) -> Page | None:
    """A page as if nobody it names had consents; None if somebody has."""
    async with door.database.connection() as tx:
        cases = await door.cases(tx, asked)
        sought = await _sought(door, tx, query, of_unspoken(cases, whom), after, BESIDE)
    return await _at_once(
        door, cases, sought, lambda tx, found: door.unspoken.holds(tx, cases, whom, found), named=True
    )


async def _plain(door: Door, asked: Asked, query: Query, whom: Whom | None, after: bytes | None) -> Page | None:
    """A page by a statement of its own, once the persons are looked up or it is known who is concerned."""
    async with door.database.connection() as tx:
        cases, sought = await _told(door, tx, asked, query, whom, after)
    return await _at_once(door, cases, sought, named=whom is not None)


async def _still(door: Door, asked: Asked, query: Query, whom: Whom | None, after: bytes | None) -> Page:
    """A page in one snapshot with all it depends on."""
    async with door.snapshot() as tx:
        cases, sought = await _told(door, tx, asked, query, whom, after)
        return await _page(door, tx, cases, await door.store.find(tx, sought), named=whom is not None)


async def _told(
    door: Door, tx: Tx, asked: Asked, query: Query, whom: Whom | None, after: bytes | None
) -> tuple[Cases, Sought]:
    """The cases of those it depends on, and what is sought by them."""
    cases = await door.cases(tx, asked, whom)
    if whom is not None:
        door.unspoken.learn(whom, cases.persons)
    return cases, await _sought(door, tx, query, await _visible(door, tx, cases, query, whom), after)


async def _at_once(
    door: Door,
    cases: Cases,
    sought: Sought,
    holds: Callable[[Tx, Found], Awaitable[bool]] | None = None,
    *,
    named: bool = False,
) -> Page | None:
    """A page by one statement, which those of other requests may share: nobody holds a connection while waiting for it.
    None where what was guessed does not hold.
    """
    rows = await door.shared_pages.rows(sought)
    async with door.database.connection() as tx:
        found = await door.store.found(tx, sought, rows)
        if holds is not None and not await holds(tx, found):
            return None
        return await _page(door, tx, cases, found, named=named)


async def _page(door: Door, tx: Tx, cases: Cases, found: Found, *, named: bool) -> Page:
    """What was found, with what is decided of each row."""
    included = [row for row in found.included if _may_be_included(cases.actor, row.type)]
    rows = [*found.matches, *included]
    await look_up_all(tx, cases, rows)
    if included and name_a_version(rows):
        exact = await versions_named(door, tx, cases, included, rows)
        included = in_place_of(included, exact, rows)
        rows = [*found.matches, *included]
    hidden = await hidden_from(door, tx, cases, rows)
    decisions = decide_all(cases, rows)
    return Page(cases=cases, found=found, included=included, decisions=decisions, hidden=hidden, named=named)


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
