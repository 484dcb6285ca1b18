"""Moves and endings of a message, worked out from what is stored: which resources they take along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from hub.db.database import Tx
from hub.fhir.json import loads
from hub.fhir.references import parse_reference, references
from hub.kernel.types import IdentityEvent, Issue
from hub.records.heads import Incoming, Ref, Relocated, head_of
from hub.records.relocation import FOLLOWING, STAYING, absorbed, moved
from hub.records.said import said
from hub.store.store import Store
from hub.store.values import Stored

#: Links that are followed from what moves: a result, its report, what was made of that. More is no record.
_FURTHEST: Final = 16


async def relocations(
    store: Store, tx: Tx, incoming: Incoming, stored: dict[Ref, Stored]
) -> tuple[Incoming, dict[Ref, Relocated]]:
    """What the identity events of a message make of stored resources, which are added to `stored`.

    A move that a later one has overtaken does nothing. What another facility wrote stays where it is; the message that
    comes back says so.
    """
    found: dict[Ref, Relocated] = {}
    left = 0
    for event in incoming.translation.identity_events:
        if event.effect not in {"move", "absorb"} or await _is_overtaken(tx, incoming, event):
            continue
        versions = await _taken_along(store, tx, event)
        own = {ref: each for ref, each in versions.items() if each.facts.author_org == incoming.facility}
        left += len(versions) - len(own)
        stored |= own
        heads = {ref: head_of(version) for ref, version in own.items()}
        found |= moved(event, heads) if event.effect == "move" else absorbed(event, heads)
    return (_warned(incoming, left) if left else incoming), found


async def _is_overtaken(tx: Tx, incoming: Incoming, event: IdentityEvent) -> bool:
    if event.effect != "move":
        return False
    known = await said(tx, incoming.facility, {event.survivor, event.loser})
    return known.moved_since(event.resources, incoming.message)


async def _taken_along(store: Store, tx: Tx, event: IdentityEvent) -> dict[Ref, Stored]:
    """The stored versions an event is about."""
    if event.effect == "absorb":
        root = Ref(event.type, event.loser)
        found = await _load(store, tx, [root])
        patient = found[root].patient if root in found else None
        return found | (await _load(store, tx, await _referring(store, tx, patient, [root])) if patient else {})
    roots = [Ref(*reference.split("/", 1)) for reference in event.resources]
    found = _of(event.loser, await _load(store, tx, roots))
    frontier: set[Ref] = set(found)
    for _ in range(_FURTHEST):
        new = _of(event.loser, await _load(store, tx, await _referring(store, tx, event.loser, frontier) - set(found)))
        if not new:
            break
        found |= new
        frontier = set(new)
    return found | await _following(store, tx, event.loser, found)


async def _following(store: Store, tx: Tx, patient: str, found: dict[Ref, Stored]) -> dict[Ref, Stored]:
    """Specimens and devices to which nothing refers but what moves."""
    named = {ref for version in found.values() for ref in _named(version)} - set(found)
    alone = {ref for ref in named if await _referring(store, tx, patient, [ref]) <= set(found)}
    return _of(patient, await _load(store, tx, alone))


def _named(version: Stored) -> set[Ref]:
    targets = (parse_reference(text) for text in references(loads(version.body)))
    return {Ref(target.type, target.id) for target in targets if target is not None and target.type in FOLLOWING}


async def _referring(store: Store, tx: Tx, patient: str, refs: Iterable[Ref]) -> set[Ref]:
    return {Ref(*ref) for ref in await store.referring(tx, patient, refs) if ref[0] not in STAYING}


async def _load(store: Store, tx: Tx, refs: Iterable[Ref]) -> dict[Ref, Stored]:
    versions = await store.load(tx, sorted(refs))
    return {Ref(*ref): version for ref, version in versions.items() if not version.deleted}


def _of(patient: str, versions: dict[Ref, Stored]) -> dict[Ref, Stored]:
    return {ref: version for ref, version in versions.items() if version.patient == patient}


def _warned(incoming: Incoming, left: int) -> Incoming:
    issue = Issue(
        severity="warning",
        where="MRG",
        code="left-behind",
        text=f"{left} resources of other facilities stay where they are",
    )
    translation = incoming.translation
    return replace(incoming, translation=replace(translation, issues=(*translation.issues, issue)))
