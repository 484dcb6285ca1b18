"""PID, PD1 and NK1: the source Patient, and the people related to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mappings.hl7v2.context import Building, Context, Mapped
from mappings.hl7v2.datatypes.identifiers import CX_PARTS, identifier, meaning, number
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.grouping import PatientGroup
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.periods import mend_period

#: Kinds by which a facility's patient is known, best first, when its profile names none.
PREFERRED: Final = ("MR", "PI", "PT", "PN")
#: Kinds shared by several facilities: they name the person, and stand for the patient only if nothing else does.
SHARED: Final = frozenset({"NNCHN", "NI", "SS", "SB", "DL", "PPN", "HC", "NH", "MC", "JHN", "AN", "VN"})
_MOTHERS_NUMBER: Final = Mapped("RelatedPerson.identifier", CX_PARTS)


def patient(group: PatientGroup, context: Context, rules: Rules) -> Building | None:
    """The Patient of a group and their related people; None if the group names nobody."""
    if group.pid is None:
        return None
    pid = group.pid.segment
    building = patient_of(pid, context)
    rules.run(pid, building, context)
    for noted in group.others:
        if noted.segment.name == "PD1":
            rules.run(noted.segment, building, context)
    _mother(pid, building, context)
    for visit in group.visits[:1]:
        rules.run(visit.pv1, building, context)
    for noted in group.others:
        if noted.segment.name == "NK1":
            _related(noted.segment, building, context, rules)
    return building


def patient_of(segment: Segment, context: Context, fields: tuple[int, ...] = (3, 2, 4, 18, 19)) -> Building:
    """The draft of the Patient whom the identifiers in `fields` name (those of PID; MRG has others)."""
    context.segment = segment
    best = min(_candidates(segment, context, fields), default=None)
    if best is None:
        where = segment.name
        context.issue("patient-identity", "no identifier: the patient is known by this message only", where, "error")
        authority, key = "message", f"{context.control}|{context.time}|{segment.ordinal}"
    else:
        _, _, authority, key = best
    building = context.draft("Patient", authority, key, None)
    building.patient = building.resource["id"]
    return building


def _candidates(segment: Segment, context: Context, fields: tuple[int, ...]) -> Iterator[tuple[int, int, str, str]]:
    """Rank, order, authority and value of every usable identifier."""
    profile = context.habits.profile
    for order, n in enumerate(fields):
        for i, rep in enumerate(segment.repetitions(n)):
            found = number(rep)
            if found is None or not profile.identifies(found.value):
                continue
            meant = meaning(found, context, f"{segment.name}-{n}")
            rank = meant.rank if meant.rank is not None else 100 + order * 10 + _preference(meant.type or found.kind)
            yield rank, i, meant.key, found.value


def _preference(kind: str) -> int:
    if kind in PREFERRED:
        return PREFERRED.index(kind)
    return 9 if kind in SHARED else len(PREFERRED)


def _mother(pid: Segment, patient: Building, context: Context) -> None:
    """PID-21: the mother is known by her identifier."""
    context.segment, context.field = pid, 21
    for rep, repetition in enumerate(pid.repetitions(21), 1):
        context.rep = rep
        made = identifier(repetition, context)
        if made is None:
            continue
        mother = _person(patient, f"MTH|{made['system']}|{made['value']}", context)
        mother.resource["identifier"] = [made]
        coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH", "display": "mother"}
        mother.resource["relationship"] = [{"coding": [coding]}]
        context.took(pid, 21, _MOTHERS_NUMBER, rep)


def _person(patient: Building, key: str, context: Context) -> Building:
    person = context.draft("RelatedPerson", patient.resource["id"], key, patient.patient)
    person.resource["patient"] = patient.reference
    return person


def _related(segment: Segment, patient: Building, context: Context, rules: Rules) -> None:
    """NK1: known by their own number, else by name and relationship, so that a changed order changes nothing."""
    context.segment = segment
    said = [segment.raw(n) for n in range(2, segment.fields_count + 1)]
    if not any(text.strip('"^~&') for text in said):
        return
    numbers = segment.repetitions(33) or segment.repetitions(12)
    own = number(numbers[0]) if numbers else None
    name = "".join(field(segment, 2, comp) for comp in (1, 2, 3))
    key = own.value if own else f"{name}|{field(segment, 3)}" if name else f"#{field(segment, 1) or segment.ordinal}"
    person = _person(patient, key, context)
    rules.run(segment, person, context)
    mend_period(person.resource, "period", segment, context)
