"""Two numbers of one facility are one patient (A40 and the older merges, A24), or are two after all (A37)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hub.kernel.types import IdentityEvent
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.identifiers import CX_PARTS, identifier, meaning, number
from mappings.hl7v2.datatypes.names import XPN_PARTS, person_name
from mappings.hl7v2.groups import PatientGroup
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.paths import LONG_LISTS, append
from mappings.hl7v2.resources.moving import RENUMBERS
from mappings.hl7v2.resources.patient import SHARED, STOOD_IN, alike, patient_of
from mappings.hl7v2.trace import Mapped, mapped

#: Events in which the patient of MRG ceases to be one of its own (v2.5.1 chapter 3).
MERGES: Final = frozenset({"A18", "A30", "A34", "A36", "A39", "A40"})
#: Events that say that the patients of several PID are one, each of whom keeps a number of their own (3.3.24).
LINKS: Final = frozenset({"A24"})
#: Events by which identifiers move from one patient to another (3.3.43).
NUMBER_MOVES: Final = frozenset({"A43"})
#: Events that say that two patients who were taken for one are two: a PID for each (v2.5.1, 3.3.37).
UNMERGES: Final = frozenset({"A37"})
_IDENTIFIERS: Final = (1, 4, 2)
_OLD_NUMBER: Final = Mapped("Patient.identifier[]", CX_PARTS)
_OLD_NAME: Final = Mapped("Patient.name[]", XPN_PARTS)


def merges(group: PatientGroup, survivor: Building, context: Context) -> Iterator[IdentityEvent]:
    """The identity events of a group; the patient who is merged away becomes inactive and points to the other."""
    if context.event in NUMBER_MOVES:
        yield from _numbers_moved(group, context)
    for noted in group.others:
        if noted.segment.name != "MRG":
            continue
        if RENUMBERS.get(context.event) == "Patient":
            _fill(noted.segment, survivor, context)
        if context.event not in MERGES:
            continue
        loser = patient_of(noted.segment, context, _IDENTIFIERS, group.pid.segment if group.pid else None)
        if loser is survivor:
            context.issue("merge-with-itself", "both numbers are the same patient", "MRG-1")
            continue
        _fill(noted.segment, loser, context)
        _link(survivor, loser, "replaces", context)
        _link(loser, survivor, "replaced-by", context)
        loser.resource["active"] = False
        yield IdentityEvent(kind=context.event, survivor=survivor.resource["id"], loser=loser.resource["id"])


def links(patients: Sequence[Building], context: Context) -> Iterator[IdentityEvent]:
    """The identity events of a message that links patients; each points to the other, and stays active."""
    if context.event not in LINKS or len(patients) < 2:
        return
    first, *others = patients
    for other in others:
        if other is not first:
            _link(first, other, "seealso", context)
            _link(other, first, "seealso", context)
            yield IdentityEvent(kind=context.event, survivor=first.resource["id"], loser=other.resource["id"])


def _numbers_moved(group: PatientGroup, context: Context) -> Iterator[IdentityEvent]:
    """A43: numbers that PID-3 and MRG-1 share are the patient's of PID, and no longer the patient's of MRG-4.

    A number by which a patient is known is a patient of its own here: that one is now one with the patient of PID, and
    parted from the other. MRG-1 may name the other too, by a number that does not move.
    """
    pid = group.pid.segment if group.pid else None
    for noted in group.others:
        if noted.segment.name != "MRG" or pid is None:
            continue
        mrg = noted.segment
        now, before = _known(pid, 3, None, context), _known(mrg, 1, pid, context)
        moved = [rid for rid in before if rid in now]
        target = next((rid for rid in (*_known(pid, 2, None, context), *now) if rid not in moved), None)
        source = next((rid for rid in (*_known(mrg, 4, pid, context), *before) if rid not in moved), None)
        if not moved or (target is None and source is None):
            context.issue("identity-event", "A43 names no number that moves, or no patient; nothing is changed", "MRG")
        for rid in moved:
            if source is not None:
                detail = {"event": context.event}
                yield IdentityEvent(kind="A37", survivor=source, loser=rid, detail=detail)
            if target is not None:
                yield IdentityEvent(kind=context.event, survivor=target, loser=rid)
        for n in (1, 4):
            if moved and mrg.raw(n):
                context.took(mrg, n, mapped("identity event"))


def _known(segment: Segment, n: int, like: Segment | None, context: Context) -> list[str]:
    """Ids of the patients whom the numbers of a field name; those that several facilities share name nobody here."""
    place = f"{segment.name}-{n}"
    place = STOOD_IN.get(place, place)
    found: list[str] = []
    for rep in segment.repetitions(n):
        plain = number(rep)
        stated = alike(plain, place, like, context) if plain else None
        meant = meaning(stated, context, place) if stated else None
        if stated is not None and meant is not None and (meant.type or stated.kind) not in SHARED:
            found.append(context.id_of("Patient", *meant.registration(stated.value)))
    return found


def unmerges(patients: Sequence[Building], context: Context) -> Iterator[IdentityEvent]:
    """The identity events of a message that parts patients; each is active again and points to nobody."""
    if context.event not in UNMERGES or len(patients) < 2:
        return
    first, *others = patients
    for person in patients:
        person.resource["active"] = True
        person.clears["link"] = None
    for other in others:
        if other is not first:
            yield IdentityEvent(kind=context.event, survivor=first.resource["id"], loser=other.resource["id"])


def _fill(segment: Segment, loser: Building, context: Context) -> None:
    context.segment = segment
    for n in _IDENTIFIERS:
        context.field = n
        for rep, repetition in enumerate(segment.repetitions(n), 1):
            context.rep = rep
            made = identifier(repetition, context)
            if made is not None:
                loser.resource.setdefault("identifier", []).append({**made, "use": "old"})
                context.took(segment, n, _OLD_NUMBER, rep)
    context.field = 7
    for rep, repetition in enumerate(segment.repetitions(7), 1):
        context.rep = rep
        name = person_name(repetition, context)
        if name:
            loser.resource.setdefault("name", []).extend(name if isinstance(name, list) else [name])
            context.took(segment, 7, _OLD_NAME, rep)


def _link(one: Building, other: Building, kind: str, context: Context) -> None:
    link = {"other": other.reference, "type": kind}
    append(one.resource, "link", link, {LONG_LISTS: context.long_lists})
