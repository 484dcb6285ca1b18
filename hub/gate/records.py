"""A patient's record through the gate: R4 `Patient/$everything`, the permitted part of it.

A record of which nothing is permitted looks absent (404), but for a requester whose organisation has a relationship
with the patient: it knows that there is a record, so it is told that it may not have it (403).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from consent.proxies import valid_entries
from consent.tables import CLINICAL_ROLES, PROXY, RECORD_TYPES
from hub.auth.actor import Actor
from hub.auth.scopes import Letter, allows
from hub.db.database import Tx
from hub.gate import golden_records
from hub.gate.break_glass import variants
from hub.gate.cases import Case, Cases
from hub.gate.checks import basis_of, checked, look_up_all
from hub.gate.door import Door, not_found
from hub.gate.dossiers import Whom
from hub.gate.hidden import all_discreet, bound, hidden_from
from hub.gate.instances import address_of
from hub.gate.pages import CURSOR, binding_of
from hub.gate.policy import refused_break_glass
from hub.gate.portions import Wish, read_wish
from hub.gate.recorder import Asked
from hub.gate.released import ReleasedPage
from hub.gate.searches import Binding, Parameters, cursor_of
from hub.gate.visible import of_patients
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store.resource_types import NUMBERS
from hub.store.values import Group, Portion, Stored, Visible

_ALL: Final = frozenset(NUMBERS)

#: Reason of a refused record in the audit trail: no rule permitted any part of it.
NOTHING_PERMITTED: Final = "nothing-permitted"


class _Standing(Struct, frozen=True, kw_only=True):
    """What is behind an empty page.

    Whether some part of the record is permitted, would be in an emergency, is there at all; whether the requester has
    a relationship with the person; for the audit the reason, and the patients if a break-glass was refused.
    """

    permitted: bool
    openable: bool
    present: bool
    related: bool
    reason: str
    patients: tuple[str, ...]


async def everything(door: Door, asked: Asked, params: Parameters, *, lenient: bool) -> ReleasedPage:
    """One page; `params` are percent-decoded, with the cursor of the page among them."""
    rid = address_of(asked).id
    await door.admit(asked, "r")
    wanted = [(name, value) for name, value in params if name != CURSOR]
    wish = read_wish(wanted, lenient=lenient)
    binding = partial(binding_of, asked.actor, f"Patient/{rid}/$everything", wanted)
    after = cursor_of(door, params, binding)
    return await door.settled(lambda: _page(door, asked, rid, wish, binding, after))


async def _page(door: Door, asked: Asked, rid: str, wish: Wish, binding: Binding, after: bytes | None) -> ReleasedPage:
    size = door.page_limit if wish.count is None else door.size(wish.count)
    async with door.database.connection() as tx:
        cases = await door.cases(tx, asked, Whom(keys=[reference_key("Patient", rid)], names=[rid]))
        people = _people(cases, rid)
        portion = _portion(asked.actor, rid, people, wish)
        visible = of_patients(cases)
        found = await door.store.everything(tx, portion, visible, count=size, after=after)
        rows = [*found.matches, *found.included]
        standing = None if rows else await _look_again(door, tx, cases, people, portion, visible)
        await look_up_all(tx, cases, rows)
        hidden = await hidden_from(door, tx, cases, rows)
        heads = await _heads(door, tx, cases, people, portion, rid) if after is None else []
    if standing is not None and not standing.permitted:
        await _refuse(door, asked, cases, standing)
    told = list({row.reference: row for row in (*rows, *heads)}.values()) if heads else rows
    basis = bound(await checked(door.recorder, asked, cases, told), cases, told)
    await door.recorder.released(asked, told, basis)
    golden = [golden_records.released(door, heads, rid)] if heads else []
    matches = (*golden, *all_discreet(found.matches, hidden))
    return ReleasedPage(
        matches=matches,
        included=all_discreet(found.included, hidden),
        total=len(matches) if after is None and found.next is None else None,
        next=None if found.next is None else door.seal.close(found.next, binding()),
        ignored=wish.ignored,
    )


async def _heads(door: Door, tx: Tx, cases: Cases, people: Sequence[Case], portion: Portion, rid: str) -> list[Stored]:
    """What the golden record at the head of a person's is made of; nothing where the Patient is not asked for."""
    person = next((case for case in people if case.dossier.golden == rid), None)
    if person is None or "Patient" not in portion.types:
        return []
    found = await golden_records.sources(door, tx, cases, person)
    newer = portion.since is None or any(row.updated >= portion.since for row in found)
    return found if newer else []


def _people(cases: Cases, rid: str) -> list[Case]:
    """The person the record is of, by a source patient's id or its own."""
    key = reference_key("Patient", rid)
    return [case for case in cases.persons if case.dossier.golden == rid or key in case.dossier.pkeys]


def _portion(actor: Actor, rid: str, people: Sequence[Case], wish: Wish) -> Portion:
    """The part of the record that is asked for and lies under the ceiling of the token."""
    # The addressed Patient is read; what is about it is found as by a search.
    hidden = RECORD_TYPES if actor.role in CLINICAL_ROLES else frozenset()
    own = (_within(actor.scopes, "r") & _within(actor.scopes, "s") | {"Patient"}) - hidden
    wanted = wish.types or _ALL
    sources = next((case.dossier.sources for case in people if case.dossier.golden == rid), (rid,))
    return Portion(
        patients=sources,
        types=own & wanted,
        leading=own,
        referred=_within(actor.scopes, "r") & wanted,
        start=wish.start,
        end=wish.end,
        since=wish.since,
    )


@lru_cache(maxsize=256)
def _within(scopes: tuple[str, ...], letter: Letter) -> frozenset[str]:
    return frozenset(name for name in _ALL if allows(scopes, name, letter))


async def _look_again(
    door: Door, tx: Tx, cases: Cases, people: Sequence[Case], portion: Portion, visible: Visible
) -> _Standing:
    """What an empty page means. All looks are taken in any case: what is denied costs what is absent costs."""
    groups = [
        Group(pkeys=case.dossier.pkeys, condition=case.condition(cases.own))
        for case in await variants(tx, cases, people)
    ]
    opened = replace(visible, groups=tuple(groups))
    reason = next((refused_break_glass(case.inquiry, case.pointed) for case in people), None)
    return _Standing(
        permitted=await door.store.holds(tx, portion.patients, portion.leading, visible),
        openable=await door.store.holds(tx, portion.patients, portion.leading, opened),
        present=await door.store.holds(tx, portion.patients, _ALL, Visible(everything=True)),
        related=any(_is_related(cases, case) for case in people),
        reason=NOTHING_PERMITTED if reason is None else reason.value,
        patients=() if reason is None else portion.patients,
    )


def _is_related(cases: Cases, case: Case) -> bool:
    """Whether the requester knows that there is a record: by a relationship (section 6), or as it is its own ward's."""
    if cases.actor.role in CLINICAL_ROLES:
        return case.inquiry.related
    if cases.actor.role == PROXY:
        return bool(valid_entries(case.inquiry))
    return case.inquiry.request.requester.reference in case.inquiry.person.references


async def _refuse(door: Door, asked: Asked, cases: Cases, standing: _Standing) -> NoReturn:
    if not standing.present:
        await door.recorder.absent(asked, basis_of(cases, ()))
        raise not_found()
    basis = replace(basis_of(cases, ()), consents=frozenset(one for c in cases.persons for one in c.consents_used))
    await door.recorder.refused(asked, standing.reason, basis, standing.patients)
    raise _withheld(openable=standing.openable) if standing.related else not_found()


def _withheld(*, openable: bool) -> HubError:
    """The one refusal of a record that admits there is one: it says whether break-glass is possible, nothing else."""
    return HubError(
        Category.FORBIDDEN,
        "no part of this record may be released",
        where="URL",
        todo="break-glass is possible" if openable else "break-glass is not possible",
        code="break-glass-possible" if openable else "break-glass-not-possible",
    )
