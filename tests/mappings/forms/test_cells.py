"""Single cells: dates, numbers, units, codes, and words for nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mappings.forms.choices import flag, one, several
from mappings.forms.dates import Moment, moment
from mappings.forms.formmap import code_table
from mappings.forms.headers import header, legend
from mappings.forms.numbers import number, pair
from mappings.forms.profile import Profile
from tests.mappings.forms.sheets import (
    DIABETES,
    HYPERTENSION,
    WHO,
    codes,
    has_observation,
    observation,
    resource,
)
from tests.mappings.forms.sheets import (
    one as line_of,
)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-03-05", "2026-03-05"),
        ("2026/3/5", "2026-03-05"),
        ("2026.3.5", "2026-03-05"),
        ("2026年3月5日", "2026-03-05"),
        ("20260305", "2026-03-05"),
        ("2026", "2026-03-05"),
        ("46086", "2026-03-05"),
        ("46086.0", "2026-03-05"),
        ("2026年3月", "2026-03"),
        ("2026年03月05号", "2026-03-05"),
        ("2026、3、5", "2026-03-05"),
        ("2026\\3\\5", "2026-03-05"),
    ],
)
def test_dates_are_read_as_clerks_and_excel_write_them(text: str, date: str) -> None:
    found = moment(text)
    assert found == Moment(date) if text != "2026" else found == "date"


def test_a_time_keeps_its_zone_or_gets_that_of_the_profile() -> None:
    bare, zoned = moment("2026-03-05 08:30"), moment("2026-03-05T08:30:00Z")
    assert moment("2026-3-5 下午3:20") == Moment("2026-03-05", "15:20:00")
    assert moment("2026年3月5日 上午9时5分") == Moment("2026-03-05", "09:05:00")
    assert isinstance(bare, Moment)
    assert isinstance(zoned, Moment)
    assert bare.date_time("+08:00") == "2026-03-05T08:30:00+08:00"
    assert zoned.date_time("+08:00") == "2026-03-05T08:30:00Z"


@pytest.mark.parametrize("text", ["26.3.5", "26-03-05", "5/3/2026", "05/03/26"])
def test_a_date_with_two_readings_is_refused(text: str) -> None:
    assert moment(text) == "date-ambiguous"
    assert ("fatal", "date-ambiguous", "随访日期") in codes(line_of({**HYPERTENSION, "随访日期": text}))


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "明天", "12", "99999999", "2026-03-05 25:00"])
def test_what_is_no_date_is_refused(text: str) -> None:
    assert moment(text) == "date"


def test_numbers_keep_their_limits_and_units() -> None:
    assert number("≥16.7 mmol/L") == (Decimal("16.7"), ">=", "mmol/L")
    assert number("<3.9") == (Decimal("3.9"), "<", "")
    assert number("120.5") == (Decimal("120.5"), "", "")
    assert number("120/80") is None
    assert number("1e5") == (Decimal(1), "", "e5")


def test_a_pressure_in_kilopascal_has_decimals() -> None:
    assert pair("20/12.7kPa") == ((Decimal(20), "", "kPa"), (Decimal("12.7"), "", "kPa"))


def glucose(cell: str, column: str = "空腹血糖", profile: Profile | None = None) -> tuple[object, list[str]]:
    row = {key: text for key, text in DIABETES.items() if key != "空腹血糖"} | {column: cell}
    line = line_of(row, profile or Profile())
    said = [code for _, code, where in codes(line) if where == column]
    if not has_observation(line, "fasting-glucose"):
        return None, said
    return observation(line, "fasting-glucose").get("valueQuantity"), said


def mmol(value: str, **more: str) -> dict[str, object]:
    return {"value": Decimal(value), **more, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}


def test_glucose_keeps_the_unit_that_is_stated_and_says_so_where_none_is() -> None:
    assert glucose("7.4 mmol/L") == (mmol("7.4"), [])
    assert glucose("7.4", "空腹血糖(mmol/L)") == (mmol("7.4"), [])
    assert glucose("7.4") == (mmol("7.4"), ["unit-assumed"])
    assert glucose("≥16.7") == (mmol("16.7", comparator=">="), ["unit-assumed"])


def test_glucose_in_milligrams_is_converted() -> None:
    assert glucose("126mg/dL") == (mmol("6.99"), ["unit-converted"])
    assert glucose("126", "空腹血糖(mg/dl)") == (mmol("6.99"), ["unit-converted"])
    assert glucose("126", profile=Profile(units={"fasting-glucose": "mg/dL"})) == (mmol("6.99"), ["unit-converted"])
    assert glucose("126") == (mmol("6.99"), ["unit-inferred"])


def test_glucose_that_does_not_fit_its_unit_is_not_believed() -> None:
    assert glucose("126 mmol/L") == (None, ["unit-trap"])
    assert glucose("37") == (None, ["implausible"])
    assert glucose("7.4 kg") == (None, ["unit-unknown"])


def test_what_is_not_believed_is_kept_as_an_answer() -> None:
    line = line_of({**DIABETES, "空腹血糖": "126 mmol/L"})
    items = {item["linkId"]: item for item in resource(line, "QuestionnaireResponse")["item"]}
    assert items["fasting-glucose"]["answer"] == [{"valueString": "126 mmol/L"}]


@pytest.mark.parametrize(
    ("column", "cell", "link", "value"),
    [
        ("体重", "62.5", "weight", "62.5"),
        ("体重(斤)", "125", "weight", "62.5"),
        ("身高(m)", "1.65", "height", "165"),
        ("身高", "1.65", "height", "165"),
        ("身高", "165", "height", "165"),
        ("日吸烟量", "1包", "cigarettes", "20"),
    ],
)
def test_other_units_become_that_of_the_question(column: str, cell: str, link: str, value: str) -> None:
    found = observation(line_of({**HYPERTENSION, column: cell}), link)
    assert found["valueQuantity"]["value"] == Decimal(value)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("未测", "not-performed"), ("拒测", "asked-declined"), ("/", "unknown"), ("不详", "asked-unknown")],
)
def test_a_word_for_nothing_is_an_absent_value_with_its_reason(cell: str, reason: str) -> None:
    line = line_of({**HYPERTENSION, "心率": cell})
    found = observation(line, "heart-rate")
    assert found["dataAbsentReason"]["coding"][0]["code"] == reason
    assert "valueQuantity" not in found
    item = next(each for each in resource(line, "QuestionnaireResponse")["item"] if each["linkId"] == "heart-rate")
    assert "answer" not in item
    assert {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": reason} in item[
        "extension"
    ]


def test_full_width_digits_are_digits() -> None:
    line = line_of({**HYPERTENSION, "心率": "78次/分", "身份证号": "990122195804120960"})
    assert observation(line, "heart-rate")["valueQuantity"]["value"] == 78
    assert resource(line, "Patient")["identifier"][0]["value"] == "990122195804120960"


WAYS = code_table("visit-way")


@pytest.mark.parametrize(
    "text", ["门诊（上次），电话（本次）", "门诊:否 电话:是", "家庭：未去", "家庭(电话)", "门诊：无"]
)
def test_what_follows_an_option_and_denies_it_or_names_another_is_no_explanation(text: str) -> None:
    assert not one(text, WAYS, {}, {}).is_known


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("头痛(轻)、眼花", ["头痛头晕", "眼花耳鸣"]),
        ("头痛(晨起)", ["头痛头晕"]),
        ("头痛:无", [None]),
        ("无症状(既往头痛)", [None]),
    ],
)
def test_of_several_options_each_is_explained_alone(text: str, found: list[str | None]) -> None:
    symptoms = code_table("hypertension-symptoms")
    assert [one.code.display if one.code else None for one in several(text, symptoms, {}, {})] == found


@pytest.mark.parametrize(
    "text", ["2", "2.家庭", "2 上门", "入户随访", "②", "□门诊 ☑家庭 □电话", "02", "家庭：其女代答"]
)
def test_one_of_several_options_is_found_however_it_is_marked(text: str) -> None:
    found = one(text, WAYS, {}, {})
    assert found.code is not None
    assert found.code.code == "2"


@pytest.mark.parametrize("text", ["5", "7楼", "☑门诊 ☑电话", "1,3"])
def test_what_names_no_one_option_is_kept_as_written(text: str) -> None:
    assert one(text, WAYS, {}, {}).is_known is False
    line = line_of({**HYPERTENSION, "随访方式": text})
    assert ("warning", "code", "随访方式") in codes(line)
    items = {item["linkId"]: item for item in resource(line, "QuestionnaireResponse")["item"]}
    assert items["visit-way"]["answer"] == [{"valueString": text}]


def test_the_legend_of_a_header_goes_before_the_national_table() -> None:
    column = "随访方式(1门诊 2站点 3社区随访 4上门随访 5电话随访)"
    assert legend(header(column).note)["5"] == "电话随访"
    classes = {
        cell: resource(line_of({**HYPERTENSION, column: cell}), "Encounter")["class"]["code"]
        for cell in ("1", "3", "5")
    }
    assert classes == {"1": "AMB", "3": "HH", "5": "VR"}
    line = line_of({**HYPERTENSION, column: "6"})
    assert ("warning", "code", column) in codes(line)


def test_the_codes_of_the_profile_go_before_all() -> None:
    profile = Profile(codes={"visit-way": {"5": "3"}})
    line = line_of({**HYPERTENSION, "随访方式": "5"}, profile)
    assert resource(line, "Encounter")["class"]["code"] == "VR"


def test_several_options_are_all_found_or_none_is() -> None:
    table = code_table("hypertension-symptoms")
    assert [each.code.code for each in several("2,10", table, {}, {}) if each.code] == ["2", "10"]
    assert [each.code.code for each in several("☑心悸胸闷 □下肢水肿 ☑头痛头晕", table, {}, {}) if each.code] == [
        "6",
        "2",
    ]
    line = line_of({**HYPERTENSION, "症状": "2,13"})
    assert ("warning", "code", "症状") in codes(line)
    assert not has_observation(line, "symptoms")


@pytest.mark.parametrize(
    ("text", "truth"), [("√", True), ("有:皮疹", True), ("无", False), ("1.无", False), ("1", None)]
)
def test_a_flag_is_a_tick_or_a_word_and_a_bare_digit_is_nothing(text: str, truth: bool | None) -> None:
    assert flag(text, {}) is truth


def test_a_bare_digit_of_a_flag_is_read_by_the_legend_of_its_header() -> None:
    plain = line_of({**HYPERTENSION, "药物不良反应": "2"})
    assert ("warning", "code-unexplained", "药物不良反应") in codes(plain)
    for column, truth in (("药物不良反应(1无 2有)", True), ("药物不良反应(1有 2无)", False)):
        line = line_of({**HYPERTENSION, column: "2"})
        assert observation(line, "adverse-reaction")["valueBoolean"] is truth


def test_a_minus_in_urine_is_negative_and_not_nothing() -> None:
    row = {**WHO, "体检日期": "2026-03-05", "尿蛋白": "-", "尿糖": "++", "尿酮体": "未查"}
    del row["随访日期"]
    line = line_of(row)
    assert observation(line, "urine-protein")["valueCodeableConcept"]["coding"][0]["display"] == "Negative"
    assert observation(line, "urine-glucose")["valueCodeableConcept"]["coding"][0]["display"] == "Positive"
    twice = line_of(row | {"尿蛋白": "阴性(-)", "尿糖": "阴性(+)"})
    assert observation(twice, "urine-protein")["valueCodeableConcept"]["coding"][0]["display"] == "Negative"
    assert observation(twice, "urine-glucose")["valueString"] == "阴性(+)"
    assert observation(line, "urine-ketones")["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
