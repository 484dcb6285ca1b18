"""ROL and PRT: who takes part in the care of a patient, in a visit, a procedure or an observation, and as what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.references import organization, practitioner
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.paths import LONG_LISTS, append
from mappings.hl7v2.resources.contact_choice import prefer
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.resources.related import is_patient, person
from mappings.hl7v2.trace import mapped


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where a segment has what both have. `kind` is the person's provider type where that makes a role of it."""

    number: int
    role: int
    person: int
    organization: int
    place: int
    address: int
    kind: int


_FIELDS: Final = {"ROL": _Fields(1, 3, 4, 14, 13, 11, 0), "PRT": _Fields(0, 4, 5, 8, 9, 14, 6)}
PRIMARY: Final = "PP"
#: Names of coding systems (component 3) of roles that are relationships to the patient.
_RELATIONS: Final = frozenset({"HL70063"})
#: Kinds of address (XAD-7) that are a place's or an organisation's; all others are the person's.
_OF_PLACE: Final = frozenset({"M", "O", "S", "SH", "TM"})
_OF_ORGANIZATION: Final = frozenset({"B", "BI", "L"})


def patient_team(parts: Iterable[Segment], patient: Building, context: Context, rules: Rules) -> None:
    """Behind PID: the general practitioner (PP), and all others as members of the patient's care team."""
    for segment in parts:
        fields = _FIELDS.get(segment.name)
        if fields is None:
            continue
        if field(segment, fields.role) == PRIMARY:
            _general_practitioner(segment, fields, patient, context, rules)
        else:
            _member(segment, fields, patient, context, rules)


def visit_team(parts: Iterable[Segment], visit: Building, context: Context, rules: Rules) -> None:
    """Behind PV1: participants of the visit."""
    for segment in parts:
        fields = _FIELDS.get(segment.name)
        if fields is None:
            continue
        before = len(visit.resource.get("participant", ()))
        rules.run(segment, visit, context)
        participants = visit.resource.setdefault("participant", [])
        if len(participants) == before:
            participants.append({})
        mend_period(participants[-1], "period", segment, context)
        participants[-1]["individual"] = role(segment, visit, context, rules).reference


def performers(parts: Iterable[Segment], procedure: Building, context: Context, rules: Rules) -> None:
    """Behind PR1: performers of the procedure; one who is nobody performs nothing."""
    for segment in parts:
        if segment.name in _FIELDS:
            rules.run(segment, procedure, context)
    listed = [each for each in procedure.resource.get("performer", ()) if "actor" in each]
    if listed:
        procedure.resource["performer"] = listed
    else:
        procedure.resource.pop("performer", None)


def role(segment: Segment, about: Building, context: Context, rules: Rules) -> Building:
    """The PractitionerRole of a ROL or PRT, known by what it is about, and by its number or its person and role."""
    fields = _FIELDS[segment.name]
    who = field(segment, fields.person) or "".join(field(segment, fields.person, comp) for comp in (2, 3))
    said = "|".join((who, field(segment, fields.role), field(segment, fields.organization)))
    key = (field(segment, fields.number) if fields.number else "") or said
    building = context.draft("PractitionerRole", f"{segment.name}|{about.resource['id']}", key, None)
    rules.run(segment, building, context)
    mend_period(building.resource, "period", segment, context)
    if segment.name == "PRT":
        prefer(segment, building, context)
    _about_others(segment, fields, building.resource, context, rules)
    return building


def _about_others(segment: Segment, fields: _Fields, resource: Json, context: Context, rules: Rules) -> None:
    """What the segment says of the person, the place and the organisation themselves: the address by its kind."""
    of = {
        "Practitioner": context.made(resource.get("practitioner")),
        "Location": context.made(next(iter(resource.get("location", ())), None)),
        "Organization": context.made(resource.get("organization")),
    }
    kind = field(segment, fields.address, 7) if segment.name == "ROL" else ""
    owner = "Location" if kind in _OF_PLACE else "Organization" if kind in _OF_ORGANIZATION else "Practitioner"
    for rtype in {owner if of[owner] else "Practitioner", "Organization"}:
        building = of[rtype]
        if building is not None:
            rules.run(segment, building, context)


def _general_practitioner(segment: Segment, fields: _Fields, patient: Building, context: Context, rules: Rules) -> None:
    """The person alone where nothing else is said of them, else the role they have."""
    more = any(segment.raw(n) for n in range(fields.person + 1, segment.fields_count + 1))
    if more or segment.name == "ROL":
        found: Json | None = role(segment, patient, context, rules).reference
    else:
        context.segment, context.field, context.rep = segment, fields.person, 1
        repetitions = segment.repetitions(fields.person)
        found = practitioner(repetitions[0], context) if repetitions else None
        context.took(segment, fields.person, mapped("Patient.generalPractitioner[]"))
        context.took(segment, fields.role, mapped("Patient.generalPractitioner[]"))
    if found is not None:
        append(patient.resource, "generalPractitioner", found, {LONG_LISTS: context.long_lists})


def _member(segment: Segment, fields: _Fields, patient: Building, context: Context, rules: Rules) -> None:
    team = care_team(patient, context)
    before = len(team.resource.get("participant", ()))
    rules.run(segment, team, context)
    participants = team.resource.setdefault("participant", [])
    if len(participants) == before:
        participants.append({})
    made = participants[-1]
    mend_period(made, "period", segment, context)
    member = _who(segment, fields, patient, context, rules) or _organization(segment, fields, context, rules)
    if member is not None:
        made["member"] = member
    if not made:
        participants.pop()


def care_team(patient: Building, context: Context) -> Building:
    """The CareTeam of a patient at this facility."""
    team = context.draft("CareTeam", patient.resource["id"], "care-team", patient.patient)
    team.resource["subject"] = patient.reference
    team.defaults["status"] = "active"
    return team


def _who(segment: Segment, fields: _Fields, patient: Building, context: Context, rules: Rules) -> Json | None:
    """The member: the patient, somebody related to them, or a practitioner.

    Where kind of provider or organisation is told too, it is the role: whether a member may act on behalf of another is
    a matter of its type (R4, ctm-1), which a reference alone does not tell.
    """
    repetitions = segment.repetitions(fields.person)
    context.segment, context.field, context.rep = segment, fields.person, 1
    context.took(segment, fields.person, mapped("CareTeam.participant[].member"))
    if field(segment, fields.role, 3) in _RELATIONS:
        if is_patient(segment, fields.role):
            return patient.reference
        return related_person(segment, patient, context, rules).reference if repetitions else None
    of = bool(repetitions) and bool(segment.raw(fields.organization))
    if of or (fields.kind and field(segment, fields.kind)):
        return role(segment, patient, context, rules).reference
    found = practitioner(repetitions[0], context) if repetitions else None
    building = context.made(found)
    if building is not None and segment.name == "PRT":
        rules.run(segment, building, context)
    return found


def related_person(segment: Segment, patient: Building, context: Context, rules: Rules) -> Building:
    """The RelatedPerson of a ROL or PRT: known by number, else by name and relationship as in NK1."""
    fields = _FIELDS[segment.name]
    name = "".join(field(segment, fields.person, comp) for comp in (2, 3, 4))
    key = field(segment, fields.person) or f"{name}|{field(segment, fields.role)}"
    building = person(patient, key, context)
    rules.run(segment, building, context)
    mend_period(building.resource, "period", segment, context)
    if segment.name == "PRT":
        prefer(segment, building, context)
    return building


def _organization(segment: Segment, fields: _Fields, context: Context, rules: Rules) -> Json | None:
    repetitions = segment.repetitions(fields.organization)
    context.segment, context.field, context.rep = segment, fields.organization, 1
    named = organization(repetitions[0], context) if repetitions else None
    building = context.made(named)
    if named is not None:
        context.took(segment, fields.organization, mapped("CareTeam.participant[].member"))
    if building is not None:
        rules.run(segment, building, context)
    return named
