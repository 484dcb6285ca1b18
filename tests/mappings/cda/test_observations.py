"""What an observation becomes, in the forms vendors send: types, codes, names, units, sides, targets, nesting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.fhir.validate import validate
from hub.kernel.types import Json
from tests.mappings.cda.documents import cd, converted, document, made, observation, pq, section
from tests.mappings.cda.recall import DE_SYSTEM

UCUM = "http://unitsofmeasure.org"
PER_MINUTE = {"value": 62, "unit": "次/分", "system": UCUM, "code": "/min"}
TAKEN = '<value xsi:type="CD"><originalText>规律服药</originalText></value>'


def one(statement: str, code: str = "8716-3", name: str = "VITAL SIGNS") -> Json:
    (found,) = made(document(section(code, name, [statement])), "Observation")
    assert [issue for issue in validate(found) if issue.severity == "error"] == []
    return found


def codes(resource: Json) -> list[tuple[str | None, str]]:
    return [(each.get("system"), each["code"]) for each in resource["code"].get("coding", [])]


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ('<value xsi:type="ST">头晕</value>', "valueString", "头晕"),
        ('<value xsi:type="ED">头晕<br/>乏力</value>', "valueString", "头晕乏力"),
        ('<value xsi:type="BL" value="false"/>', "valueBoolean", False),
        ('<value xsi:type="BL">是</value>', "valueBoolean", True),
        ('<value xsi:type="INT" value="3"/>', "valueInteger", 3),
        ('<value xsi:type="INT">3</value>', "valueInteger", 3),
        ('<value xsi:type="REAL" value="3.50"/>', "valueQuantity", {"value": Decimal("3.50")}),
        ('<value xsi:type="TS" value="202603"/>', "valueDateTime", "2026-03"),
        ('<value xsi:type="TS" value="2026"/>', "valueDateTime", "2026"),
        ('<value xsi:type="TS" value="2026-3-1"/>', "valueDateTime", "2026-03-01"),
        ('<value xsi:type="TS" value="2026年03月01日"/>', "valueDateTime", "2026-03-01"),
        ('<value xsi:type="TS" value="202603010830"/>', "valueDateTime", "2026-03-01T08:30:00+08:00"),
        (
            '<value xsi:type="IVL_TS"><low value="20260301"/><high value="20260302"/></value>',
            "valuePeriod",
            {"start": "2026-03-01", "end": "2026-03-02"},
        ),
        (
            '<value xsi:type="IVL_TS"><width value="30" unit="min"/></value>',
            "valueQuantity",
            {"value": 30, "unit": "min", "system": UCUM, "code": "min"},
        ),
        (
            '<value xsi:type="IVL_PQ"><low value="3.9" unit="mmol/L"/><high value="6.1" unit="mmol/L"/></value>',
            "valueRange",
            {
                "low": {"value": Decimal("3.9"), "unit": "mmol/L", "system": UCUM, "code": "mmol/L"},
                "high": {"value": Decimal("6.1"), "unit": "mmol/L", "system": UCUM, "code": "mmol/L"},
            },
        ),
        (
            '<value xsi:type="IVL_PQ"><high value="5" unit="mg/L" inclusive="false"/></value>',
            "valueQuantity",
            {"value": 5, "unit": "mg/L", "system": UCUM, "code": "mg/L", "comparator": "<"},
        ),
        (
            '<value xsi:type="RTO"><numerator value="1"/><denominator value="128"/></value>',
            "valueRatio",
            {"numerator": {"value": 1}, "denominator": {"value": 128}},
        ),
        (
            '<value xsi:type="MO" value="45.60" currency="元"/>',
            "valueQuantity",
            {"value": Decimal("45.60"), "unit": "元", "system": "urn:iso:std:iso:4217", "code": "CNY"},
        ),
        (
            '<value xsi:type="CE" code="1" codeSystem="2.16.156.10011.2.3.2.12" displayName="规律"/>',
            "valueCodeableConcept",
            {"coding": [{"system": "urn:oid:2.16.156.10011.2.3.2.12", "code": "1", "display": "规律"}]},
        ),
        ('<value xsi:type="CD" displayName="规律"/>', "valueCodeableConcept", {"text": "规律"}),
        (TAKEN, "valueCodeableConcept", {"text": "规律服药"}),
        ('<value xsi:type="PQ" value="不详" unit="支"/>', "valueString", "不详"),
    ],
)  # fmt: skip
def test_every_type_of_value_keeps_what_it_says(value: str, name: str, expected: Any) -> None:
    assert one(observation("DE03.00.053.00", "某项", value))[name] == expected


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (
            '<value value="62" unit="次/分"/>',
            "valueQuantity",
            {"value": 62, "unit": "次/分", "system": UCUM, "code": "/min"},
        ),
        ('<value code="1" codeSystem="1.2.3" displayName="有"/>', "valueCodeableConcept", "有"),
        ("<value>偏高</value>", "valueString", "偏高"),
        ('<value value="偏高"/>', "valueString", "偏高"),
        ('<value xsi:type="cda:PQ" value="62" unit="次/分"/>', "valueQuantity", None),
        ('<value><low value="20260301"/></value>', "valuePeriod", {"start": "2026-03-01"}),
    ],
)
def test_a_value_without_a_usable_type_is_known_by_what_it_holds(value: str, name: str, expected: Any) -> None:
    found = one(observation("DE04.10.206.00", "心率", value))[name]
    assert expected is None or found == expected or found["coding"][0]["display"] == expected


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        (" mmHg", "mm[Hg]"), ("mmHg ", "mm[Hg]"), ("MMHG", "mm[Hg]"), ("毫米汞柱", "mm[Hg]"), ("mm[Hg]", "mm[Hg]"),
        ("次/分", "/min"), ("次/min", "/min"), ("次／分", "/min"), ("次/分钟", "/min"), ("℃", "Cel"), ("摄氏度", "Cel"),
        ("Kg", "kg"), ("公斤", "kg"), ("Kg/m2", "kg/m2"), ("kg/㎡", "kg/m2"), ("mmol/l", "mmol/L"),
        ("μmol/L", "umol/L"),
    ],
)  # fmt: skip
def test_units_as_they_are_printed_have_their_ucum_code(unit: str, code: str) -> None:
    found = one(observation("DE04.10.143.00", "某项", pq("5", unit)))["valueQuantity"]
    assert (found["unit"], found["code"], found["system"]) == (unit.strip(), code, UCUM)


def test_a_unit_nobody_knows_is_kept_as_printed_and_claims_nothing() -> None:
    assert one(observation("DE03.00.053.00", "日吸烟量", pq("12", "支")))["valueQuantity"] == {
        "value": 12,
        "unit": "支",
    }


def test_a_measurement_is_coded_by_data_element_and_by_loinc() -> None:
    found = one(observation("DE04.10.174.00", "收缩压", pq("150", "mmHg")))
    assert codes(found) == [(DE_SYSTEM, "DE04.10.174.00"), ("http://loinc.org", "8480-6")]
    assert found["category"][0]["coding"][0]["code"] == "vital-signs"


def test_glucose_in_other_units_does_not_get_the_code_that_is_for_moles() -> None:
    found = one(observation("DE04.50.102.00", "血糖", pq("126", "mg/dL")))
    assert codes(found) == [(DE_SYSTEM, "DE04.50.102.00")]


@pytest.mark.parametrize("code", ["DE04_10_174_00", "DE04.10.174.00_ZC", "DE04.10.174", " DE04.10.174.00 "])
def test_a_data_element_written_otherwise_is_kept_and_understood(code: str) -> None:
    found = codes(one(observation(code, "收缩压", pq("150", "mmHg"))))
    assert found[0][1] == code.strip()
    assert (DE_SYSTEM, "DE04.10.174.00") in found
    assert ("http://loinc.org", "8480-6") in found


@pytest.mark.parametrize(
    "code",
    [
        '<code displayName="收缩压（mmHg）"/>',
        '<code code="DE075.00" displayName="收缩压" codeSystem="2.16.156.10011.2.2.1"/>',
        '<code nullFlavor="UNK"><originalText>收缩压</originalText></code>',
        '<code code="SBP" codeSystemName="LOCAL" displayName="收缩压"/>',
    ],
)
def test_a_code_that_is_empty_or_mistyped_is_found_by_its_name(code: str) -> None:
    found = one(f'<observation classCode="OBS" moodCode="EVN">{code}{pq("150", "mmHg")}</observation>')
    assert ("http://loinc.org", "8480-6") in codes(found)


def test_a_name_that_stands_for_several_elements_names_none() -> None:
    found = one('<observation><code displayName="过敏史"/><value xsi:type="ST">青霉素</value></observation>')
    assert "coding" not in found["code"]
    assert found["code"]["text"] == "过敏史"


def test_left_and_right_under_one_code_are_told_apart_by_their_names() -> None:
    statements = [
        observation("DE04.10.174.00", "左侧收缩压条目代码", pq("150", "mmHg")),
        observation("DE04.10.174.00", "右侧收缩压", pq("144", "mmHg")),
    ]
    left, right = made(document(section("8716-3", "VITAL SIGNS", statements)), "Observation")
    assert (left["bodySite"]["text"], left["valueQuantity"]["value"]) == ("左侧", 150)
    assert (right["bodySite"]["coding"][0]["code"], right["valueQuantity"]["value"]) == ("368209003", 144)


@pytest.mark.parametrize(
    ("statement", "code", "name"),
    [
        (observation("DE04.10.188.00", "体重", pq("60", "kg")), "18776-5", "TREATMENT PLAN"),
        (observation("DE04.10.188.00", "体重", pq("60", "kg")), "", "生活方式指导章节"),
        (observation("DE04.10.188.00", "目标体重", pq("60", "kg")), "8716-3", "VITAL SIGNS"),
        (
            observation("DE04.10.188.00", "体重", pq("60", "kg")).replace('moodCode="EVN"', 'moodCode="GOL"'),
            "",
            "生活方式",
        ),
    ],
    ids=["plan-section", "guidance-section", "name", "mood"],
)
def test_a_target_under_the_measured_code_is_a_goal_and_no_measurement(statement: str, code: str, name: str) -> None:
    text = document(section(code, name, [statement]))
    assert made(text, "Observation") == []
    (goal,) = made(text, "Goal")
    assert goal["target"][0]["detailQuantity"]["value"] == 60
    assert goal["target"][0]["measure"]["coding"][0]["code"] == "DE04.10.188.00"
    assert [issue for issue in validate(goal) if issue.severity == "error"] == []


def test_text_in_a_plan_is_no_target() -> None:
    text = document(
        section("18776-5", "TREATMENT PLAN", [observation("DE06.00.300.00", "治则治法", "<value>平肝</value>")])
    )
    assert made(text, "Goal") == []
    assert made(text, "Observation")[0]["valueString"] == "平肝"


@pytest.mark.parametrize("wrap", ["entryRelationship", "component"])
def test_what_is_nested_is_found_at_any_depth_and_linked(wrap: str) -> None:
    inner = observation("DE02.10.061.00", "手术史", '<value xsi:type="ST">阑尾切除</value>')
    middle = observation("DE02.10.071.00", "现病史", "<value>甲</value>", inner=f"<{wrap}>{inner}</{wrap}>")
    outer = observation(
        "DE02.10.062.00", "手术标志", '<value xsi:type="BL" value="true"/>', inner=f"<{wrap}>{middle}</{wrap}>"
    )
    found = made(document(section("11348-0", "HISTORY OF PAST ILLNESS", [outer])), "Observation")
    assert [each.get("valueString", each.get("valueBoolean")) for each in found] == [True, "甲", "阑尾切除"]
    assert found[0]["hasMember"] == [{"reference": f"Observation/{found[1]['id']}"}]
    (composition,) = made(document(section("11348-0", "HISTORY OF PAST ILLNESS", [outer])), "Composition")
    assert len(composition["section"][0]["entry"]) == 1


def test_sections_inside_sections_are_sections_of_theirs() -> None:
    inner = section("8716-3", "VITAL SIGNS", [observation("DE04.10.186.00", "体温", pq("36.5", "℃"))])
    outer = section("29545-1", "PHYSICAL EXAMINATION", more=inner)
    (composition,) = made(document(outer), "Composition")
    (observed,) = made(document(outer), "Observation")
    (held,) = composition["section"][0]["section"]
    assert held["code"]["coding"][0]["code"] == "8716-3"
    assert held["entry"] == [{"reference": f"Observation/{observed['id']}"}]


@pytest.mark.parametrize("code", ["X-ASSESS", "18776-1", "99999-33"])
def test_a_section_code_that_cannot_be_loinc_is_kept_and_does_not_claim_to_be(code: str) -> None:
    row = converted(
        document(section(code, "ASSESSMENTS", [observation("DE05.10.066.00", "评估", "<value>甲</value>")]))
    )
    (composition,) = [e["resource"] for e in row["bundle"]["entry"] if e["resource"]["resourceType"] == "Composition"]
    (coded,) = composition["section"][0]["code"]["coding"]
    assert (coded["code"], coded["system"]) == (code, "https://yilian-hub.example/fhir/CodeSystem/cda-local")
    assert [issue["code"] for issue in row["issues"]] == ["not-loinc"]


def test_an_observation_without_a_value_is_not_made_up_and_the_report_says_so() -> None:
    text = document(section("8716-3", "VITAL SIGNS", [observation("DE04.10.143.00", "其他", '<value xsi:type="ST"/>')]))
    row = converted(text)
    assert made(text, "Observation") == []
    reasons = {each["reason"] for each in row["report"] if "observation/code@" in each["source"]}
    assert "the observation states no value" in reasons


def test_a_null_flavour_is_an_absent_value_with_its_reason() -> None:
    found = one(observation("DE04.10.174.00", "收缩压", '<value xsi:type="PQ" nullFlavor="NASK"/>'))
    assert found["dataAbsentReason"]["coding"][0]["code"] == "not-asked"


def test_a_negated_observation_cannot_be_read_as_its_opposite() -> None:
    found = one(observation("DE04.01.118.00", "症状", "<value>头晕</value>", attributes=' negationInd="true"'))
    assert found["modifierExtension"][0]["url"].endswith("/cda-negation")
    assert found["modifierExtension"][0]["valueBoolean"] is True


def test_a_coded_diagnosis_is_a_condition_too_with_the_observation_as_evidence() -> None:
    statement = observation("DE05.01.024.00", "诊断代码", cd("I10.x00", "2.16.156.10011.2.3.3.11", "高血压"))
    text = document(section("29548-5", "Diagnosis", [statement]), code="C0002")
    (condition,) = made(text, "Condition")
    (observed,) = made(text, "Observation")
    assert condition["code"]["coding"][0]["code"] == "I10.x00"
    assert condition["evidence"][0]["detail"] == [{"reference": f"Observation/{observed['id']}"}]


def test_range_interpretation_and_performer_stand_with_the_result() -> None:
    inner = (
        '<interpretationCode code="H" codeSystem="2.16.840.1.113883.5.83"/>'
        "<performer><assignedEntity><id root='2.16.156.10011.1.4' extension='N7'/>"
        "<assignedPerson><name>测试乙</name></assignedPerson></assignedEntity></performer>"
        "<referenceRange><observationRange><value xsi:type='IVL_PQ'><low value='3.9' unit='mmol/L'/>"
        "<high value='6.1' unit='mmol/L'/></value></observationRange></referenceRange>"
    )
    found = one(observation("DE04.50.102.00", "血糖", pq("7.2", "mmol/L"), inner=inner))
    assert found["interpretation"][0]["coding"][0]["code"] == "H"
    assert found["performer"][0]["display"] == "测试乙"
    assert found["referenceRange"][0]["high"]["value"] == Decimal("6.1")


def test_two_values_are_two_observations() -> None:
    statement = observation("DE04.01.118.00", "症状", "<value>头晕</value><value>乏力</value>")
    found = made(document(section("11450-4", "PROBLEM LIST", [statement])), "Observation")
    assert [each["valueString"] for each in found] == ["头晕", "乏力"]


@pytest.mark.parametrize(
    ("text", "value", "comparator"),
    [
        (".5", "0.5", None),
        ("１２０", "120", None),
        ("&lt;3.9", "3.9", "<"),
        ("≥ 7", "7", ">="),
        ("150mmHg", "150", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: str, comparator: str | None) -> None:
    found = one(observation("DE04.10.143.00", "某项", f'<value xsi:type="PQ" value="{text}"/>'))["valueQuantity"]
    assert (found["value"], found.get("comparator")) == (Decimal(value), comparator)


@pytest.mark.parametrize("text", ["120/80", "3-5", "1+", "2026-03-01", "12 34"])
def test_what_only_begins_with_a_number_is_none(text: str) -> None:
    assert one(observation("DE04.10.143.00", "某项", f'<value xsi:type="PQ" value="{text}"/>'))["valueString"] == text


def test_the_lines_of_a_text_are_kept() -> None:
    found = one(observation("DE02.10.071.00", "现病史", '<value xsi:type="ST">\n头晕  三天\n乏力\n</value>'))
    assert found["valueString"] == "头晕  三天\n乏力"


def test_statements_that_stand_astray_or_are_capitalised_otherwise_are_found() -> None:
    pulse = observation("DE04.10.118.00", "脉率", pq("70", "次/分"))
    weight = observation("DE04.10.188.00", "体重", pq("60", "kg")).replace("observation", "Observation")
    deep = f"<organizer>{pulse}<group><entryRelationShip>{weight}</entryRelationShip></group></organizer>"
    text = document(section("8716-3", "VITAL SIGNS", [deep]))
    assert [each["valueQuantity"]["value"] for each in made(text, "Observation")] == [70, 60]
    (composition,) = made(text, "Composition")
    assert len(composition["section"][0]["entry"]) == 2
