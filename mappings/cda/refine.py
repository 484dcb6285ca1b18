"""What some types of document say beyond their entries (table refined): the visit, the report, the referral."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.cda.context import Context, reference
from mappings.cda.histories import death, histories
from mappings.cda.prescriptions import prescription
from mappings.cda.reports import is_referred, referral, report_of
from mappings.cda.stated import all_of, stated, words
from mappings.cda.tables import translated

WAY: Final = "DE06.00.108.00"
NEXT: Final = "DE06.00.109.00"
ADMITTED: Final = "DE06.00.092.00"
DISCHARGED: Final = "DE06.00.017.00"
#: Why somebody came: 就诊原因, 主诉.
_REASONS: Final = ("DE05.10.053.00", "DE04.01.119.00")

_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_UNKNOWN: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"}
#: Way of a follow-up visit (CV06.00.207) to the class of the encounter.
_WAYS: Final = {"1": "AMB", "2": "HH", "3": "VR"}
_CLASSES: Final = {"stay": "IMP", "outpatient": "AMB", "examination": "AMB"}


def refine(composition: Json, numbers: list[Json], context: Context) -> None:
    """Add what the type of the document says; `numbers` number the document beside its own id."""
    kinds = translated("refined", context.kind).split("|")
    for kind in kinds:
        if kind in {"follow-up", "stay", "outpatient", "examination"}:
            _visit(kind, composition, context)
        if kind in {"imaging", "laboratory", "examination"}:
            report_of(kind, composition, numbers, context)
    if "registration" in kinds:
        histories(composition, context)
    if "prescription" in kinds:
        prescription(numbers, context)
    if "death" in kinds:
        death(context)
    if "referral" in kinds or is_referred(context):
        referral(composition, context)
    due = stated(NEXT, context)
    if due is not None and "valueDateTime" in due:
        _next_visit(due, context)


def _visit(kind: str, composition: Json, context: Context) -> None:
    """The Encounter a document of this type always tells of, and the visit of everything it holds."""
    way = stated(WAY, context)
    period = _stay(context) if kind == "stay" else _day(way)
    if context.encounter is None and (period or way is not None or kind in {"outpatient", "examination"}):
        made = _encounter(kind, way, context)
        context.encounter = reference(made)
        composition["encounter"] = context.encounter
    if context.encounter is None:
        return
    made = context.drafts[context.encounter["reference"]].resource
    if period:
        made.setdefault("period", period)
        if "end" in made["period"] and made["status"] == "unknown":
            made["status"] = "finished"
    if made["class"] == _UNKNOWN and kind in _CLASSES:
        made["class"] = {"system": _ACT, "code": _CLASSES[kind]}
    if kind in {"stay", "outpatient"}:
        _reasons(made, context)
    _inherit(_day(way).get("start", ""), context)


def _encounter(kind: str, way: Json | None, context: Context) -> Json:
    made = context.entry("Encounter", context.root)
    code = _CLASSES.get(kind) or _WAYS.get(_code(way), "")
    made |= {"status": "finished", "class": {"system": _ACT, "code": code} if code else _UNKNOWN}
    if context.patient:
        made["subject"] = context.patient
    return made


def _reasons(visit: Json, context: Context) -> None:
    """Why somebody came, and what was found."""
    reason = next((said for element in _REASONS if (said := words(element, context))), "")
    found = [{"condition": reference(each)} for each in all_of("Condition", context)]
    visit |= {
        name: each
        for name, each in (("reasonCode", [{"text": reason}] if reason else []), ("diagnosis", found))
        if each
    }


def _code(observed: Json | None) -> str:
    codings = (observed or {}).get("valueCodeableConcept", {}).get("coding", [])
    return str(codings[0]["code"]) if codings else ""


def _day(way: Json | None) -> Json:
    """The day of a visit: the time of the observation that says how it was made."""
    at = (way or {}).get("effectiveDateTime") or (way or {}).get("effectivePeriod", {}).get("start")
    return {"start": at, "end": at} if at else {}


def _stay(context: Context) -> Json:
    """Admission and discharge as the body states them."""
    ends = {"start": stated(ADMITTED, context), "end": stated(DISCHARGED, context)}
    found = {name: end["valueDateTime"] for name, end in ends.items() if end and "valueDateTime" in end}
    if found.get("start", "") > found.get("end", "~"):
        found.pop("end")
    return found


def _inherit(day: str, context: Context) -> None:
    """What was observed at the visit is of the visit, and of its day unless it states another time."""
    for draft in context.drafts.values():
        resource = draft.resource
        if resource["resourceType"] in {"Observation", "Condition", "Procedure"}:
            resource.setdefault("encounter", context.encounter)
        if resource["resourceType"] == "Observation" and day and "effectivePeriod" not in resource:
            resource.setdefault("effectiveDateTime", day)


def _next_visit(due: Json, context: Context) -> None:
    """The next visit as a Task, in the form follow-up forms give it too."""
    made = context.resource("Task", "next-visit", due["id"])
    code = {"system": f"{context.canonical_base}/CodeSystem/form-task", "code": "next-visit", "display": "下次随访"}
    made |= {"status": "requested", "intent": "plan", "code": {"coding": [code], "text": "下次随访"}}
    made |= {"restriction": {"period": {"end": due["valueDateTime"]}}, "focus": reference(due)}
    if context.patient:
        made["for"] = context.patient
    if context.encounter:
        made["encounter"] = context.encounter
