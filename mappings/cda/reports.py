"""Reports and referrals as a whole: DiagnosticReport of WS/T 483.16, 500.6 and 500.7, ServiceRequest of 483.20."""

from __future__ import annotations

from typing import Final

from hub.kernel.types import Json
from mappings.cda.context import Context, reference
from mappings.cda.stated import all_of, is_of

_SECTIONS: Final = {"imaging": ("RAD", "Radiology"), "laboratory": ("LAB", "Laboratory")}
#: What the report concludes: 检查报告结果-主观提示, 检验报告结果; of an examination 健康评价异常描述.
_CONCLUSIONS: Final = ("DE04.50.132.00", "DE04.50.130.00", "DE04.50.131.00", "DE05.10.032.00")
_REQUESTS: Final = "urn:oid:2.16.156.10011.1.24"


def report_of(kind: str, composition: Json, numbers: list[Json], context: Context) -> None:
    """The DiagnosticReport of a report document, with all its observations as results."""
    made = context.resource("DiagnosticReport", *context.document)
    observed = all_of("Observation", context)
    made |= {"status": "final", "code": composition["type"]}
    if kind in _SECTIONS:
        code, display = _SECTIONS[kind]
        section = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": code, "display": display}
        made["category"] = [{"coding": [section]}]
    performers = [each for each in composition["author"] if "reference" in each]
    issued = composition.get("date", "")
    members: Json = {
        "identifier": [each for each in numbers if each.get("system") != _REQUESTS],
        "basedOn": [
            {"type": "ServiceRequest", "identifier": each} for each in numbers if each.get("system") == _REQUESTS
        ],
        "subject": context.patient,
        "encounter": context.encounter,
        "issued": issued if "T" in issued else "",
        "performer": performers,
        "result": [reference(each) for each in observed],
        "conclusion": _conclusion(observed),
    }
    made |= {name: member for name, member in members.items() if member}


def _conclusion(observed: list[Json]) -> str:
    said = ((each, element) for element in _CONCLUSIONS for each in observed if "valueString" in each)
    return next((str(each["valueString"]) for each, element in said if is_of(each, element)), "")


def referral(composition: Json, context: Context) -> None:
    """The ServiceRequest of a referral, with the diagnoses as its reasons."""
    if context.patient is None:
        return
    made = context.resource("ServiceRequest", *context.document)
    code = {"system": "http://snomed.info/sct", "code": "3457005", "display": "Patient referral"}
    made |= {
        "status": "active",
        "intent": "order",
        "code": {"coding": [code], "text": "转诊"},
        "subject": context.patient,
    }
    author = next((each for each in composition["author"] if "reference" in each), None)
    members: Json = {
        "encounter": context.encounter,
        "authoredOn": composition.get("date", ""),
        "requester": author,
        "reasonReference": [reference(each) for each in all_of("Condition", context)],
        "supportingInfo": [reference(composition)],
    }
    made |= {name: member for name, member in members.items() if member}
