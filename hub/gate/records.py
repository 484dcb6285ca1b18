"""A patient's record through the gate: R4 `Patient/$everything`, the permitted part of it.

A record of which nothing is permitted looks absent (404), but for a requester whose organisation has a relationship
with the patient: it knows that there is a record, so it is told that it may not have it (403).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NoReturn

from consent.tables import RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.scopes import Letter, allows
from hub.db.database import Tx
from hub.gate.door import Door, not_found
from hub.gate.instances import address_of
from hub.gate.pages import CURSOR, binding_of
from hub.gate.portions import Wish, read_wish
from hub.gate.recorder import Asked
from hub.gate.released import ReleasedPage, released
from hub.gate.searches import Parameters, checked, cursor_of
from hub.gate.visible import visible_to
from hub.kernel.errors import Category, HubError
from hub.store.resource_types import NUMBERS
from hub.store.values import Found, Portion, Visible

_ALL: Final = frozenset(NUMBERS)

#: Reason of a refused record in the audit trail: no rule permitted any part of it.
NOTHING_PERMITTED: Final = "nothing-permitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """Whether some part of a record is permitted, is the requester's organisation's own, is there at all."""

    permitted: bool
    related: bool
    present: bool


async def everything(door: Door, asked: Asked, params: Parameters, *, lenient: bool) -> ReleasedPage:
    """One page; `params` are percent-decoded, with the cursor of the page among them."""
    patient = address_of(asked).id
    await door.admit(asked, "r")
    wanted = [(name, value) for name, value in params if name != CURSOR]
    wish = read_wish(wanted, lenient=lenient)
    binding = binding_of(asked.actor, f"Patient/{patient}/$everything", wanted)
    after = cursor_of(door, params, binding)
    portion = _portion(asked.actor, patient, wish)
    visible = visible_to(asked.actor, door.directory)
    size = door.page_limit if wish.count is None else door.size(wish.count)
    async with door.database.connection() as tx:
        found = await door.store.everything(tx, portion, visible, count=size, after=after)
        empty = not found.matches and not found.included
        standing = await _look_again(door, tx, asked.actor, portion, visible) if empty else None
    if standing is not None and not standing.permitted:
        await _refuse(door, asked, standing)
    rows = [*found.matches, *found.included]
    await door.recorder.released(asked, rows, await checked(door, asked, rows))
    return ReleasedPage(
        matches=tuple(map(released, found.matches)),
        included=tuple(map(released, found.included)),
        total=_total(found, first=after is None),
        next=None if found.next is None else door.seal.close(found.next, binding),
        ignored=wish.ignored,
    )


def _portion(actor: Actor, patient: str, wish: Wish) -> Portion:
    """The part of the record that is asked for and lies under the ceiling of the token."""
    # The addressed Patient is read; what is about it is found as by a search.
    own = _within(actor.scopes, "r") & _within(actor.scopes, "s") | {"Patient"}
    wanted = wish.types or _ALL
    return Portion(
        patients=(patient,),
        types=own & wanted,
        leading=own,
        referred=_within(actor.scopes, "r") & wanted,
        start=wish.start,
        end=wish.end,
        since=wish.since,
    )


@lru_cache(maxsize=256)
def _within(scopes: tuple[str, ...], letter: Letter) -> frozenset[str]:
    return frozenset(name for name in _ALL - RECORD_TYPES if allows(scopes, name, letter))


async def _look_again(door: Door, tx: Tx, actor: Actor, portion: Portion, visible: Visible) -> _Standing:
    """What an empty page means. All looks are taken in any case: what is denied costs what is absent costs."""
    own = Visible(organizations=door.directory.same_entity(actor.organization))
    return _Standing(
        permitted=await door.store.holds(tx, portion.patients, portion.leading, visible),
        related=await door.store.holds(tx, portion.patients, _ALL, own),
        present=await door.store.holds(tx, portion.patients, _ALL, Visible(everything=True)),
    )


async def _refuse(door: Door, asked: Asked, standing: _Standing) -> NoReturn:
    if not standing.present:
        await door.recorder.absent(asked)
        raise not_found()
    await door.recorder.refused(asked, NOTHING_PERMITTED)
    raise _withheld() if standing.related else not_found()


def _withheld() -> HubError:
    """The one refusal of a record that admits there is one. The gate has no break-glass as yet, and says so."""
    return HubError(
        Category.FORBIDDEN,
        "no part of this record may be released",
        where="URL",
        todo="break-glass is not possible",
        code="break-glass-not-possible",
    )


def _total(found: Found, *, first: bool) -> int | None:
    """How many of the patient's own resources there are, where one page shows them all."""
    return len(found.matches) if first and found.next is None else None
