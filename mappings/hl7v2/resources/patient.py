"""PID and PD1: the source Patient, who knows them last, and whether there is a living will."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.coded import first_text
from mappings.hl7v2.datatypes.identifiers import PLACEHOLDERS, Number, meaning, number
from mappings.hl7v2.datatypes.references import known
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import PatientGroup
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.trace import mapped
from mappings.registration import Registration, formerly, is_nobodys

#: Kinds by which a facility's patient is known, best first, when its profile names none.
PREFERRED: Final = ("MR", "PI", "PT", "PN")
#: Kinds shared by several facilities: they name the person, and stand for the patient only if nothing else does.
SHARED: Final = frozenset({"NNCHN", "NI", "SS", "SB", "DL", "PPN", "HC", "NH", "MC", "JHN", "AN", "VN"})
#: Numbers of MRG mean what the fields of PID and PV1 mean that they stood in before (v2.5.1, 3.4.9).
STOOD_IN: Final[Mapping[str, str]] = {
    "MRG-1": "PID-3",
    "MRG-2": "PID-4",
    "MRG-3": "PID-18",
    "MRG-4": "PID-2",
    "MRG-5": "PV1-19",
    "MRG-6": "PV1-50",
}
#: Events that delete a person (v2.5.1, 3.3.29): nothing goes, but the patient is no longer used.
_DELETING: Final = frozenset({"A29"})
_LIVING_WILL: Final = {"system": "http://loinc.org", "code": "75320-2", "display": "Advance directive"}
_AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_OPERATION: Final = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"


class Identity(NamedTuple):
    """How a Patient is known, and was before numbers were one space in all formats."""

    now: Registration
    before: Registration


def patient(group: PatientGroup, context: Context, rules: Rules) -> Building | None:
    """The Patient of a group; None if the group names nobody."""
    if group.pid is None:
        return None
    pid = group.pid.segment
    building = patient_of(pid, context)
    building.administration = context.kind == "ADT"
    rules.run(pid, building, context)
    _county(pid, building, context)
    for noted in group.others:
        if noted.segment.name == "PD1":
            rules.run(noted.segment, building, context)
            _living_will(noted.segment, building, context, rules)
    for visit in group.visits[:1]:
        rules.run(visit.pv1, building, context)
    _last_update(pid, building, context, rules)
    if context.event in _DELETING:
        building.resource["active"] = False
    return building


def patient_of(
    segment: Segment, context: Context, fields: tuple[int, ...] = (3, 2, 4, 18, 19), like: Segment | None = None
) -> Building:
    """The draft of the Patient whom the identifiers in `fields` name: of PID, or of MRG, for which PID is `like`."""
    found = patient_identity(segment, context, fields, like)
    if found is None:
        where = segment.name
        context.issue("patient-identity", "no identifier: the patient is known by this message only", where, "error")
        found = Identity(*[Registration("message", f"{context.control}|{context.time}|{segment.ordinal}")] * 2)
    building = context.draft("Patient", *found.now, None)
    building.patient = building.resource["id"]
    building.formerly = formerly(found.now, found.before, context.id_of)
    return building


def patient_identity(
    segment: Segment, context: Context, fields: tuple[int, ...], like: Segment | None = None
) -> Identity | None:
    """How the Patient is known whom the identifiers in `fields` name; None if there is no usable one.

    `like`: the PID of an MRG, whose numbers tell what a number of MRG that names no authority means.
    """
    context.segment = segment
    best = min(_candidates(segment, context, fields, like), default=None)
    return None if best is None else best[2]


def alike(found: Number, place: str, like: Segment | None, context: Context) -> Number:
    """A number of MRG at the `place` it stood in: with authority and kind of those there, if it names none itself.

    Senders leave them out most of all in merges, and mean a number of the same kind.
    """
    if like is None or any(found.authority) or context.habits.profile.rule(place, found.authority, found.kind):
        return found
    for rep in like.repetitions(int(place.partition("-")[2])):
        other = number(rep)
        if other is not None and found.kind in {"", other.kind}:
            return Number(found.value, other.authority, other.kind)
    return found


def _candidates(
    segment: Segment, context: Context, fields: tuple[int, ...], like: Segment | None
) -> Iterator[tuple[int, int, Identity]]:
    """Rank and order of every usable identifier, and the Patient it names."""
    profile = context.habits.profile
    for order, n in enumerate(fields):
        place = f"{segment.name}-{n}"
        place = STOOD_IN.get(place, place)
        for i, rep in enumerate(segment.repetitions(n)):
            found = number(rep)
            if found is None or is_nobodys(found.value) or not profile.identifies(found.value):
                continue
            found = alike(found, place, like, context)
            meant = meaning(found, context, place)
            rank = meant.rank if meant.rank is not None else 100 + order * 10 + _preference(meant.type or found.kind)
            yield rank, i, Identity(meant.registration(found.value), Registration(meant.key, found.value))


def _preference(kind: str) -> int:
    if kind in PREFERRED:
        return PREFERRED.index(kind)
    return 9 if kind in SHARED else len(PREFERRED)


def _county(pid: Segment, patient: Building, context: Context) -> None:
    """PID-12, the county: part of the only address, unless that names another; else an address of its own."""
    repetitions = pid.repetitions(12)
    county = first_text(repetitions[0], context) if repetitions else None
    if not county:
        return
    addresses = patient.resource.setdefault("address", [])
    if len(addresses) == 1 and addresses[0].setdefault("district", county) == county:
        pass
    else:
        addresses.append({"district": county})
    context.took(pid, 12, mapped("Patient.address[].district"))


def _living_will(pd1: Segment, patient: Building, context: Context, rules: Rules) -> None:
    """PD1-7: an Observation, one for each patient."""
    if not field(pd1, 7):
        return
    building = context.draft("Observation", patient.resource["id"], "living-will", patient.patient)
    building.resource |= {"status": "final", "code": {"coding": [_LIVING_WILL.copy()]}, "subject": patient.reference}
    rules.run(pd1, building, context)


def _last_update(pid: Segment, patient: Building, context: Context, rules: Rules) -> None:
    """PID-33 and PID-34: when and where the patient was last changed, if both are told.

    It is recorded when the message was sent: a conversion has no clock, and the same message must give the same.
    """
    if not pid.raw(33) and not pid.raw(34):
        return
    facility = field(pid, 34) or field(pid, 34, 1, 2) or field(pid, 34, 2)
    context.segment, context.rep = pid, 1
    if not field(pid, 33) or facility in PLACEHOLDERS or not context.sent:
        for context.field in (33, 34):
            context.note("refused", "says nothing unless both the time and the facility of the change are told")
        return
    key = f"{field(pid, 33)}|{facility}"
    building = context.draft("Provenance", patient.resource["id"], key, patient.patient, merge="replace")
    building.resource["target"] = [patient.reference]
    rules.run(pid, building, context)
    context.segment, context.field, context.rep = pid, 34, 1
    building.resource["recorded"] = context.sent
    building.resource["activity"] = {"coding": [{"system": _OPERATION, "code": "UPDATE", "display": "revise"}]}
    kind = {"coding": [{"system": _AGENT, "code": "performer", "display": "Performer"}]}
    who = known("Organization", Number(facility, (field(pid, 34), field(pid, 34, 2), field(pid, 34, 3))), context)
    building.resource["agent"] = [{"type": kind, "who": who.reference}]
    context.took(pid, 34, mapped("Provenance.agent[].who"))
