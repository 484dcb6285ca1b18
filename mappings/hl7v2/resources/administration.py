"""Patient administration: all that a message says of one patient besides orders and results."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import PatientGroup
from mappings.hl7v2.resources.account import account, account_of
from mappings.hl7v2.resources.allergies import allergy
from mappings.hl7v2.resources.charges import charge
from mappings.hl7v2.resources.circumstances import OF_STAY, death, disability, of_stay
from mappings.hl7v2.resources.diagnoses import diagnosis
from mappings.hl7v2.resources.insurance import coverages
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.resources.procedures import procedure
from mappings.hl7v2.resources.related import related
from mappings.hl7v2.resources.restrictions import restrict
from mappings.hl7v2.resources.taking_part import patient_team
from mappings.hl7v2.resources.visit import encounter

#: Events that may name the account a patient had before (MRG-3), without saying what became of it (v2.5.1, 3.3.6).
_ACCOUNT_BEFORE: Final = frozenset({"A06", "A07"})
#: Segments of the patient whose notes nobody else takes.
_OF_PATIENT: Final = frozenset(
    {"PD1", "NK1", "GT1", "IN1", "IN2", "IN3", "AL1", "IAM", "DG1", "ACC", "PDA", "DB1", "MRG"}
)


def administer(group: PatientGroup, patient: Building, context: Context, rules: Rules) -> list[Building]:
    """Everything around the patient; returns the visits."""
    related(group, patient, context, rules)
    if group.pid is not None and group.pid.parts:
        patient_team(group.pid.parts, patient, context, rules)
        restrict(group.pid.parts, patient, patient, context, rules)
    owner = account(group, patient, context, rules)
    visits = visits_of(group, patient, context, rules)
    if owner is not None:
        for each in visits:
            each.resource["account"] = [owner.reference]
    coverages(group, patient, owner, context, rules)
    _segments(group, patient, visits[0] if visits else None, owner, context, rules)
    _notes(group, patient, context)
    return visits


def _notes(group: PatientGroup, patient: Building, context: Context) -> None:
    """Notes behind the patient's segments are of what these became; of the patient where that is an element of it."""
    if group.pid is not None:
        add_notes(group.pid.notes, patient, context)
    for noted in group.others:
        if noted.segment.name in _OF_PATIENT:
            add_notes(noted.notes, context.became.get(noted.segment.position, patient), context)


def visits_of(group: PatientGroup, patient: Building | None, context: Context, rules: Rules) -> list[Building]:
    """The Encounters of a group."""
    made = (encounter(visit, group, patient, context, rules) for visit in group.visits)
    return [each for each in made if each is not None]


def _segments(
    group: PatientGroup,
    patient: Building,
    visit: Building | None,
    owner: Building | None,
    context: Context,
    rules: Rules,
) -> None:
    episodes = visit.resource.get("episodeOfCare", ()) if visit else ()
    episode = context.made(episodes[0]) if episodes else None
    for noted in group.others:
        name = noted.segment.name
        if name in {"AL1", "IAM"}:
            allergy(noted.segment, patient, context, rules)
        elif name == "DG1":
            diagnosis(noted.segment, patient, visit, episode, context, rules)
        elif name == "PR1":
            procedure(noted, patient, visit, context, rules)
        elif name == "MRG" and context.event in _ACCOUNT_BEFORE:
            before = account_of(noted.segment, 3, patient, context, rules)
            if before is not None:
                before.defaults["status"] = "unknown"
        elif name == "FT1":
            charge(noted, patient, visit, owner, context, rules)
        elif name in OF_STAY:
            of_stay(noted.segment, visit, context, rules)
        elif name == "PDA":
            death(noted.segment, patient, context, rules)
        elif name == "DB1":
            disability(noted.segment, patient, context, rules)
