"""Ways to one resource: read, version read, instance history.

An address that holds nothing and one that holds something denied take the same steps and end alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from consent.decision import Decision
from hub.db.database import Tx
from hub.gate import golden_records
from hub.gate.cases import Cases
from hub.gate.checks import basis_of
from hub.gate.door import Door, not_found
from hub.gate.dossiers import Whom
from hub.gate.hidden import all_discreet, bound, discreet, hidden_from
from hub.gate.pages import binding_of
from hub.gate.policy import refused_break_glass
from hub.gate.recorder import Asked, Basis
from hub.gate.release import decide, decide_version
from hub.gate.released import Released, ReleasedPage, released
from hub.gate.revived import deletions_before, revived
from hub.gate.spans import Place, decoded, encoded, holds, settled_at
from hub.gate.trimming import Pointer
from hub.kernel.ids import reference_key
from hub.store.resource_types import NUMBERS
from hub.store.values import Span, Stored

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_MOST_VERSIONS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Address:
    """Type and id of one resource, both well formed."""

    type: str
    id: str


async def read(door: Door, asked: Asked) -> Released:
    """The current version, which may be a deletion; of a person the golden record."""
    address = address_of(asked)
    await door.admit(asked, "r")
    current, quick = await door.currents.of(asked.actor, (address.type, address.id))
    if current is not None and quick is not None:
        await door.recorder.released(asked, [current], Basis(grounds=frozenset({quick.reason.value})))
        return released(current)
    return await door.settled(lambda: _read(door, asked, address, current))


async def _read(door: Door, asked: Asked, address: Address, current: Stored | None) -> Released:
    async with door.database.connection() as tx:
        cases = await _cases(door, tx, asked, address, current)
        person = golden_records.person_named(cases, address.type, address.id) if current is None else None
        sources = [] if person is None else await golden_records.sources(door, tx, cases, person)
        hidden = await _hidden(door, tx, cases, current, current)
    if person is not None and sources:
        await door.recorder.released(asked, sources, basis_of(cases, ((row, decide(cases, row)) for row in sources)))
        return golden_records.released(door, sources, address.id)
    return await _answer(door, asked, cases, current, current, hidden)


async def vread(door: Door, asked: Asked, version: int) -> Released:
    """One version, judged by the stricter of what held then and what holds now."""
    address = address_of(asked)
    if not 0 < version < _MOST_VERSIONS:
        raise not_found()
    await door.admit(asked, "r")

    async def attempt() -> Released:
        async with door.snapshot() as tx:
            current = await _current(door, tx, address)
            then = await door.store.load_version(tx, address.type, address.id, version)
            cases = await _cases(door, tx, asked, address, current, [] if then is None else [then.pkey])
            hidden = await _hidden(door, tx, cases, then, current)
        return await _answer(door, asked, cases, then, current, hidden)

    return await door.settled(attempt)


async def history(door: Door, asked: Asked, count: int | None, cursor: str | None, span: Span) -> ReleasedPage:
    """Versions of one resource, newest first, each judged on its own."""
    address = address_of(asked)
    await door.admit(asked, "r")
    binding = binding_of(asked.actor, f"{address.type}/{address.id}/_history", (("span", repr(span)),))
    place = Place(await settled_at(door)) if cursor is None else decoded(door.seal.open(cursor, binding))
    size = max(1, door.size(count))

    async def attempt() -> ReleasedPage:
        async with door.snapshot() as tx:
            current = await _current(door, tx, address)
            formerly = await door.store.formerly(tx, address.type, address.id)
            cases = await _cases(door, tx, asked, address, current, formerly)
            kept = await _permitted_versions(door, tx, cases, address, current, place, span, size)
            hidden = await hidden_from(door, tx, cases, kept[:size])
            deletions = await deletions_before(door, tx, cases, kept[:size])
        _, decision = await _permitted(door, asked, cases, current, current)
        page = kept[:size]
        decided = [(then, decide(cases, then)) for then in (*page, *deletions)]
        basis = basis_of(cases, [*decided, *_ground(current, decision)])
        await door.recorder.released(asked, page, bound(basis, cases, page))
        more = door.seal.close(encoded(place.after(page[-1])), binding) if len(kept) > size else None
        matches = revived(all_discreet(page, hidden), deletions)
        total = len(page) if place.below is None and more is None else None
        return ReleasedPage(matches=matches, total=total, next=more, as_of=place.as_of)

    return await door.settled(attempt)


def _ground(current: Stored | None, decision: Decision) -> list[tuple[Stored, Decision]]:
    return [] if current is None else [(current, decision)]


def address_of(asked: Asked) -> Address:
    """Raises HubError NOT_FOUND for what can be no address in any store."""
    if asked.type is None or asked.type not in NUMBERS or asked.id is None or not _ID.match(asked.id):
        raise not_found()
    return Address(asked.type, asked.id)


async def _current(door: Door, tx: Tx, address: Address) -> Stored | None:
    reference = (address.type, address.id)
    return (await door.store.load(tx, [reference])).get(reference)


async def _cases(
    door: Door, tx: Tx, asked: Asked, address: Address, current: Stored | None, formerly: Sequence[UUID] = ()
) -> Cases:
    """The case of whom the resource is about; where there is none, of nobody at the same cost.

    `formerly`: of whom it was about too, by whose rules its versions of then are judged besides.
    """
    key = reference_key(address.type, address.id) if current is None else current.pkey
    return await door.cases(tx, asked, Whom(keys=list(dict.fromkeys((key, *formerly))), names=[address.id]))


async def _hidden(door: Door, tx: Tx, cases: Cases, then: Stored | None, now: Stored | None) -> frozenset[Pointer]:
    """What a permitted version must not repeat."""
    if then is None or now is None or not decide_version(cases, then, now).permitted:
        return frozenset()
    return await hidden_from(door, tx, cases, [then])


async def _answer(
    door: Door,
    asked: Asked,
    cases: Cases,
    then: Stored | None,
    now: Stored | None,
    hidden: frozenset[Pointer],
) -> Released:
    version, decision = await _permitted(door, asked, cases, then, now)
    basis = basis_of(cases, [(version, decision)])
    await door.recorder.released(asked, [version], bound(basis, cases, [version]))
    return discreet(version, hidden)


async def _permitted(
    door: Door, asked: Asked, cases: Cases, then: Stored | None, now: Stored | None
) -> tuple[Stored, Decision]:
    """The version and what permits it; or record that nothing does, and raise what an absent resource raises."""
    if then is None or now is None:
        await door.recorder.absent(asked, Basis(epoch=cases.epoch))
        raise not_found()
    decision = decide_version(cases, then, now)
    if not decision.permitted:
        case = cases.by_pkey.get(now.pkey)
        basis = Basis(consents=frozenset(case.consents_used if case else ()), epoch=cases.epoch)
        tried = case is not None and refused_break_glass(case.inquiry, case.pointed) is not None
        await door.recorder.refused(asked, decision.reason, basis, [now.patient] if tried and now.patient else [])
        raise not_found()
    return then, decision


async def _permitted_versions(
    door: Door, tx: Tx, cases: Cases, address: Address, now: Stored | None, place: Place, span: Span, size: int
) -> list[Stored]:
    """Permitted versions of a time below a place, newest first: one more than `size` when there are more.

    One look is taken in any case, so that what is denied costs what is absent costs.
    """
    kept: list[Stored] = []
    below, ended = place.below, place.ended
    while True:
        chunk = await door.store.versions(tx, address.type, address.id, below=below, limit=size + 1)
        if now is None or not decide(cases, now).permitted:
            return []
        for then in (then for then in chunk if decide_version(cases, then, now).permitted):
            kept += [then] if holds(span, then, ended) else []
            ended = then.updated
        if len(chunk) <= size or len(kept) > size:
            return kept
        below = chunk[-1].version
