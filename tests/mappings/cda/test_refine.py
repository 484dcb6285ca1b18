"""What a type of document says beyond its entries: visit, next visit, stay, report, prescription, referral."""

from __future__ import annotations

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from mappings.cda.tables import rows
from tests.mappings.cda.documents import PATIENT, cd, document, made, observation, pq, section

WAY = observation(
    "DE06.00.108.00",
    "随访方式代码",
    '<effectiveTime value="20260220"/>' + cd("3", "2.16.156.10011.2.3.1.183", "电话"),
)
PRESSURE = section("8716-3", "VITAL SIGNS", [observation("DE04.10.174.00", "收缩压", pq("150", "mmHg"))])
NEXT = observation("DE06.00.109.00", "下次随访日期", '<value xsi:type="TS" value="20260520"/>')
DRUG = """<substanceAdministration classCode="SBADM" moodCode="EVN">
<routeCode code="1" codeSystem="2.16.156.10011.2.3.1.158" displayName="口服"/><doseQuantity value="5" unit="mg"/>
<consumable><manufacturedProduct><manufacturedLabeledDrug><code/><name>氨氯地平片</name></manufacturedLabeledDrug>
</manufacturedProduct></consumable></substanceAdministration>"""


def only(text: str, kind: str) -> Json:
    (found,) = made(text, kind)
    assert [issue for issue in validate(found) if issue.severity == "error"] == []
    return found


def test_a_follow_up_is_a_visit_of_its_day_and_way_and_all_it_observed_is_of_it() -> None:
    text = document(section("", "随访事件", [WAY]), PRESSURE)
    visit = only(text, "Encounter")
    assert (visit["class"]["code"], visit["period"]["start"]) == ("VR", "2026-02-20")
    pressure = next(each for each in made(text, "Observation") if "valueQuantity" in each)
    assert pressure["effectiveDateTime"] == "2026-02-20"
    assert pressure["encounter"] == {"reference": f"Encounter/{visit['id']}"}


def test_the_next_visit_is_a_task_that_is_due_then() -> None:
    text = document(section("", "随访事件", [WAY]), section("", "下次随访日期", [NEXT]))
    task = only(text, "Task")
    assert task["restriction"]["period"]["end"] == "2026-05-20"
    assert task["code"]["coding"][0]["code"] == "next-visit"


@pytest.mark.parametrize("code", [row["code"] for row in rows("refined") if row["kind"] == "stay"])
def test_admission_and_discharge_in_the_body_are_the_period_of_the_stay(code: str) -> None:
    ends = [
        observation("DE06.00.092.00", "入院日期时间", '<value xsi:type="TS" value="202602010900"/>'),
        observation("DE06.00.017.00", "出院日期时间", '<value xsi:type="TS" value="202602051000"/>'),
    ]
    stay = only(document(section("8648-8", "Hospital Course", ends), code=code), "Encounter")
    assert (stay["class"]["code"], stay["status"]) == ("IMP", "finished")
    assert stay["period"] == {"start": "2026-02-01T09:00:00+08:00", "end": "2026-02-05T10:00:00+08:00"}


@pytest.mark.parametrize(("code", "category"), [("C0006", "RAD"), ("C0007", "LAB")])
def test_a_report_document_is_a_diagnostic_report_of_its_results(code: str, category: str) -> None:
    numbers = '<id root="2.16.156.10011.1.33" extension="R1"/><id root="2.16.156.10011.1.24" extension="A1"/><telecom'
    results = [
        observation("DE04.30.015.00", "检验定量结果", pq("7.2", "mmol/L")),
        observation("DE04.50.130.00", "检验报告结果", "<value>空腹血糖升高</value>"),
    ]
    text = document(section("30954-2", "STUDIES", results), code=code, header=PATIENT.replace("<telecom", numbers))
    report = only(text, "DiagnosticReport")
    assert report["category"][0]["coding"][0]["code"] == category
    assert len(report["result"]) == 2
    assert report["conclusion"] == "空腹血糖升高"
    assert report["identifier"][0]["value"] == "R1"
    assert report["basedOn"][0]["identifier"]["value"] == "A1"


@pytest.mark.parametrize(
    ("code", "where", "kind"),
    [
        ("C0004", "10160-0", "MedicationRequest"),
        ("C0005", "10160-0", "MedicationRequest"),
        ("HSDB04.01", "10160-0", "MedicationStatement"),
        ("C0008", "18610-6", "MedicationAdministration"),
    ],
)
def test_a_medicine_is_what_the_document_or_section_tells_of(code: str, where: str, kind: str) -> None:
    found = only(document(section(where, "MEDICATION", [DRUG]), code=code), kind)
    assert found["medicationCodeableConcept"]["text"] == "氨氯地平片"


def test_what_is_said_of_a_medicine_belongs_to_it() -> None:
    taking = (
        "<entryRelationship><observation><code/>" + cd("1", "2.16.156.10011.2.3.2.12", "规律") + "</observation>"
        "</entryRelationship></substanceAdministration>"
    )
    text = document(section("10160-0", "MEDICATION", [DRUG.replace("</substanceAdministration>", taking)]))
    drug = only(text, "MedicationStatement")
    (taken,) = made(text, "Observation")
    assert taken["partOf"] == [{"reference": f"MedicationStatement/{drug['id']}"}]


def test_an_operation_is_a_procedure_with_what_was_noted_of_it() -> None:
    operation = """<procedure classCode="PROC" moodCode="EVN">
    <code code="47.0901" codeSystem="2.16.156.10011.2.3.3.12" displayName="阑尾切除术"/>
    <effectiveTime value="202602020930"/><entryRelationship>%s</entryRelationship></procedure>"""
    cut = observation("DE06.00.257.00", "手术切口类别代码", cd("2", "2.16.156.10011.2.3.1.251"))
    text = document(section("47519-4", "HISTORY OF PROCEDURES", [operation % cut]), code="C0009")
    done = only(text, "Procedure")
    assert (done["code"]["coding"][0]["code"], done["performedDateTime"]) == ("47.0901", "2026-02-02T09:30:00+08:00")
    assert only(text, "Observation")["partOf"] == [{"reference": f"Procedure/{done['id']}"}]


def test_a_referral_is_a_request_for_the_reasons_of_its_diagnoses() -> None:
    diagnosis = observation("DE05.01.024.00", "诊断代码", cd("I10.x00", "2.16.156.10011.2.3.3.11", "高血压"))
    text = document(section("29548-5", "Diagnosis", [diagnosis]), code="HSDC00.05")
    request = only(text, "ServiceRequest")
    condition = only(text, "Condition")
    assert request["code"]["coding"][0]["code"] == "3457005"
    assert request["reasonReference"] == [{"reference": f"Condition/{condition['id']}"}]


@pytest.mark.parametrize("flag", ["true", "false"])
def test_a_follow_up_that_refers_makes_a_request_and_one_that_does_not_makes_none(flag: str) -> None:
    statement = observation("DE06.00.174.00", "转诊标志代码", f'<value xsi:type="BL" value="{flag}"/>')
    assert len(made(document(section("18776-1", "referal", [statement])), "ServiceRequest")) == (flag == "true")


@pytest.mark.parametrize("row", rows("documents"), ids=lambda row: str(row["code"]))
def test_a_filled_document_of_every_type_gives_its_facts(row: dict[str, str]) -> None:
    template = f'<templateId root="{row["template"]}"/>'
    diagnosis = observation("DE05.01.024.00", "诊断代码", cd("I10.x00", "2.16.156.10011.2.3.3.11"))
    note = observation(
        "DE04.01.119.00", "主诉", "<value>头晕</value>", inner=f"<entryRelationship>{WAY}</entryRelationship>"
    )
    sections = [PRESSURE, section("29548-5", "Diagnosis", [diagnosis]), section("10160-0", "MEDICATION", [DRUG])]
    text = document(*sections, section("", "其他", [note]), code=row["code"], more=template)
    found = made(text)
    told = {code["code"] for each in found if "code" in each for code in each["code"].get("coding", [])}
    assert {"DE04.10.174.00", "DE05.01.024.00", "DE04.01.119.00", "DE06.00.108.00", "I10.x00", "8480-6"} <= told
    assert [each["medicationCodeableConcept"]["text"] for each in found if "medicationCodeableConcept" in each] == [
        "氨氯地平片"
    ]
    assert len(next(each for each in found if each["resourceType"] == "Composition")["section"]) == 4
    assert [issue for each in found for issue in validate(each) if issue.severity == "error"] == []
