"""Who looked: the trail as AuditEvents, for the patient, a proxy and the auditor. A look at it is recorded in its turn.

A patient is shown who read, wrote or tried to break the glass, when, why, what type of resource, by which operation;
never the ids and queries, which may be about what is withheld from the patient, or about somebody else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from msgspec.structs import replace

from consent.tables import CLINICAL_ROLES
from hub.audit import queries
from hub.audit.balp import WITHOUT_PATIENT, Observer, audit_event, entry_named, event_id
from hub.audit.entry import UNKNOWN_ORIGIN, Entry, Interaction
from hub.audit.queries import TOP, Span
from hub.auth.scopes import Letter, allows
from hub.db.database import Tx
from hub.fhir.json import dumps
from hub.gate.asking import PERSONAL
from hub.gate.cases import Cases
from hub.gate.checks import basis_of
from hub.gate.door import Door, not_found
from hub.gate.look_wish import LookWish, read_look_wish
from hub.gate.pages import CURSOR, binding_of
from hub.gate.recorder import Asked, Basis
from hub.gate.release import decide
from hub.gate.released import Released, ReleasedPage, released
from hub.gate.searches import Parameters, cursor_of
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.mpi.lookup import persons
from hub.store.values import Facts, Stored

AUDIT_EVENT: Final = "AuditEvent"
AUDITOR: Final = "auditor"
#: Code under which the trail names the right of the auditor.
BY_OFFICE: Final = Basis(grounds=frozenset({"auditor"}))
_NUMBER_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an event stands: the number of its entry, and its place in it."""

    number: int
    place: int

    def token(self) -> bytes:
        return self.number.to_bytes(_NUMBER_BYTES) + self.place.to_bytes(4)

    @classmethod
    def of(cls, token: bytes | None) -> _Place:
        """The place a token names; without one, before the newest event."""
        if token is None:
            return cls(TOP, -1)
        return cls(int.from_bytes(token[:_NUMBER_BYTES]), int.from_bytes(token[_NUMBER_BYTES:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a requester may see of the trail: all of it, or (`cases`) the looks at source patients (`own`, keys)."""

    cases: Cases | None
    own: frozenset[UUID] | None

    def shows(self, entry: Entry, place: int) -> bool:
        """Whether the event at a place of an entry is in the view."""
        if place == WITHOUT_PATIENT:
            return self.own is None and not entry.patients
        if place > len(entry.patients) or self.own is None:
            return place <= len(entry.patients)
        return reference_key("Patient", entry.patients[place - 1]) in self.own

    def event(self, entry: Entry, place: int, observer: Observer) -> Stored:
        """The event as the store would give it."""
        if self.cases is None:
            return stored_event(entry, place, audit_event(entry, observer, place))
        event = audit_event(self._shortened(entry), observer, place)
        # What is left of it no longer follows the pattern its profile demands.
        event.pop("meta", None)
        return stored_event(entry, place, event)

    def _shortened(self, entry: Entry) -> Entry:
        own = entry.resource_type == "Patient" and reference_key("Patient", entry.resource_id or "") in (self.own or ())
        return replace(
            entry,
            origin=UNKNOWN_ORIGIN,
            query=_named(entry),
            resource_id=entry.resource_id if own else None,
            version=entry.version if own else None,
        )


def _named(entry: Entry) -> str | None:
    """What an entry calls an operation (`$images`) or a deed (`bind`), without what it was asked with or done to."""
    if entry.interaction is not Interaction.OPERATION:
        return None
    name = next((name for name, _ in parse_qsl(entry.query or "", keep_blank_values=True)), "")
    told = name.startswith("$") or (name and entry.resource_type is None)
    return urlencode({name: ""}) if told else None


async def search(door: Door, asked: Asked, params: Parameters, *, lenient: bool) -> ReleasedPage:
    """One page of events, newest first; for clinical roles there are none (consent rules, section 3 step 7)."""
    await admit(door, asked, "s")
    wanted = [(name, value) for name, value in params if name != CURSOR]
    wish = read_look_wish(wanted, lenient=lenient, base_url=door.base_url)
    binding = partial(binding_of, asked.actor, AUDIT_EVENT, wanted)
    after = _Place.of(cursor_of(door, params, binding))
    size = max(1, door.size(wish.count))

    async def attempt() -> ReleasedPage:
        async with door.snapshot() as tx:
            view = await view_of(door, tx, asked, wish)
            span = _span(view, wish)
            places = [found async for found in _events(tx, span, view, after, size + 1)]
        shown = places[:size]
        events = [view.event(entry, at.place, door.observer) for at, entry in shown]
        await record(door, asked, view, events)
        more = door.seal.close(shown[-1][0].token(), binding()) if len(places) > size else None
        return ReleasedPage(matches=tuple(map(released, events)), next=more, ignored=wish.ignored)

    return await door.settled(attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An event that may be shown, with its entry; `own` are the source patients of whose looks the requester is shown
    some (keys), None for the auditor."""

    entry: Entry
    event: Stored
    own: frozenset[UUID] | None


async def read(door: Door, asked: Asked) -> Released:
    """One event. Raises HubError NOT_FOUND for what is absent or not to be shown."""
    return released((await find(door, asked)).event)


async def find(door: Door, asked: Asked) -> Shown:
    """What `read` reads; recorded."""
    await admit(door, asked, "r")
    named = entry_named(asked.id or "")

    async def attempt() -> Shown:
        async with door.snapshot() as tx:
            view = await view_of(door, tx, asked, LookWish())
            entry = None if named is None else await queries.one(tx, named[0])
        if entry is None or named is None or not view.shows(entry, named[1]):
            await door.recorder.absent(asked)
            raise not_found()
        event = view.event(entry, named[1], door.observer)
        if view.cases is not None and not (queries.is_look(entry) and decide(view.cases, event).permitted):
            await door.recorder.refused(asked, "record-restricted")
            raise not_found()
        await record(door, asked, view, [event])
        return Shown(entry=entry, event=event, own=view.own)

    return await door.settled(attempt)


async def admit(door: Door, asked: Asked, letter: Letter) -> None:
    """Raise HubError FORBIDDEN, recorded, when the token's role or scopes leave the trail out."""
    actor = asked.actor
    if actor.role not in {AUDITOR, *PERSONAL, *CLINICAL_ROLES}:
        await door.recorder.refused(asked, "role-not-allowed")
        raise HubError(Category.FORBIDDEN, "this role has no door to the trail", where="access token", code="role")
    if not allows(actor.scopes, AUDIT_EVENT, letter):
        await door.recorder.refused(asked, "scope-not-allowed")
        raise HubError(Category.FORBIDDEN, "the token's scopes do not cover this", where="access token", code="scope")


async def view_of(door: Door, tx: Tx, asked: Asked, wish: LookWish) -> View:
    """What of the trail the requester may see."""
    named = None if wish.patients is None else await _keys(tx, wish.patients)
    if asked.actor.role == AUDITOR:
        return View(cases=None, own=named)
    cases = await door.cases(tx, asked)
    own = frozenset(cases.confined or ()) if asked.actor.role in PERSONAL else frozenset()
    return View(cases=cases, own=own if named is None else own & named)


async def _keys(tx: Tx, ids: Collection[str]) -> frozenset[UUID]:
    """Keys of the source patients some ids name; the id of a person names all of its sources."""
    members = await persons(tx, sorted(ids))
    return frozenset(reference_key("Patient", one) for rid in ids for one in members.get(rid, (rid,)))


def _span(view: View, wish: LookWish) -> Span:
    patients = None if view.own is None else tuple(sorted(view.own))
    agents = None if wish.agents is None else tuple(sorted(wish.agents))
    return Span(low=wish.low, high=wish.high, patients=patients, agents=agents, looks=view.cases is not None)


async def _events(tx: Tx, span: Span, view: View, after: _Place, most: int) -> AsyncIterator[tuple[_Place, Entry]]:
    """At most `most` events after a place that may be shown."""
    top, given = after.number, 0
    while True:
        chunk = await queries.page(tx, span, top=top, limit=most)
        for number, entry in chunk:
            for place in range(1, len(entry.patients) + 1) if entry.patients else (WITHOUT_PATIENT,):
                passed = number == after.number and place <= after.place
                if passed or not view.shows(entry, place) or not permitted(view, entry, place):
                    continue
                yield _Place(number, place), entry
                given += 1
                if given == most:
                    return
        if len(chunk) < most:
            return
        top = chunk[-1][0] - 1


def permitted(view: View, entry: Entry, place: int) -> bool:
    """Whether the requester is shown the event at a place of an entry."""
    return view.cases is None or decide(view.cases, stored_event(entry, place, {})).permitted


def stored_event(entry: Entry, place: int, event: dict[str, object]) -> Stored:
    """An event as the store would give it."""
    patient = entry.patients[place - 1] if place else None
    return Stored(
        type=AUDIT_EVENT,
        id=event_id(entry.id, place),
        version=1,
        updated=entry.time,
        deleted=False,
        body=dumps(event),
        pkey=reference_key("Patient", patient or ""),
        patient=patient,
        facts=Facts(author_org=""),
    )


async def record(door: Door, asked: Asked, view: View, events: Sequence[Stored]) -> None:
    """These events are about to leave. Raises HubError CONFLICT when the consents have changed meanwhile."""
    cases = view.cases
    basis = BY_OFFICE if cases is None else basis_of(cases, [(event, decide(cases, event)) for event in events])
    await door.recorder.released(asked, events, basis)
