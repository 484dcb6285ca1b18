"""Filled documents of the types that say more than their entries: what each tells, and what it must not tell."""

from __future__ import annotations

from typing import Any

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.mappings.cda.documents import PATIENT, cd, document, made, observation, pq, section

ICD = "2.16.156.10011.2.3.3.11"
PRESSURE = observation("DE04.10.174.00", "收缩压", pq("162", "mmHg"))


def st(words: str) -> str:
    return f'<value xsi:type="ST">{words}</value>'


def ts(when: str) -> str:
    return f'<value xsi:type="TS" value="{when}"/>'


def told(text: str, kind: str) -> list[Json]:
    """The resources of a type, all of the document valid R4."""
    everything = made(text)
    assert [issue for each in everything for issue in validate(each) if issue.severity == "error"] == []
    return [each for each in everything if each["resourceType"] == kind]


def only(text: str, kind: str) -> Json:
    (found,) = told(text, kind)
    return found


def labels(text: str) -> dict[str, set[str]]:
    """The security labels of what a document tells, by type of resource."""
    found: dict[str, set[str]] = {}
    for each in made(text):
        codes = {label["code"] for label in each.get("meta", {}).get("security", ())}
        found.setdefault(each["resourceType"], set()).update(codes)
    return found


def by_loinc(text: str, code: str) -> Any:
    (found,) = [
        each
        for each in told(text, "Observation")
        if any((c["system"], c["code"]) == ("http://loinc.org", code) for c in each["code"]["coding"])
    ]
    return found.get("valueDateTime") or found.get("valueInteger") or found["valueQuantity"]["value"]


# WS/T 483.1: registration of basic health information.


def registration(past: list[str], allergies: list[str], family: list[str]) -> str:
    return document(
        section("11348-0", "HISTORY OF PAST ILLNESS", past),
        section("48765-2", "Allergies, adverse reactions, alerts", allergies),
        section("10157-6", "HISTORY OF FAMILY MEMBER DISEASES", family),
        code="HSDA00.01",
    )


def test_a_registration_tells_illnesses_allergies_and_the_family_as_what_they_are() -> None:
    illness = observation(
        "DE02.10.021.00",
        "既往常见疾病种类代码",
        '<effectiveTime value="20100501"/>' + cd("02", "2.16.156.10011.2.3.1.12", "高血压"),
    )
    text = registration(
        [illness],
        [observation("DE02.10.022.00", "过敏药物", st("青霉素"))],
        [observation("DE02.10.103.00", "家族史", st("父亲糖尿病"))],
    )
    condition = only(text, "Condition")
    assert (condition["code"]["coding"][0]["display"], condition["onsetDateTime"]) == ("高血压", "2010-05-01")
    assert condition["category"][0]["coding"][0]["code"] == "problem-list-item"
    allergy = only(text, "AllergyIntolerance")
    assert allergy["code"] == {"text": "青霉素"}
    assert allergy["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    assert only(text, "FamilyMemberHistory")["condition"][0]["code"]["text"] == "父亲糖尿病"
    assert len(told(text, "Observation")) == 3


@pytest.mark.parametrize("words", ["无", "否认", "否认药物过敏史", "不详", "-", "无特殊"])
def test_what_is_denied_is_no_illness_no_allergy_and_nothing_of_the_family(words: str) -> None:
    none = observation("DE02.10.021.00", "既往常见疾病种类代码", cd("01", "2.16.156.10011.2.3.1.12", words))
    text = registration(
        [none],
        [observation("DE02.10.022.00", "过敏药物", st(words))],
        [observation("DE02.10.103.00", "家族史", st(words))],
    )
    assert not {"Condition", "AllergyIntolerance", "FamilyMemberHistory"} & {
        each["resourceType"] for each in made(text)
    }
    assert len(told(text, "Observation")) == 3


# WS/T 483.6: antenatal follow-up.


def antenatal() -> str:
    return document(
        section(
            "57059-8",
            "Pregnancy visit summary",
            [
                observation("DE02.10.051.00", "末次月经日期", ts("20251001")),
                observation("DE05.10.098.00", "预产期", ts("20260708")),
                observation("DE04.10.183.00", "胎心率", pq("142", "次/分")),
                observation("DE04.01.108.00", "孕次", '<value xsi:type="INT" value="2"/>'),
            ],
        ),
        section("8716-3", "VITAL SIGNS", [PRESSURE]),
        section(
            "29548-5", "Diagnosis", [observation("DE05.01.024.00", "诊断代码", cd("O13.x00", ICD, "妊娠期高血压"))]
        ),
        code="HSDB02.02",
    )


def test_an_antenatal_visit_tells_the_pregnancy_by_loinc_too() -> None:
    text = antenatal()
    assert by_loinc(text, "8665-2") == "2025-10-01"
    assert by_loinc(text, "11778-8") == "2026-07-08"
    assert by_loinc(text, "55283-6") == 142
    assert by_loinc(text, "11996-6") == 2
    assert by_loinc(text, "8480-6") == 162
    assert only(text, "Condition")["code"]["coding"][0]["code"] == "O13.x00"


def test_all_that_an_antenatal_visit_tells_is_sensitive_but_not_who_the_patient_is() -> None:
    found = labels(antenatal())
    assert found["Observation"] == found["Condition"] == found["Composition"] == found["DocumentReference"] == {"SEX"}
    assert found["Patient"] == set()
    assert labels(antenatal().replace("HSDB02.02", "HSDB04.01"))["Observation"] == set()


# WS/T 483.14 and 483.15: severe mental disorders.


@pytest.mark.parametrize(("code", "template"), [("HSDB04.03", "14"), ("HSDB04.04", "15"), ("", "14")])
def test_all_of_a_psychiatric_registration_is_sensitive_whatever_it_says(code: str, template: str) -> None:
    text = document(
        section("11450-4", "PROBLEM LIST", [observation("DE02.10.160.00", "首次抗精神病治疗日期", ts("20160301"))]),
        section("8716-3", "VITAL SIGNS", [PRESSURE]),
        code=code,
        more=f'<templateId root="2.16.156.10011.2.1.1.{template}"/>',
    )
    found = labels(text.replace('confidentialityCode code="N"', 'confidentialityCode code="R"'))
    assert found["Observation"] == found["Composition"] == found["DocumentReference"] == {"R", "PSY"}
    (started,) = [each["valueDateTime"] for each in told(text, "Observation") if "valueDateTime" in each]
    assert started == "2016-03-01"


# WS/T 483.11 and WS/T 500.50: deaths.


@pytest.mark.parametrize("code", ["HSDB03.03", "C0050", "C0036"])
def test_a_death_certificate_says_when_somebody_died_and_of_what(code: str) -> None:
    text = document(
        section(
            "",
            "死亡原因",
            [
                observation("DE02.01.036.00", "死亡日期时间", ts("202602280440")),
                observation("DE05.01.021.00", "根本死因代码", cd("I63.900", ICD, "脑梗死")),
            ],
        ),
        code=code,
    )
    assert only(text, "Patient")["deceasedDateTime"] == "2026-02-28T04:40:00+08:00"
    causes = [each for each in told(text, "Observation") if "valueCodeableConcept" in each]
    assert causes[0]["valueCodeableConcept"]["coding"][0]["code"] == "I63.900"
    assert "deceasedDateTime" not in only(text.replace(code, "HSDB04.01"), "Patient")


# WS/T 483.16 and 483.17: examination, outpatient summary.


def test_an_examination_is_a_visit_and_a_report_of_all_its_results_with_its_conclusion() -> None:
    verdict = observation("DE05.10.032.00", "健康评价异常描述", st("血压偏高"))
    text = document(
        section("8716-3", "VITAL SIGNS", [PRESSURE]), section("51848-0", "Assessment note", [verdict]), code="HSDC00.01"
    )
    report, visit = only(text, "DiagnosticReport"), only(text, "Encounter")
    assert (report["conclusion"], len(report["result"])) == ("血压偏高", 2)
    assert report["code"]["coding"][0]["code"] == "HSDC00.01"
    assert (visit["class"]["code"], "period" in visit) == ("AMB", False)
    assert all(each["encounter"] == report["encounter"] for each in told(text, "Observation"))


def test_an_outpatient_summary_is_a_visit_with_its_reason_and_diagnoses() -> None:
    text = document(
        section("10154-3", "CHIEF COMPLAINT", [observation("DE04.01.119.00", "主诉", st("头晕三天"))]),
        section("29548-5", "Diagnosis", [observation("DE05.01.024.00", "诊断代码", cd("I10.x00", ICD, "高血压"))]),
        code="HSDC00.02",
    )
    visit, condition = only(text, "Encounter"), only(text, "Condition")
    assert visit["reasonCode"] == [{"text": "头晕三天"}]
    assert visit["diagnosis"] == [{"condition": {"reference": f"Condition/{condition['id']}"}}]
    assert visit["class"]["code"] == "AMB"


# WS/T 500.5: prescription of Chinese medicine.

HERB = """<substanceAdministration classCode="SBADM" moodCode="EVN"><doseQuantity value="{amount}" unit="g"/>
<consumable><manufacturedProduct><manufacturedLabeledDrug><code/><name>{name}</name></manufacturedLabeledDrug>
</manufacturedProduct></consumable></substanceAdministration>"""


def formula(*more: str) -> str:
    numbered = PATIENT.replace("<telecom", '<id root="2.16.156.10011.1.20" extension="CF7"/><telecom')
    return document(
        section(
            "29548-5", "Diagnosis", [observation("DE05.01.024.00", "西医诊断编码", cd("E11.900", ICD, "2型糖尿病"))]
        ),
        section(
            "10160-0",
            "HISTORY OF MEDICATION USE",
            [
                HERB.format(name="黄芪", amount="30"),
                HERB.format(name="麦冬", amount="15"),
                observation("DE08.50.050.00", "中药饮片剂数", pq("7", "剂")),
                observation("DE08.50.047.00", "中药煎煮法", st("水煎400毫升")),
                observation("DE06.00.136.00", "中药用药法", st("每日1剂，分2次温服")),
                *more,
            ],
        ),
        code="C0005",
        header=numbered,
    )


def test_each_herb_of_a_formula_says_how_the_whole_is_made_and_taken() -> None:
    text = formula()
    herbs = told(text, "MedicationRequest")
    assert [each["medicationCodeableConcept"]["text"] for each in herbs] == ["黄芪", "麦冬"]
    for each, amount in zip(herbs, (30, 15), strict=True):
        (instruction,) = each["dosageInstruction"]
        assert instruction["doseAndRate"][0]["doseQuantity"]["value"] == amount
        assert instruction["patientInstruction"] == "每日1剂，分2次温服"
        assert instruction["additionalInstruction"] == [{"text": "水煎400毫升"}]
        assert each["dispenseRequest"]["quantity"]["value"] == 7
        assert each["groupIdentifier"]["value"] == "CF7"
        assert each["reasonReference"] == [{"reference": f"Condition/{only(text, 'Condition')['id']}"}]


def test_of_several_formulas_none_is_taken_for_another() -> None:
    text = formula(
        observation("DE08.50.050.00", "中药饮片剂数", pq("3", "剂")),
        observation("DE06.00.136.00", "中药用药法", st("外洗")),
    )
    for each in told(text, "MedicationRequest"):
        assert "dispenseRequest" not in each
        assert "patientInstruction" not in each["dosageInstruction"][0]
    assert len(told(text, "Observation")) == 6
