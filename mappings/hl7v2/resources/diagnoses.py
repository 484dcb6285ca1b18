"""DG1: the diagnoses of a patient, listed by their stay and by the episode it belongs to."""

from __future__ import annotations

from typing import Final

from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field, says_something
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.coding_methods import name_system
from mappings.hl7v2.trace import mapped

_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/condition-category"
_OF_ENCOUNTER: Final = {"system": _CATEGORY, "code": "encounter-diagnosis", "display": "Encounter Diagnosis"}
_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def diagnosis(
    segment: Segment,
    patient: Building,
    visit: Building | None,
    episode: Building | None,
    context: Context,
    rules: Rules,
) -> None:
    """One DG1: known by the stay (else the patient), its number or code, and its type."""
    if not says_something(segment, 3):
        return
    owner = visit.resource["id"] if visit else patient.resource["id"]
    named = field(segment, 20) or field(segment, 3) or field(segment, 3, 2) or field(segment, 4)
    key = f"{named or '#' + str(segment.ordinal)}|{field(segment, 6)}"
    building = context.draft("Condition", owner, key, patient.patient)
    context.became[segment.position] = building
    building.resource["subject"] = patient.reference
    for holder in filter(None, (visit, episode)):
        _list(segment, holder, building, context, rules)
    if visit is not None:
        building.resource["encounter"] = visit.reference
    rules.run(segment, building, context)
    name_system(segment, building, context)
    _verification(segment, building, context)


def _list(segment: Segment, holder: Building, condition: Building, context: Context, rules: Rules) -> None:
    before = len(holder.resource.get("diagnosis", ()))
    rules.run(segment, holder, context)
    diagnoses = holder.resource.setdefault("diagnosis", [])
    if len(diagnoses) == before:
        diagnoses.append({})
    diagnoses[-1]["condition"] = condition.reference


def _verification(segment: Segment, building: Building, context: Context) -> None:
    """DG1-21 D: the diagnosis was stated in error."""
    building.resource["category"] = [{"coding": [dict(_OF_ENCOUNTER)]}]
    if field(segment, 21) == "D":
        building.resource["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": "entered-in-error"}]}
        context.took(segment, 21, mapped("Condition.verificationStatus"))
