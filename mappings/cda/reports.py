"""Reports and referrals as a whole: DiagnosticReport of WS/T 483.16, 500.6 and 500.7, ServiceRequest of 483.20."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from hub.kernel.types import Json
from mappings.cda.context import Context, reference
from mappings.cda.stated import all_of, is_of, stated
from mappings.referral_task import NO_REFERRAL, REFERRAL, referral_task

_SECTIONS: Final = {"imaging": ("RAD", "Radiology"), "laboratory": ("LAB", "Laboratory")}
#: What the report concludes: 检查报告结果-主观提示, 检验报告结果; of an examination 健康评价异常描述.
_CONCLUSIONS: Final = ("DE04.50.132.00", "DE04.50.130.00", "DE04.50.131.00", "DE05.10.032.00")
REFERRED: Final = "DE06.00.174.00"
#: What vendors call why somebody is referred, and to whom (DE08.10.013.00 is 拟接受医疗机构名称 too).
_REASONS: Final = frozenset({"转诊原因", "转诊原因描述", "转诊理由", "转诊(院)原因", "转院原因"})
_RECEIVERS: Final = frozenset(
    {
        "拟接受医疗机构名称",
        "转入医疗机构名称",
        "转入机构名称",
        "转诊机构",
        "转诊机构名称",
        "转诊机构及科别",
        "转入医院",
        "接收机构名称",
    }
)
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


def is_referred(context: Context) -> bool:
    """Whether a document says that somebody is referred: by its mark, or by a reason where it has none."""
    flag = stated(REFERRED, context)
    if flag is not None:
        return any(_says_yes(flag.get(f"value{kind}")) for kind in ("Boolean", "String", "CodeableConcept"))
    return bool(_named(_REASONS, context))


def _says_yes(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_says_yes(each) for one in value.get("coding", ()) for each in (one.get("code"), one.get("display")))
    return value is True or (isinstance(value, str) and value.strip().lower() in {"true", "1", "是", "有", "t", "y"})


def _named(names: Collection[str], context: Context) -> str:
    """What an Observation of one of these names says in words; "" where it says that there is none."""
    for each in all_of("Observation", context):
        code = each["code"]
        spoken = {code.get("text", ""), *(one.get("display", "") for one in code.get("coding", ()))}
        said = str(each.get("valueString", "")).strip()
        if not spoken.isdisjoint(names) and said not in NO_REFERRAL:
            return said
    return ""


def referral(composition: Json, context: Context) -> None:
    """The ServiceRequest of a referral, with the diagnoses as its reasons, and the Task of whoever receives it."""
    if context.patient is None:
        return
    made = context.resource("ServiceRequest", *context.document)
    made |= {
        "status": "active",
        "intent": "order",
        "code": {"coding": [REFERRAL], "text": "转诊"},
        "subject": context.patient,
    }
    author = next((each for each in composition["author"] if "reference" in each), None)
    reason, receiver = _named(_REASONS, context), _named(_RECEIVERS, context)
    members: Json = {
        "encounter": context.encounter,
        "authoredOn": composition.get("date", ""),
        "requester": author,
        "performer": [{"display": receiver}] if receiver else [],
        "reasonCode": [{"text": reason}] if reason else [],
        "reasonReference": [reference(each) for each in all_of("Condition", context)],
        "supportingInfo": [reference(composition)],
    }
    made |= {name: member for name, member in members.items() if member}
    task = context.resource("Task", *context.document)
    task |= referral_task(made)
