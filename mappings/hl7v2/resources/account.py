"""Accounts: PID-18, the account before (MRG-3), and who answers for them (GT1)."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.identifiers import meaning, number
from mappings.hl7v2.datatypes.references import organization
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import PatientGroup
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.patient import STOOD_IN
from mappings.hl7v2.resources.related import is_patient, person

#: Status of the account by event (v2.5.1 chapter 6: P06 ends it; P01, P05 and P12 state it as it is).
_BY_EVENT: Final = {"P06": "inactive"}


def account(group: PatientGroup, patient: Building, context: Context, rules: Rules) -> Building | None:
    """The Account of PID-18 with its guarantors, who are told of without one; None if there is no account number."""
    if group.pid is None:
        return None
    building = account_of(group.pid.segment, 18, patient, context, rules)
    parties = [
        party
        for noted in group.others
        if noted.segment.name == "GT1" and (party := _guarantor(noted.segment, patient, context, rules)) is not None
    ]
    if building is None:
        return None
    for party in parties:
        listed = building.resource.setdefault("guarantor", [])
        if {"party": party} not in listed:
            listed.append({"party": party})
    building.defaults["status"] = "active"
    if context.event in _BY_EVENT:
        building.resource["status"] = _BY_EVENT[context.event]
    return building


def account_of(segment: Segment, n: int, patient: Building, context: Context, rules: Rules) -> Building | None:
    """The Account that field `n` of PID or MRG names."""
    repetitions = segment.repetitions(n)
    found = number(repetitions[0]) if repetitions else None
    if found is None:
        return None
    place = f"{segment.name}-{n}"
    meant = meaning(found, context, STOOD_IN.get(place, place))
    building = context.draft("Account", meant.key, found.value, patient.patient)
    building.resource["subject"] = [patient.reference]
    rules.run(segment, building, context)
    return building


def _guarantor(segment: Segment, patient: Building, context: Context, rules: Rules) -> dict[str, str] | None:
    """GT1: the patient, a person or an organisation that pays."""
    if is_patient(segment, 11):
        return patient.reference
    name = "".join(field(segment, 3, comp) for comp in (1, 2, 3))
    if name:
        key = field(segment, 2) or f"{name}|{field(segment, 11)}"
        building = person(patient, key, context)
        rules.run(segment, building, context)
        return building.reference
    context.segment, context.field, context.rep = segment, 21, 1
    repetitions = segment.repetitions(21)
    return organization(repetitions[0], context) if repetitions else None
