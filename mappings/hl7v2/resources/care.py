"""PRB, GOL and PTH (PPR, PGL, PPG): problems, goals and pathways, and what they have to do with each other.

Each is known by its own number, else by patient and code. The action code says whether it is added, changed or taken
away (DE): what is taken away was entered in error, no resource goes.
"""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.groups import Noted, PatientGroup
from mappings.hl7v2.leaves import field
from mappings.hl7v2.resources.case import coded, numbered
from mappings.hl7v2.resources.notes import add_notes
from mappings.hl7v2.trace import mapped

_ADDED: Final = "AD"
_DELETED: Final = "DE"
#: Segment, resource, field of the code and of the number.
_KINDS: Final = {"PRB": ("Condition", 3, 4), "GOL": ("Goal", 3, 4), "PTH": ("CarePlan", 2, 3)}
_ASSERTED: Final = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ERROR: Final = "entered-in-error"
_OVER: Final = frozenset({"inactive", "remission", "resolved"})
_CATEGORY: Final = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/condition-category",
            "code": "problem-list-item",
            "display": "Problem List Item",
        }
    ],
}


def care(group: PatientGroup, patient: Building | None, visit: Building | None, context: Context, rules: Rules) -> None:
    """The problems, goals and pathways of a patient; a goal is for the problems named around it."""
    made: dict[str, list[Building]] = {"PRB": [], "GOL": [], "PTH": []}
    for noted in group.others:
        if noted.segment.name in _KINDS:
            made[noted.segment.name].append(_made(noted, patient, visit, context, rules))
    problems = [each.reference for each in made["PRB"]]
    for goal in made["GOL"] if problems else ():
        goal.resource["addresses"] = problems
    for plan in made["PTH"]:
        if problems:
            plan.resource["addresses"] = problems
        if made["GOL"]:
            plan.resource["goal"] = [each.reference for each in made["GOL"]]


def _made(noted: Noted, patient: Building | None, visit: Building | None, context: Context, rules: Rules) -> Building:
    segment = noted.segment
    rtype, code, number = _KINDS[segment.name]
    owner = patient.patient if patient else None
    if field(segment, number):
        identity = numbered(segment, number, segment.name)
    else:
        identity = f"{segment.name}|{owner or context.control}", coded(segment, code)
    building = context.draft(rtype, *identity, owner)
    resource = building.resource
    resource["subject"] = patient.reference if patient else unknown()
    if visit is not None and rtype != "Goal":
        resource["encounter"] = visit.reference
    rules.run(segment, building, context)
    add_notes(noted.notes, building, context)
    _COMPLETE[rtype](building, deleted=field(segment, 1) == _DELETED)
    context.took(segment, 1, mapped(_STATUS[rtype]))
    if rtype == "Condition" and field(segment, 2) and field(segment, 1) != _ADDED:
        context.segment, context.field, context.rep = segment, 2, 1
        context.note("refused", "tells when the sender acted on the problem")
    return building


def _problem(building: Building, *, deleted: bool) -> None:
    resource = building.resource
    resource["category"] = [dict(_CATEGORY), *resource.get("category", ())]
    asserted = next((each for each in resource.get("extension", ()) if each["url"] == _ASSERTED), None)
    if asserted and "valueDateTime" in asserted and "recordedDate" not in resource:
        building.defaults["recordedDate"] = asserted["valueDateTime"]
    if deleted:
        resource["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": _ERROR}]}
    if _code(resource, "verificationStatus") == _ERROR:
        resource.pop("clinicalStatus", None)  # con-5: what was entered in error has none
        building.clears["clinicalStatus"] = None
        return
    abated = "abatementDateTime" in resource
    if abated and _code(resource, "clinicalStatus") not in _OVER:
        resource["clinicalStatus"] = _clinical("resolved")  # con-4: what has ended is not active
    elif "clinicalStatus" not in resource:
        building.defaults["clinicalStatus"] = _clinical("active")


def _code(resource: Json, name: str) -> str:
    """The code of a status; the one of R4 is the first."""
    coding = resource.get(name, {}).get("coding", ())
    return str(coding[0].get("code", "")) if coding else ""


def _clinical(code: str) -> Json:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": code}]}


def _goal(building: Building, *, deleted: bool) -> None:
    resource = building.resource
    resource.setdefault("description", {"text": "not told"})
    _life(building, "lifecycleStatus", "active", deleted=deleted)


def _plan(building: Building, *, deleted: bool) -> None:
    building.resource["intent"] = "plan"
    _life(building, "status", "active", deleted=deleted)


def _life(building: Building, name: str, default: str, *, deleted: bool) -> None:
    if deleted:
        building.resource[name] = _ERROR
    elif name not in building.resource:
        building.defaults[name] = default


_COMPLETE: Final = {"Condition": _problem, "Goal": _goal, "CarePlan": _plan}
_STATUS: Final = {
    "Condition": "Condition.verificationStatus",
    "Goal": "Goal.lifecycleStatus",
    "CarePlan": "CarePlan.status",
}
