"""IN1, IN2, IN3 and PV1-20: what a patient is covered by, and who manages the case."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import fresh
from mappings.hl7v2.datatypes.identifiers import CX_PARTS, number
from mappings.hl7v2.datatypes.references import XON_PARTS, known, organization
from mappings.hl7v2.datatypes.times import date_time, period
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Noted, PatientGroup
from mappings.hl7v2.leaves import clean, field, leaf, says_something
from mappings.hl7v2.parser import Repetition, Segment
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.resources.related import is_patient, person
from mappings.hl7v2.resources.taking_part import care_team
from mappings.hl7v2.trace import Mapped, mapped

_GROUP: Final = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/coverage-class", "code": "group"}]}
_NAMED_GROUP: Final = Mapped("Coverage.class[]", {"1": "name", "3": "value", "10": "value"})
_MANAGER: Final = {"coding": [{"system": "http://snomed.info/sct", "code": "768832004"}], "text": "case manager"}


def coverages(
    group: PatientGroup, patient: Building, owner: Building | None, context: Context, rules: Rules
) -> list[Building]:
    """The Coverages of the IN1 segments and of the financial class (PV1-20); `owner` is the account they pay for."""
    made = [
        found
        for noted in group.others
        if noted.segment.name == "IN1" and (found := _coverage(noted, patient, context, rules)) is not None
    ]
    for visit in group.visits[:1]:
        made = _with_class(visit.pv1, made, patient, context, rules)
    for coverage in made:
        coverage.defaults["status"] = "active"
        coverage.resource.setdefault("payor", [unknown()])
        coverage.resource["beneficiary"] = patient.reference
        if owner is not None:
            owner.resource.setdefault("coverage", []).append({"coverage": coverage.reference})
    return made


def _coverage(noted: Noted, patient: Building, context: Context, rules: Rules) -> Building | None:
    """Known by the policy (IN1-36, else IN1-49), the plan and the company."""
    segment = noted.segment
    if not says_something(segment):
        return None
    key = "|".join((field(segment, 36) or field(segment, 49), field(segment, 2), field(segment, 3)))
    building = context.draft("Coverage", patient.resource["id"], key, patient.patient)
    context.became[segment.position] = building
    resource = building.resource
    rules.run(segment, building, context)
    mend_period(resource, "period", segment, context)
    _groups(segment, resource, context)
    _payor(segment, resource, context, rules)
    _holder(segment, resource, context)
    insured = _subscriber(segment, patient, resource, context, rules)
    for part in noted.parts:
        rules.run(part, building, context)
        if part.name == "IN2":
            _further(part, resource, insured, context, rules)
        elif part.name == "IN3":
            _case_manager(part, patient, context)
    return building


def _groups(segment: Segment, resource: Json, context: Context) -> None:
    """IN1-9: names of the group IN1-8 numbers; one with a number of its own is another class."""
    classes = resource.setdefault("class", [])
    for rep, named in enumerate(segment.repetitions(9), 1):
        name, number_of_it = leaf(named, 1), leaf(named, 10) or leaf(named, 3)
        numbered = next((each for each in classes if each["type"] == _GROUP and "name" not in each), None)
        if name and not number_of_it and numbered is not None:
            numbered["name"] = name
        elif name or number_of_it:
            stated = {"type": fresh(_GROUP), "value": number_of_it or name, **({"name": name} if name else {})}
            classes.append(stated)
        else:
            continue
        context.took(segment, 9, _NAMED_GROUP, rep)
    if not classes:
        del resource["class"]


def _further(segment: Segment, resource: Json, insured: Building | None, context: Context, rules: Rules) -> None:
    """IN2: who else pays (IN2-25), the organisation that is insured (IN2-69), and more of the insured."""
    if insured is not None:
        rules.run(segment, insured, context)
    context.segment, context.field, context.rep = segment, 25, 1
    payers = segment.repetitions(25)
    found = number(payers[0]) if payers else None
    if found is not None:
        resource.setdefault("payor", []).append(_in_force(known("Organization", found, context), payers[0], context))
        context.took(segment, 25, mapped("Coverage.payor[]", frozenset(CX_PARTS.items())), 1)
    context.field = 69
    holders = segment.repetitions(69)
    named = organization(holders[0], context) if holders and "policyHolder" not in resource else None
    if named is not None:
        resource["policyHolder"] = named
        context.took(segment, 69, mapped("Coverage.policyHolder", frozenset(XON_PARTS.items())), 1)


def _in_force(company: Building, rep: Repetition, context: Context) -> Json:
    """Reference to a company whose number is in force for a time (CX.7 and CX.8)."""
    span = period(date_time(rep, context, 7), date_time(rep, context, 8))
    if span:
        company.resource["identifier"][0].setdefault("period", span)
    return company.reference


def _payor(segment: Segment, resource: Json, context: Context, rules: Rules) -> None:
    """IN1-4, the company by name; where it has no number of its own, IN1-3 is it."""
    context.segment, context.field, context.rep = segment, 4, 1
    names, numbers = segment.repetitions(4), segment.repetitions(3)
    named = organization(names[0], context) if names else None
    found = number(numbers[0]) if numbers else None
    if context.made(named) is None and found is not None:
        company = known("Organization", found, context)
        if field(segment, 4):
            company.resource.setdefault("name", field(segment, 4))
        context.field = 3
        named = _in_force(company, numbers[0], context) | ({"display": field(segment, 4)} if field(segment, 4) else {})
        context.took(segment, 3, mapped("Coverage.payor[]"))
    if named is None:
        return
    context.took(segment, 4, mapped("Coverage.payor[]"))
    resource["payor"] = [named]
    company_made = context.made(named)
    if company_made is not None:
        rules.run(segment, company_made, context)


def _holder(segment: Segment, resource: Json, context: Context) -> None:
    """IN1-10 and IN1-11: the group that holds the policy, with the number it has at the insurer."""
    context.segment, context.field, context.rep = segment, 11, 1
    names, numbers = segment.repetitions(11), segment.repetitions(10)
    named = organization(names[0], context) if names else None
    context.field = 10
    found = number(numbers[0]) if numbers else None
    holder = context.made(named)
    if found is not None and (named is not None or found.kind != "SN"):
        if holder is None:
            holder = known("Organization", found, context)
            if field(segment, 11):
                holder.resource.setdefault("name", field(segment, 11))
        context.took(segment, 10, mapped("Coverage.policyHolder"))
    if holder is not None:
        resource["policyHolder"] = holder.reference
    elif named is not None:
        resource["policyHolder"] = named
    if named is not None:
        context.took(segment, 11, mapped("Coverage.policyHolder"))


def _subscriber(segment: Segment, patient: Building, resource: Json, context: Context, rules: Rules) -> Building | None:
    """IN1-16 and IN1-17: the patient, or somebody related to them, who is answered."""
    relationship = field(segment, 17)
    name = "".join(field(segment, 16, comp) for comp in (1, 2, 3))
    if is_patient(segment, 17):
        resource["subscriber"] = patient.reference
        for n in (16, 17):
            context.took(segment, n, mapped("Coverage.subscriber"))
    elif name:
        insured = person(patient, f"{name}|{relationship}", context)
        rules.run(segment, insured, context)
        resource["subscriber"] = insured.reference
        return insured
    return None


def _with_class(
    pv1: Segment, made: list[Building], patient: Building, context: Context, rules: Rules
) -> list[Building]:
    """PV1-20, the financial class: the type of the first coverage, or of one that nothing else is known of."""
    if not field(pv1, 20):
        return made
    if not made:
        made = [context.draft("Coverage", patient.resource["id"], "financial-class", patient.patient)]
    rules.run(pv1, made[0], context)
    mend_period(made[0].resource, "period", pv1, context)
    return made


def _case_manager(segment: Segment, patient: Building, context: Context) -> None:
    name = clean(segment.repetitions(21)[0].plain()) if segment.repetitions(21) else ""
    if name and name != '""':
        member = {"role": [dict(_MANAGER)], "member": {"display": name}}
        care_team(patient, context).resource.setdefault("participant", []).append(member)
        context.took(segment, 21, mapped("CareTeam.participant[].member"))
