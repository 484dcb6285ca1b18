"""A note belongs to what stands before it: the patient, the visit, a relative, an allergy, a diagnosis, a coverage."""

from __future__ import annotations

import pytest

from hub.kernel.types import Json
from tests.mappings.engine import PID, resource, translate

MESSAGE = "\r".join(
    [
        "MSH|^~\\&|HIS|F01|HUB|Y|20260301083000||ADT^A01^ADT_A01|M1|P|2.8",
        "EVN|A01|20260301083000",
        "PID|1||A1^^^H^MR||沈^桂兰||19580412|F",
        "NTE|1||轮椅",
        "NTE|2||听力差~左耳",
        "PD1||||D1^方^知远",
        "NTE|1||家属陪同",
        "NK1|1|沈^强|SON",
        "NTE|1||夜间联系",
        "PV1|1|I|内科^12^3||||||||||||||||V1^^^H^VN",
        "NTE|1||绿色通道",
        "PV2|||^腹痛",
        "NTE|1||等床",
        "AL1|1|DA|^青霉素",
        "NTE|1||家属口述",
        "DG1|1||I10^高血压|||A",
        "NTE|1||待查",
        "IN1|1|P1|C1^^^H|医保",
        "NTE|1||余额不足",
    ]
)


def _notes(resource: Json) -> list[str]:
    stated = [note["text"] for note in resource.get("note", ())]
    return stated + [each["valueString"] for each in resource.get("extension", ()) if each["url"].endswith("/note")]


def test_each_note_stands_with_what_it_is_said_of() -> None:
    said = translate(MESSAGE)
    found = {draft.resource["resourceType"]: _notes(draft.resource) for draft in said.drafts if _notes(draft.resource)}
    assert found == {
        "Patient": ["轮椅", "听力差\n左耳", "家属陪同"],
        "RelatedPerson": ["夜间联系"],
        "Encounter": ["绿色通道", "等床"],
        "AllergyIntolerance": ["家属口述"],
        "Condition": ["待查"],
        "Coverage": ["余额不足"],
    }


@pytest.mark.parametrize(
    ("kind", "rtype", "segments"),
    [
        ("RDE^O11^RDE_O11", "MedicationRequest", ("RXE||A01^阿莫西林|1||g", "TQ1|1||TID", "RXR|PO^口服")),
        ("OML^O21^OML_O21", "ServiceRequest", ("OBR|1|P1||CBC^血常规", "TQ1|1||||||||S", "TQ2|1|S")),
    ],
)
def test_a_note_behind_route_or_timing_is_of_the_order(kind: str, rtype: str, segments: tuple[str, ...]) -> None:
    header = MESSAGE.split("\r")[0].replace("ADT^A01^ADT_A01", kind)
    said = translate(header, PID, "ORC|NW|P1", *segments, "NTE|1||饭后服用")
    assert _notes(resource(said, rtype)) == ["饭后服用"]


def test_the_report_says_where_each_note_went() -> None:
    rows = [row for row in translate(MESSAGE).report if row.source.startswith("NTE") and "-3[" in row.source]
    assert {row.outcome for row in rows} == {"mapped"}
