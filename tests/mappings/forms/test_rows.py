"""Whole rows: whom they are about, what they become, and what is not taken."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hub.fhir.json import dumps, loads
from hub.kernel.errors import HubError
from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from mappings.forms.convert import convert
from mappings.forms.feed import dissector, messages
from mappings.forms.formmap import form_maps
from mappings.forms.mending import errors_file
from mappings.forms.profile import DEFAULT, load
from mappings.forms.rows import REASONS, Row
from mappings.forms.sources import tables
from mappings.forms.translator import envelope_reader, translator
from mappings.forms.wording import wording
from tests.mappings.checker import invalid
from tests.mappings.forms.sheets import (
    DIABETES,
    HYPERTENSION,
    OTHER,
    WHO,
    codes,
    converted,
    csv_of,
    has_observation,
    observation,
    one,
    resource,
    resources,
)

FULL = {
    **HYPERTENSION,
    **{"性别": "女", "出生日期": "1958-04-12", "健康档案编号": "99012200310300024", "联系电话": "0990-5550101"},
    **{"随访方式": "2", "症状": "2,6", "体重(kg)": "62.5", "目标体重": "60", "日吸烟量": "0", "目标摄盐情况": "1"},
    **{"药物名称1": "苯磺酸氨氯地平片", "每日次数1": "1", "每次剂量1": "5mg", "药物名称2": "缬沙坦胶囊"},
    **{"转诊原因": "连续两次控制不满意", "转诊机构及科别": "云泽县人民医院心内科", "下次随访日期": "2026-03-19"},
    **{"随访医生签名": "梅晓岚", "此次随访分类": "2", "民间偏方": "醋泡花生"},
}
EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "hypertension-follow-up": FULL,
    "diabetes-follow-up": {**DIABETES, "糖化血红蛋白(%)": "9.8", "主食(克/天)": "300", "胰岛素": "甘精胰岛素"},
    "copd-follow-up": {
        **WHO,
        "mMRC分级": "2级",
        "CAT评分": "18",
        "FEV1(L)": "1.42",
        "FEV1/FVC": "62%",
        "血氧饱和度": "94",
    },
    "elderly-assessment": {
        **{"姓名": "阮青山", "身份证号": "990122194412305072", "评估日期": "2026-03-05", "进餐": "0", "梳洗": "1"},
        **{"穿衣": "0", "如厕": "1", "活动": "1", "总评分": "3", "平和质": "否", "气虚质": "是", "气虚质得分": "14"},
    },
    "health-examination": {
        **{"姓名": "沈桂兰", "身份证号": "990122195804120960", "体检日期": "2026-05-10", "左侧收缩压": "150"},
        **{"左侧舒张压": "92", "右侧收缩压": "148", "右侧舒张压": "90", "听力": "1", "血红蛋白": "132", "尿蛋白": "±"},
        **{"心电图": "异常", "健康评价": "2"},
    },
}


@pytest.mark.parametrize("form", EXAMPLES)
def test_a_form_is_recognised_by_its_columns_and_gives_valid_resources(form: str) -> None:
    line = one(EXAMPLES[form])
    assert resource(line, "Encounter")["type"][0]["coding"][0]["code"] == form
    assert invalid(line["bundle"]) == []
    assert [issue for issue in line["issues"] if issue["severity"] in {"fatal", "error"}] == []


def test_every_cell_is_an_answer_and_stands_in_the_report() -> None:
    line = one(FULL)
    items = resource(line, "QuestionnaireResponse")["item"]
    assert {item["text"] for item in items} == set(FULL)
    assert {row["source"] for row in line["report"]} == set(FULL)
    kept = next(item for item in items if item["text"] == "民间偏方")
    assert kept["answer"] == [{"valueString": "醋泡花生"}]
    carried = {row["source"] for row in line["report"] if row["outcome"] == "carried"}
    assert carried == {"民间偏方"}


def test_blood_pressure_is_one_panel() -> None:
    pressure = observation(one(FULL), "blood-pressure")
    assert pressure["code"]["coding"][0]["code"] == "85354-9"
    found = {part["code"]["coding"][0]["code"]: part["valueQuantity"]["value"] for part in pressure["component"]}
    assert found == {"8480-6": 158, "8462-4": 96}
    combined = one({**WHO, "血压": "158/96 mmHg", "摄盐情况": "2"})
    parts = observation(combined, "blood-pressure")["component"]
    assert [part["valueQuantity"]["value"] for part in parts] == [158, 96]


def test_left_and_right_arm_are_two_panels() -> None:
    line = one(EXAMPLES["health-examination"])
    sites = {
        each["bodySite"]["coding"][0]["display"]: [part["valueQuantity"]["value"] for part in each["component"]]
        for each in resources(line, "Observation")
        if "bodySite" in each
    }
    assert sites == {"Left upper arm structure": [150, 92], "Right upper arm structure": [148, 90]}


def test_pressures_that_are_swapped_are_neither_believed() -> None:
    line = one({**HYPERTENSION, "收缩压(mmHg)": "96", "舒张压(mmHg)": "158"})
    assert not has_observation(line, "blood-pressure")
    assert ("error", "pressure-order", "收缩压(mmHg)") in codes(line)


def test_a_pressure_that_was_refused_has_a_reason_for_its_absence() -> None:
    line = one({**HYPERTENSION, "收缩压(mmHg)": "拒测", "舒张压(mmHg)": "拒测"})
    parts = observation(line, "blood-pressure")["component"]
    assert [part["dataAbsentReason"]["coding"][0]["code"] for part in parts] == ["asked-declined"] * 2


def test_a_target_is_a_goal_and_never_a_measurement() -> None:
    line = one(FULL)
    assert observation(line, "weight")["valueQuantity"]["value"] == Decimal("62.5")
    goals = {goal["description"]["text"]: goal["target"][0] for goal in resources(line, "Goal")}
    assert goals["目标体重"]["detailQuantity"]["value"] == 60
    assert goals["目标摄盐情况"]["detailCodeableConcept"]["text"] == "轻"
    assert len(resource(line, "CarePlan")["goal"]) == 2


def test_the_next_visit_is_a_task_of_the_plan() -> None:
    line = one(FULL)
    plan = resource(line, "CarePlan")
    (task,) = [each for each in resources(line, "Task") if each["intent"] == "plan"]
    assert task["restriction"]["period"] == {"end": "2026-03-19"}
    assert plan["activity"] == [{"reference": {"reference": f"Task/{task['id']}"}}]
    assert plan["period"] == {"start": "2026-03-05", "end": "2026-03-19"}


def test_a_next_visit_before_this_one_is_no_appointment() -> None:
    line = one({**HYPERTENSION, "下次随访日期": "2026-02-05"})
    assert ("error", "next-before-visit", "下次随访日期") in codes(line)
    assert resources(line, "Task") == []


def test_medicines_are_statements_with_what_is_numbered_like_them() -> None:
    found = {each["medicationCodeableConcept"]["text"]: each for each in resources(one(FULL), "MedicationStatement")}
    assert set(found) == {"苯磺酸氨氯地平片", "缬沙坦胶囊"}
    dosage = found["苯磺酸氨氯地平片"]["dosage"][0]
    assert dosage["timing"]["repeat"] == {"frequency": 1, "period": 1, "periodUnit": "d"}
    assert dosage["doseAndRate"] == [{"doseQuantity": {"value": 5, "unit": "mg"}}]
    assert "dosage" not in found["缬沙坦胶囊"]
    assert resources(one({**HYPERTENSION, "药物名称1": "无"}), "MedicationStatement") == []


def test_a_referral_is_a_request_that_names_where_to() -> None:
    request = resource(one(FULL), "ServiceRequest")
    assert request["performer"] == [{"display": "云泽县人民医院心内科"}]
    assert request["reasonCode"] == [{"text": "连续两次控制不满意"}]
    (task,) = [each for each in resources(one(FULL), "Task") if each["intent"] == "order"]
    assert (task["status"], task["focus"]) == ("requested", {"reference": f"ServiceRequest/{request['id']}"})
    assert "owner" not in task, "without a consortium nobody is known"
    assert resources(one({**HYPERTENSION, "转诊原因": "无"}), "ServiceRequest") == []


def test_numbers_say_who_it_is_and_the_citizen_id_goes_first() -> None:
    patient = resource(one(FULL), "Patient")
    assert {each["system"]: each["value"] for each in patient["identifier"]} == {
        "urn:oid:2.16.156.10011.1.3": "990122195804120960",
        "urn:oid:2.16.156.10011.1.2": "99012200310300024",
    }
    assert patient["name"] == [{"text": "沈桂兰", "family": "沈", "given": ["桂兰"]}]
    assert (patient["gender"], patient["birthDate"]) == ("female", "1958-04-12")
    ids = keyed_ids(PUBLIC_KEY)
    assert patient["id"] == ids("unknown", "Patient", "|NNCHN", "990122195804120960")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"身份证号": "990122195804120961"}, "citizen-id"),
        ({"身份证号": ""}, "no-number"),
        ({"身份证号": "9.90122E+17"}, "number-lost-digits"),
        ({"出生日期": "1958-04-21"}, "birth-differs"),
        ({"随访日期": ""}, "no-date"),
        ({"随访日期": "2026年3月"}, "date-partial"),
        ({"随访日期": "1949-01-01"}, "before-birth"),
    ],
)
def test_a_row_that_may_be_anybodys_or_of_any_day_is_not_taken_and_the_others_are(
    change: dict[str, str], code: str
) -> None:
    first, second = converted(
        csv_of({**FULL, **change}, {**FULL, **OTHER, "健康档案编号": "", "出生日期": ""}, delimiter="\t")
    )
    if code == "no-number":
        first = one({**HYPERTENSION, **change})
    assert first["bundle"] is None
    assert [each["code"] for each in first["issues"] if each["severity"] == "fatal"] == [code]
    assert {row["outcome"] for row in first["report"]} == {"refused"}
    assert second["bundle"] is not None


def test_issues_and_reports_hold_no_value_of_the_row() -> None:
    line = one(
        {**FULL, "身份证号": "990122195804120961", "心率": "七十八", "下次随访日期": "26.3.19", "体重(kg)": "900"}
    )
    said = repr(line["issues"]) + repr(line["report"])
    for value in ("990122195804120961", "七十八", "26.3.19", "沈桂兰", "900"):
        assert value not in said


def test_points_that_do_not_add_up_are_told() -> None:
    line = one({**EXAMPLES["elderly-assessment"], "总评分": "9"})
    assert ("error", "sum", "总评分") in codes(line)
    index = one({**HYPERTENSION, "身高": "160", "体重": "64", "体质指数": "35"})
    assert ("error", "bmi", "体质指数") in codes(index)


def test_the_same_column_twice_keeps_both_and_believes_the_first() -> None:
    (line,) = converted(
        "姓名,身份证号,随访日期,收缩压,舒张压,高压,摄盐情况\n沈桂兰,990122195804120960,2026-03-05,150,90,160,1\n"
    )
    assert observation(line, "blood-pressure")["component"][0]["valueQuantity"]["value"] == 150
    assert ("error", "twice", "高压") in codes(line)
    assert "160" in repr(resource(line, "QuestionnaireResponse"))


def test_a_mended_row_changes_what_the_first_gave() -> None:
    def urls(row: Mapping[str, str]) -> set[str]:
        return {entry["request"]["url"] for entry in one(row)["bundle"]["entry"]}

    assert urls(HYPERTENSION) == urls({**HYPERTENSION, "收缩压(mmHg)": "138"})
    assert not urls(HYPERTENSION) & urls({**HYPERTENSION, **OTHER})
    later = urls({**HYPERTENSION, "随访日期": "2026-06-05"})
    assert {url.partition("/")[0] for url in urls(HYPERTENSION) & later} == {"Patient"}


def test_a_feed_gives_what_the_conversion_gives_and_a_row_keeps_its_identity() -> None:
    row = Row(cells=FULL, number=7)
    raw = row.packed("hypertension-follow-up")
    made = translator(DEFAULT, "unknown", keyed_ids(PUBLIC_KEY))(raw)
    entries = one(FULL)["bundle"]["entry"]
    assert [draft.resource for draft in made.drafts] == [entry["resource"] for entry in entries]
    envelope = envelope_reader(DEFAULT)(raw)
    assert envelope.kind == "hypertension-follow-up"
    assert envelope.lanes == ("990122195804120960", "99012200310300024")
    again = Row(cells={**FULL, "姓名": " 沈桂兰 ", "空列": " ", REASONS: "部分接收"}, number=2)
    assert again.packed("hypertension-follow-up") == raw
    changed = Row(cells={**FULL, "心率": "80"}).packed("hypertension-follow-up")
    assert envelope_reader(DEFAULT)(changed).identity != envelope.identity


def test_a_refused_row_of_a_feed_is_a_dead_letter_with_its_reason() -> None:
    made = translator(DEFAULT, "F04", keyed_ids(PUBLIC_KEY))(Row(cells={**FULL, "随访日期": "26.3.5"}).packed(""))
    assert made.drafts == ()
    assert made.refusal is not None
    assert (made.refusal.code, made.refusal.where) == ("date-ambiguous", "随访日期")
    assert envelope_reader(DEFAULT)(b"no json").problem is not None
    with pytest.raises(HubError, match="which form"):
        translator(DEFAULT, "F04", keyed_ids(PUBLIC_KEY))(b'{"a":"b"}')


def test_failed_rows_come_back_with_reasons_and_are_whole_when_they_are_mended() -> None:
    good, bad = {**FULL, "备注": "=1+1"}, {**FULL, **OTHER, "随访日期": "26.3.6", "健康档案编号": "", "出生日期": ""}
    half = {**FULL, "心率": "七十八", "备注": "=HYPERLINK(0)"}
    back = errors_file(
        csv_of({"心率": "", **good}, {"心率": "", **bad}, half | {"心率": "七十八"}, delimiter="\t").encode()
    )
    (table,) = tables(back)
    rows = [dict(row.cells) for row in table.rows]
    assert [row[REASONS].partition(":")[0] for row in rows] == ["未接收", "部分接收"]
    assert "年份请写四位" in rows[0][REASONS]
    assert rows[1]["备注"].startswith("'=")
    line = one({**rows[0], "随访日期": "2026-03-06"})
    assert resource(line, "Patient")["name"][0]["text"] == "陆建国"
    assert errors_file(csv_of(good, delimiter="\t").encode()) == b""


@pytest.mark.parametrize(
    "said", ["=1+1", "+1+1", "-1+1", "@SUM(1)", '=HYPERLINK("//x.test")', "=cmd|'/c calc'!A0", "-x"]
)
def test_no_cell_nor_header_that_comes_back_is_run_by_a_spreadsheet(said: str) -> None:
    columns = {**FULL, "随访日期": "26.3.6", "备注": said, said: "1"}
    lines = list(csv.reader(io.StringIO(errors_file(csv_of(columns, delimiter="\t").encode()).decode("utf-8-sig"))))
    assert len(lines) == 2
    assert [cell for line in lines for cell in line if cell.endswith(said)] == [f"'{said}"] * 2


def test_a_profile_says_what_headers_do_not_and_its_mistakes_have_lines(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text(
        "name: liuxi\nform: hypertension-follow-up\ncolumns: {高值: systolic, 低值: diastolic, 备注: null}\n"
        'codes:\n  visit-way: {"5": "3"}\nunits: {glucose: mg/dL}\n',
        encoding="utf-8",
    )
    line = one({**WHO, "高值": "150", "低值": "90", "随访方式": "5", "备注": "无"}, load(file))
    assert observation(line, "blood-pressure")["component"][0]["valueQuantity"]["value"] == 150
    assert resource(line, "Encounter")["class"]["code"] == "VR"
    file.write_text('name: x\nform: hypertension-follow-up\ncodes:\n  visit-way: {"5": "9"}\ncolumns: {a: b}\n')
    with pytest.raises(HubError) as told:
        load(file)
    assert f"{file}:4: codes.visit-way.5" in told.value.what
    assert f"{file}:5: columns.a" in told.value.what


def test_data_elements_of_the_maps_stand_in_the_catalogue(shared: Path) -> None:
    catalogue = (shared / "china-standards" / "data-elements.csv").read_text(encoding="utf-8")
    known = {line.partition(",")[0] for line in catalogue.splitlines()}
    unknown = {
        question.de
        for form in form_maps().values()
        for question in form.questions.values()
        if question.de and question.de not in known
    }
    assert unknown <= {"DE06.00.129.00"}  # stands in documents of the kind, not in the catalogue


def test_everything_that_is_told_has_words_in_both_languages() -> None:
    assert all(said.english and said.chinese for said in wording().values())


def test_golden_numbers_keep_their_digits() -> None:
    (line,) = convert("a", csv_of({**HYPERTENSION, "体重": "62.50"}).encode())
    assert b'"value":62.50' in dumps(line)
    assert isinstance(loads(dumps(line)), dict)


def test_rows_of_a_file_are_messages_and_one_that_is_no_row_is_a_dead_letter_by_itself() -> None:
    raw = csv_of(HYPERTENSION) + "沈桂兰,990122195804120960,2026-03-05,158,96,2,头痛\n"
    (place, whole), (_, moved) = messages(raw.encode(), DEFAULT)
    assert place == "row 2"
    assert envelope_reader(DEFAULT)(moved).problem is None
    translate = translator(DEFAULT, "F04", keyed_ids(PUBLIC_KEY))
    assert translate(whole).refusal is None
    refusal = translate(moved).refusal
    assert refusal is not None
    assert refusal.code == "row-width"
    (form,) = dissector(DEFAULT)(whole)
    assert {part.at: part.name for part in form.parts}["收缩压(mmHg)"] == "收缩压"
    with pytest.raises(HubError, match="which form"):
        list(messages(b"a,b\n1,2\n", DEFAULT))


#: 08:00 on 6 March where the sender is.
RECEIVED = datetime(2026, 3, 6, tzinfo=UTC)


def received(row: Mapping[str, str]) -> tuple[list[tuple[str, str, str]], bool]:
    """What is told of a row that came at `RECEIVED`: severity, code, column; and whether it was taken."""
    (line,) = convert("form", csv_of(row, delimiter="\t").encode(), received=RECEIVED)
    told = [(each["severity"], each["code"], each["where"].partition(", ")[2]) for each in line["issues"]]
    return told, line["bundle"] is not None


@pytest.mark.parametrize(
    ("column", "text", "severity"),
    [
        ("随访日期", "2026-03-07", "fatal"),
        ("随访日期", "2062-03-05", "fatal"),
        ("随访日期", "2026-03-06 18:00", "fatal"),
        ("出生日期", "2026-04", "error"),
        ("糖化血红蛋白检查日期", "2027-03-05", "error"),
    ],
)
def test_nobody_was_seen_in_the_future(column: str, text: str, severity: str) -> None:
    told, taken = received({**DIABETES, column: text})
    assert (severity, "date-future", column) in told
    assert taken is (severity == "error")


def test_today_and_the_next_visit_are_no_future() -> None:
    for text in ("2026-03-06", "2026-03-06 08:10", "2026-03-05"):
        told, taken = received({**DIABETES, "随访日期": text, "下次随访日期": "2026-06-05"})
        assert taken
        assert "date-future" not in [code for _, code, _ in told]


def test_the_future_of_a_row_is_told_at_its_receipt_and_for_good() -> None:
    row = {**DIABETES, "随访日期": "2026-03-07"}
    raw = csv_of(row, delimiter="\t").encode()
    ((_, early),) = messages(raw, DEFAULT, RECEIVED)
    ((_, late),) = messages(raw, DEFAULT, RECEIVED + timedelta(days=2))
    refusal = translator(DEFAULT, "F04", keyed_ids(PUBLIC_KEY))(early).refusal
    assert refusal is not None
    assert (refusal.code, refusal.where) == ("date-future", "随访日期")
    assert translator(DEFAULT, "F04", keyed_ids(PUBLIC_KEY))(late).refusal is None
    read = envelope_reader(DEFAULT)
    assert read(early).identity != read(late).identity, "sent again when the day has come it is no duplicate"
    assert "日期在将来" in errors_file(raw, received=RECEIVED).decode()


def test_dates_of_a_row_stand_in_their_order() -> None:
    for changes, code, column in (
        ({"下次随访日期": "2026-03-05"}, "next-before-visit", "下次随访日期"),
        ({"下次随访日期": "2062-03-05"}, "next-too-far", "下次随访日期"),
        ({"糖化血红蛋白检查日期": "2026-03-06"}, "after-visit", "糖化血红蛋白检查日期"),
        ({"出生日期": "2026-03-06", "身份证号": "", "健康档案编号": "99012200310300024"}, "before-birth", "随访日期"),
    ):
        told, _ = received({**DIABETES, **changes})
        assert (code, column) in [(each[1], each[2]) for each in told]
