"""Two numbers of one facility are one patient (MRG in A40, A34 and the older merges), or are two after all (A37)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hub.kernel.types import IdentityEvent
from mappings.hl7v2.context import Building, Context, Mapped
from mappings.hl7v2.datatypes.identifiers import CX_PARTS, identifier
from mappings.hl7v2.datatypes.names import XPN_PARTS, person_name
from mappings.hl7v2.grouping import PatientGroup
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.paths import LONG_LISTS, append
from mappings.hl7v2.resources.patient import patient_of

#: Events in which the patient of MRG ceases to be one of its own (v2.5.1 chapter 3).
MERGES: Final = frozenset({"A18", "A30", "A34", "A36", "A39", "A40", "A46", "A47"})
#: Events that say that two patients who were taken for one are two: a PID for each (v2.5.1, 3.3.37).
UNMERGES: Final = frozenset({"A37"})
_IDENTIFIERS: Final = (1, 4, 2)
_OLD_NUMBER: Final = Mapped("Patient.identifier[]", CX_PARTS)
_OLD_NAME: Final = Mapped("Patient.name[]", XPN_PARTS)


def merges(group: PatientGroup, survivor: Building, context: Context) -> Iterator[IdentityEvent]:
    """The identity events of a group; the patient who is merged away becomes inactive and points to the other."""
    if context.event not in MERGES:
        return
    for noted in group.others:
        if noted.segment.name != "MRG":
            continue
        loser = patient_of(noted.segment, context, _IDENTIFIERS)
        if loser is survivor:
            context.issue("merge-with-itself", "both numbers are the same patient", "MRG-1")
            continue
        _fill(noted.segment, loser, context)
        _link(survivor, loser, "replaces")
        _link(loser, survivor, "replaced-by")
        loser.resource["active"] = False
        yield IdentityEvent(kind=context.event, survivor=survivor.resource["id"], loser=loser.resource["id"])


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


def _link(one: Building, other: Building, kind: str) -> None:
    link = {"other": other.reference, "type": kind}
    append(one.resource, "link", link, {LONG_LISTS: one.long_lists})
