"""Accounts and visits whose number changes, that end in another, or were another patient's (v2.5.1, 3.3.35 to 3.3.51).

What they mean for resources that are stored already is the record's to do: here they become identity events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from hub.kernel.types import IdentityEvent
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.identifiers import meaning, number
from mappings.hl7v2.groups import PatientGroup
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.patient import STOOD_IN, alike, patient_identity
from mappings.hl7v2.trace import mapped

Thing = Literal["Patient", "Account", "Encounter"]

#: Events by which a number is corrected, and what has it.
RENUMBERS: Final[dict[str, Thing]] = {
    "A46": "Patient",
    "A47": "Patient",
    "A49": "Account",
    "A50": "Encounter",
    "A51": "Encounter",
}
#: Events by which one of two ends in the other.
ABSORBS: Final[dict[str, Thing]] = {"A35": "Account", "A36": "Account", "A41": "Account", "A42": "Encounter"}
#: Events by which something is another patient's from now on.
MOVES: Final[dict[str, Thing]] = {"A44": "Account", "A45": "Encounter"}
#: Where the number stands now, and where it stood before: of the visit, the first field that is filled.
_NOW: Final[dict[Thing, tuple[tuple[str, int], ...]]] = {
    "Account": (("PID", 18),),
    "Encounter": (("PV1", 19), ("PV1", 50)),
}
_BEFORE: Final[dict[Thing, tuple[int, ...]]] = {"Account": (3,), "Encounter": (5, 6)}


@dataclass(frozen=True, slots=True)
class _Pair:
    """The segments of one change: MRG, and the PV1 behind it if there is one."""

    pid: Segment
    mrg: Segment
    pv1: Segment | None


def number_changes(group: PatientGroup, patient: Building, context: Context) -> Iterator[IdentityEvent]:
    """The identity events of a patient's MRG segments about accounts and visits, or about a corrected number."""
    event = context.event
    thing = RENUMBERS.get(event) or ABSORBS.get(event) or MOVES.get(event)
    if thing is None or group.pid is None:
        return
    moved: dict[str, list[str]] = {}
    for pair in _pairs(group, group.pid.segment):
        if thing == "Patient":
            yield from _renumbered_patient(pair, patient, context)
        elif event in MOVES:
            yield from _moved(pair, thing, patient, moved, context)
        else:
            effect: Literal["renumber", "absorb"] = "renumber" if event in RENUMBERS else "absorb"
            yield from _changed(pair, thing, effect, context)
    for owner, resources in moved.items():
        yield IdentityEvent(
            kind=event, survivor=patient.resource["id"], loser=owner, effect="move", resources=tuple(resources)
        )


def _pairs(group: PatientGroup, pid: Segment) -> Iterator[_Pair]:
    behind = {visit.mrg.position: visit.pv1 for visit in group.visits if visit.mrg is not None}
    for noted in group.others:
        if noted.segment.name == "MRG":
            yield _Pair(pid, noted.segment, behind.get(noted.segment.position))


def _changed(
    pair: _Pair, thing: Thing, effect: Literal["renumber", "absorb"], context: Context
) -> Iterator[IdentityEvent]:
    now, before = _now(pair, thing, context), _before(pair, thing, context)
    if now is None or before is None:
        if context.event != "A36":
            _unclear(context, "names no number before or none now")
    elif now != before:
        yield IdentityEvent(kind=context.event, survivor=now, loser=before, effect=effect, type=thing)


def _moved(
    pair: _Pair, thing: Thing, patient: Building, moved: dict[str, list[str]], context: Context
) -> Iterator[IdentityEvent]:
    """From the patient of MRG-1, added to `moved` under them; a number that changed on the way is corrected first."""
    now, before = _now(pair, thing, context), _before(pair, thing, context)
    found = now or before
    owner = _owner(pair, context)
    if found is None or owner is None or owner == patient.resource["id"]:
        _unclear(context, "names no number that moves, or no other patient it was moved from")
        return
    if now is not None and before is not None and now != before:
        yield IdentityEvent(kind=context.event, survivor=now, loser=before, effect="renumber", type=thing)
    moved.setdefault(owner, []).append(f"{thing}/{found}")
    _took(pair.mrg, (1, *_BEFORE[thing]), context)


def _renumbered_patient(pair: _Pair, patient: Building, context: Context) -> Iterator[IdentityEvent]:
    before = _owner(pair, context)
    if before is None or before == patient.resource["id"]:
        _unclear(context, "names no number before, or the same")
        return
    yield IdentityEvent(
        kind=context.event, survivor=patient.resource["id"], loser=before, effect="renumber", type="Patient"
    )


def _owner(pair: _Pair, context: Context) -> str | None:
    """Id of the Patient MRG names."""
    found = patient_identity(pair.mrg, context, (1, 4, 2), pair.pid)
    return None if found is None else context.id_of("Patient", *found.now)


def _now(pair: _Pair, thing: Thing, context: Context) -> str | None:
    segments = {"PID": pair.pid, "PV1": pair.pv1}
    for name, n in _NOW[thing]:
        segment = segments[name]
        found = None if segment is None else _id_of(segment, n, thing, None, context)
        if found is not None:
            return found
    return None


def _before(pair: _Pair, thing: Thing, context: Context) -> str | None:
    """The alternate visit number is what a visit is known by only where it has no other."""
    fields = _BEFORE[thing]
    if thing == "Encounter" and context.event == "A51" and pair.pv1 is not None and field(pair.pv1, 19):
        return _id_of(pair.pv1, 19, thing, None, context)
    for n in fields:
        found = _id_of(pair.mrg, n, thing, pair.pv1 if thing == "Encounter" else pair.pid, context)
        if found is not None:
            _took(pair.mrg, (n,), context)
            return found
    return None


def _id_of(segment: Segment, n: int, thing: Thing, like: Segment | None, context: Context) -> str | None:
    repetitions = segment.repetitions(n)
    found = number(repetitions[0]) if repetitions else None
    if found is None:
        return None
    place = f"{segment.name}-{n}"
    place = STOOD_IN.get(place, place)
    found = alike(found, place, like, context)
    return context.id_of(thing, meaning(found, context, place).key, found.value)


def _took(segment: Segment, fields: tuple[int, ...], context: Context) -> None:
    for n in fields:
        if segment.raw(n):
            context.took(segment, n, mapped("identity event"))


def _unclear(context: Context, why: str) -> None:
    context.issue("identity-event", f"{context.event} {why}; nothing is changed by it", "MRG")
