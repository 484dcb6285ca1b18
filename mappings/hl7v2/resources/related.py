"""NK1 and PID-21: the people and organisations a patient names.

A next of kin is a RelatedPerson and, as a way to reach somebody, a contact of the Patient. An employer, an insurer or
an agency is a contact alone.
"""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.identifiers import CX_PARTS, identifier, number
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import PatientGroup
from mappings.hl7v2.leaves import field, says_something
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.trace import Mapped

#: Relationships (NK1-3) of those who are no person: employer and agencies (HL7/v2-to-fhir, messages ADT_A01).
_NO_PERSON: Final = frozenset({"EMR", "E", "F", "I", "S"})
#: What makes a contact worth having (R4 patient.html, invariant pat-1).
_REACHES: Final = frozenset({"name", "telecom", "address", "organization"})
_MOTHERS_NUMBER: Final = Mapped("RelatedPerson.identifier", CX_PARTS)


def related(group: PatientGroup, patient: Building, context: Context, rules: Rules) -> None:
    """Everybody PID-21 and the NK1 segments of a patient name."""
    if group.pid is not None:
        _mother(group.pid.segment, patient, context)
    for noted in group.others:
        segment = noted.segment
        if segment.name == "NK1" and says_something(segment):
            _contact(segment, patient, context, rules)
            if field(segment, 3) not in _NO_PERSON:
                _next_of_kin(segment, patient, context, rules)


def _contact(segment: Segment, patient: Building, context: Context, rules: Rules) -> None:
    before = len(patient.resource.get("contact", ()))
    rules.run(segment, patient, context)
    made = patient.resource.get("contact", [])
    if len(made) == before:
        return
    mend_period(made[-1], "period", segment, context)
    organization = context.made(made[-1].get("organization"))
    if organization is not None:
        rules.run(segment, organization, context)
    if not _REACHES & made[-1].keys():
        del made[-1]
    if not made:
        del patient.resource["contact"]


def is_patient(segment: Segment, n: int) -> bool:
    """Whether the relationship in field `n` (v2 table 0063) says that it is the patient."""
    found = table("relationship").get(field(segment, n))
    return found is not None and found.code == "ONESELF"


def person(patient: Building, key: str, context: Context) -> Building:
    """The RelatedPerson of a patient who is known by `key`."""
    found = context.draft("RelatedPerson", patient.resource["id"], key, patient.patient)
    found.resource["patient"] = patient.reference
    return found


def _mother(pid: Segment, patient: Building, context: Context) -> None:
    """PID-21: the mother is known by her identifier."""
    context.segment, context.field = pid, 21
    for rep, repetition in enumerate(pid.repetitions(21), 1):
        context.rep = rep
        made = identifier(repetition, context)
        if made is None:
            continue
        mother = person(patient, f"MTH|{made['system']}|{made['value']}", context)
        mother.resource["identifier"] = [made]
        coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH", "display": "mother"}
        mother.resource["relationship"] = [{"coding": [coding]}]
        context.took(pid, 21, _MOTHERS_NUMBER, rep)


def _next_of_kin(segment: Segment, patient: Building, context: Context, rules: Rules) -> None:
    """Known by their own number, else by name and relationship, so that a changed order changes nothing."""
    context.segment = segment
    numbers = segment.repetitions(33) or segment.repetitions(12)
    own = number(numbers[0]) if numbers else None
    name = "".join(field(segment, 2, comp) for comp in (1, 2, 3))
    key = own.value if own else f"{name}|{field(segment, 3)}" if name else f"#{field(segment, 1) or segment.ordinal}"
    building = person(patient, key, context)
    context.became[segment.position] = building
    rules.run(segment, building, context)
    mend_period(building.resource, "period", segment, context)
