"""ORC and OBR of a result as the DiagnosticReport, with its text and files as they are to be shown."""

from __future__ import annotations

from base64 import b64encode

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.files import ATTACHMENT
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import field, lines
from mappings.hl7v2.resources.case import Case
from mappings.hl7v2.resources.impressions import is_impression
from mappings.hl7v2.resources.periods import mend_period
from mappings.hl7v2.resources.results import NARRATIVE, Observed


def report(
    case: Case,
    request: Building | None,
    specimens: list[Building],
    results: list[Observed],
    context: Context,
    rules: Rules,
) -> Building:
    """The DiagnosticReport of an OBR; a correction replaces it under the same id."""
    building = context.draft(
        "DiagnosticReport", case.authority, f"{case.key}|{case.service}", case.owner, merge="replace"
    )
    resource = building.resource
    case.refer(resource)
    for segment in (case.orc, case.obr):
        if segment is not None:
            rules.run(segment, building, context)
    if case.obr is not None:
        mend_period(resource, "effectivePeriod", case.obr, context)
    resource.setdefault("status", "unknown")
    resource.setdefault("code", unknown())
    if request is not None:
        resource["basedOn"] = [request.reference]
    if specimens:
        resource["specimen"] = [specimen.reference for specimen in specimens]
    if results:
        resource["result"] = [*resource.get("result", ()), *(each.reference for each in results)]
        _presented(results, resource)
    return building


def _presented(results: list[Observed], resource: Json) -> None:
    """Files as they are; the lines of a narrative as one text, in the order they were sent."""
    told = [each for each in results if each.told]
    files = [
        extension["valueAttachment"]
        for each in told
        if each.building is not None
        for extension in each.building.resource.get("extension", ())
        if extension["url"] == ATTACHMENT
    ]
    narrative = [each.noted.segment for each in told if field(each.noted.segment, 2) in NARRATIVE]
    text = "\n".join(["\n".join(lines(segment, 5)) for segment in narrative])
    if text.strip():
        form = {"contentType": "text/plain; charset=utf-8", "data": b64encode(text.encode()).decode()}
        files.append(form | ({"title": title} if (title := resource["code"].get("text")) else {}))
    if files:
        resource["presentedForm"] = [*resource.get("presentedForm", ()), *files]
    conclusion = [_said(each) for each in told if is_impression(each.noted.segment)]
    if any(conclusion):
        resource["conclusion"] = "\n".join(filter(None, conclusion))


def _said(each: Observed) -> str:
    return str(each.building.resource.get("valueString", "")) if each.building is not None else ""
