"""What is told beside a stay or a patient: accident, group of costs, bill (ACC, DRG, UB1, UB2), death and disability.

R4 has accidents, groups and bills in claims alone, which the hub does not hold: they are extensions of the stay.
"""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.coded import CONCEPT_PARTS, concept
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field, says_something
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.trace import mapped

#: Segments whose rows fill the stay they are told with.
OF_STAY: Final = frozenset({"ACC", "DRG", "UB1", "UB2"})
_CAUSE: Final = {"coding": [{"system": "http://loinc.org", "code": "79378-6", "display": "Cause of death"}]}
_AUTOPSY: Final = {
    "coding": [{"system": "http://snomed.info/sct", "code": "29240004", "display": "Autopsy examination"}]
}
_DISABILITY: Final = {"coding": [{"system": "http://snomed.info/sct", "code": "21134002", "display": "Disability"}]}
_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/condition-category"
_CONCEPT: Final = frozenset(CONCEPT_PARTS.items())
#: Whose disability DB1-2 tells of (v2 table 0334): the patient's, also where nobody is named.
_PATIENT: Final = frozenset({"", "PT"})


def of_stay(segment: Segment, visit: Building | None, context: Context, rules: Rules) -> None:
    """ACC, DRG, UB1 and UB2: parts of the stay."""
    if visit is None:
        context.refuse(segment, "the message names no visit it belongs to")
    else:
        rules.run(segment, visit, context)


def death(segment: Segment, patient: Building, context: Context, rules: Rules) -> None:
    """PDA: the patient is dead; of what, as an Observation, and the autopsy as a Procedure."""
    if not says_something(segment, 1):
        return
    patient.defaults["deceasedBoolean"] = True
    told = any(segment.raw(n) for n in (1, 2, 3, 4, 5, 9))
    if told:
        _cause(segment, patient, context, rules)
    if any(segment.raw(n) for n in (6, 7, 8)):
        _autopsy(segment, patient, context, rules)


def _cause(segment: Segment, patient: Building, context: Context, rules: Rules) -> None:
    building = context.draft("Observation", patient.resource["id"], "cause of death", patient.patient)
    resource = building.resource
    resource |= {"status": "final", "code": dict(_CAUSE), "subject": patient.reference}
    rules.run(segment, building, context)
    context.segment, context.field = segment, 1
    causes: list[Json] = []
    for context.rep, repetition in enumerate(segment.repetitions(1), 1):
        cause = concept(repetition, context)
        if cause:
            causes.append(cause)
            context.took(segment, 1, mapped("Observation.value[x]", _CONCEPT), context.rep)
    if len(causes) == 1:
        resource["valueCodeableConcept"] = causes[0]
    elif causes:
        resource["component"] = [{"code": dict(_CAUSE), "valueCodeableConcept": cause} for cause in causes]


def _autopsy(segment: Segment, patient: Building, context: Context, rules: Rules) -> None:
    building = context.draft("Procedure", patient.resource["id"], "autopsy", patient.patient)
    resource = building.resource
    done = table("yes-no").get(field(segment, 6))
    status = "not-done" if done is not None and done.code == "false" else "completed"
    resource |= {"status": status, "code": dict(_AUTOPSY), "subject": patient.reference}
    rules.run(segment, building, context)
    mend_period(resource, "performedPeriod", segment, context)
    context.took(segment, 6, mapped("Procedure.status"))


def disability(segment: Segment, patient: Building, context: Context, rules: Rules) -> None:
    """DB1 as a Condition, known by its number, else by when it began."""
    if field(segment, 2) not in _PATIENT:
        context.refuse(segment, "is about a guarantor or insured person, of whom no conditions are kept")
        return
    if not says_something(segment):
        return
    key = f"disability|{field(segment, 3) or field(segment, 5) or field(segment, 1)}"
    building = context.draft("Condition", patient.resource["id"], key, patient.patient)
    resource = building.resource
    rules.run(segment, building, context)
    has = table("yes-no").get(field(segment, 4))
    wrong = has is not None and has.code == "false"
    over = "abatementDateTime" in resource
    resource |= {
        "subject": patient.reference,
        "code": dict(_DISABILITY),
        "category": [{"coding": [{"system": _CATEGORY, "code": "problem-list-item", "display": "Problem List Item"}]}],
        "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "inactive" if over or wrong else "active"}]},
        "verificationStatus": {"coding": [{"system": _VERIFICATION, "code": "refuted" if wrong else "confirmed"}]},
    }
    context.took(segment, 2, mapped("Condition.subject"))
    context.took(segment, 4, mapped("Condition.verificationStatus"))
