"""What vendors write otherwise than the standard has it, each kind once: sides, aims, values, places, tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.kernel.types import Json
from mappings.cda.context import Context
from mappings.cda.node import Node
from mappings.cda.setting import Setting
from tests.mappings.cda.documents import BASE, DE, converted, document, made, observation, pq, section

LEFT = "368208006"


def organizer(name: str, *statements: str) -> str:
    inner = "".join(f"<component>{each}</component>" for each in statements)
    return f'<organizer classCode="BATTERY" moodCode="EVN"><code displayName="{name}"/>{inner}</organizer>'


def vital(name: str, value: str = pq("150", "mmHg"), code: str = "DE04.10.174.00", *, inner: str = "") -> str:
    return observation(code, name, value, inner=inner)


def qualified(*parts: str) -> str:
    said = "".join(f'<{tag} displayName="{words}"/>' for tag, words in zip(("name", "value"), parts, strict=False))
    code = f'<code code="DE04.10.174.00" displayName="收缩压" {DE}><qualifier>{said}</qualifier></code>'
    return f'<observation classCode="OBS" moodCode="EVN">{code}{pq("150", "mmHg")}</observation>'


def observed(statement: str, *, where: tuple[str, str] = ("8716-3", "VITAL SIGNS"), more: str = "") -> list[Json]:
    return made(document(section(*where, [statement] if statement else [], more=more)), "Observation")


@pytest.mark.parametrize(
    "statement",
    [
        vital("左上肢收缩压(mmHg)"), vital("收缩压（左侧）"), vital("收缩压-左"), vital("血压左侧收缩压"),
        organizer("左侧血压", vital("收缩压")), qualified("左侧"), qualified("测量部位", "左上肢"),
    ],
)  # fmt: skip
def test_the_side_is_told_by_any_name_a_measurement_has_or_stands_under(statement: str) -> None:
    (found,) = [each for each in observed(statement) if "valueQuantity" in each]
    assert found["bodySite"]["coding"][0]["code"] == LEFT


@pytest.mark.parametrize("name", ["左室射血分数", "左氧氟沙星", "左甲状腺素", "左束支传导阻滞", "餐后2小时左右"])
def test_not_everything_that_begins_or_ends_so_names_a_side(name: str) -> None:
    (found,) = observed(observation("", name, pq("60", "%")))
    assert "bodySite" not in found


def test_a_side_is_told_of_whatever_is_in_a_pair() -> None:
    (found,) = observed(observation("", "左眼裸眼远视力值", pq("0.8", "")))
    assert found["bodySite"] == {"text": "左侧"}


def test_names_around_a_measurement_are_looked_at_as_far_as_names_go() -> None:
    statement = Node("organizer", {}, children=[Node("code", {"displayName": "x" * 999})])
    setting = Setting(context=Context(statement, lambda *_: "", BASE, "+08:00"))
    for _ in range(20):
        setting = setting.inside(statement)
    assert [len(name) for name in setting.within] == [200] * 16


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        (organizer("目标值", vital("体重", pq("60", "kg"), "DE04.10.188.00")), "生活方式"),
        (vital("目标心率", pq("60", "次/分"), "DE04.10.206.00"), "生活方式"),
        (vital("体重", pq("60", "kg"), "DE04.10.188.00"), "Plan of Care"),
    ],
    ids=["group", "name-of-any-measurement", "english-section"],
)
def test_what_is_aimed_at_is_a_goal_by_any_name_it_stands_under(statement: str, name: str) -> None:
    text = document(section("", name, [statement]))
    (goal,) = made(text, "Goal")
    assert goal["target"][0]["detailQuantity"]["value"] == 60
    assert [each for each in made(text, "Observation") if "valueQuantity" in each] == []


def test_planned_immunisation_is_no_plan() -> None:
    assert made(document(section("", "计划免疫", [vital("体重", pq("9", "kg"), "DE04.10.188.00")])), "Goal") == []


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (pq("1,072", "mL"), "valueQuantity", 1072),
        (pq("1,07", "mL"), "valueString", "1,07"),
        (pq("5mg", "片"), "valueString", "5mg"),
        (pq("9.6H", ""), "valueString", "9.6H"),  # a high value, not one of hours
        (pq("66.5　㎏", ""), "valueQuantity", Decimal("66.5")),
        (pq("&lt;　66", "kg"), "valueQuantity", 66),
        (pq("５", "mg"), "valueQuantity", 5),
        ('<value xsi:type="TS">20260305T103000</value>', "valueDateTime", "2026-03-05T10:30:00+08:00"),
        ('<value xsi:type="TS" value="2026年3月5日10时30分"/>', "valueDateTime", "2026-03-05T10:30:00+08:00"),
        ('<value xsi:type="TS.DATE" value="20260305"/>', "valueDateTime", "2026-03-05"),
        ('<value xsi:type="II" root="2.16.156.10011.1.5" extension="990122"/>', "valueString", "990122"),
        ('<value xsi:type="PIVL_TS"><period value="3" unit="月"/></value>', "valueQuantity", 3),
        ('<value xsi:type="ST"/><text>齐</text>', "valueString", "齐"),
    ],
)
def test_a_value_is_read_as_it_is_meant_or_kept_as_it_is_written(value: str, name: str, expected: Any) -> None:
    (found,) = observed(observation("DE04.10.143.00", "某项", value))
    assert (found[name]["value"] if name == "valueQuantity" else found[name]) == expected


def test_a_text_that_only_repeats_the_name_is_no_value() -> None:
    assert observed(observation("DE04.10.143.00", "某项", '<value xsi:type="ST"/><text>某项</text>')) == []


@pytest.mark.parametrize(
    ("printed", "code"),
    [("摄氏度(℃)", "Cel"), ("次／分钟", "/min"), ("×10⁹/L", "10*9/L"), ("uIU/ml", "u[IU]/mL"), ("bpm/min", None)],
)
def test_only_what_ucum_has_is_called_ucum(printed: str, code: str | None) -> None:
    (found,) = observed(observation("DE04.10.143.00", "某项", pq("5", printed)))
    assert (found["valueQuantity"]["unit"], found["valueQuantity"].get("code")) == (printed, code)


def test_an_interpretation_without_a_code_system_is_hl7s_where_hl7_has_it() -> None:
    codes = '<interpretationCode code="H"/><interpretationCode code="偏高"/>'
    (found,) = observed(vital("收缩压", inner=codes))
    assert ["system" in each["coding"][0] for each in found["interpretation"]] == [True, False]


def test_who_made_a_battery_stands_with_it() -> None:
    author = "<author><assignedAuthor><id extension='D1'/><assignedPerson><name>检验医生</name></assignedPerson>"
    text = organizer("生化全套", vital("收缩压")).replace(
        "<component>", f"{author}</assignedAuthor></author><component>", 1
    )
    (panel,) = [each for each in observed(text) if "hasMember" in each]
    assert panel["performer"]


def test_turns_of_the_cord_are_no_weeks() -> None:
    (found,) = observed(observation("DE04.30.059.00", "绕颈身", pq("2", "周")))
    assert found["valueQuantity"] == {"value": 2, "unit": "周"}
    (weeks,) = observed(observation("DE04.10.143.00", "孕周", pq("32", "周")))
    assert weeks["valueQuantity"]["code"] == "wk"


def test_who_is_to_be_called_may_stand_in_an_assigned_entity() -> None:
    entity = '<telecom value="0990-5550103"/><assignedPerson><name>测试乙</name></assignedPerson></assignedEntity>'
    more = f'<participant typeCode="NOT"><assignedEntity classCode="ECON">{entity}</participant>'
    (patient,) = made(document(more=more), "Patient")
    (contact,) = patient["contact"]
    assert (contact["name"]["text"], contact["telecom"][0]["value"]) == ("测试乙", "0990-5550103")


def test_an_act_that_states_a_value_observes_it() -> None:
    act = vital("收缩压").replace("observation", "act")
    assert observed(act)[0]["valueQuantity"]["value"] == 150


def test_several_bodies_and_statements_outside_of_sections_are_read_once() -> None:
    astray = f"<component><entry>{vital('舒张压', code='DE04.10.176.00')}</entry></component>"
    text = document(astray).replace(
        "</structuredBody></component>",
        "</structuredBody></component><component><structuredBody>"
        f"{section('8716-3', 'VITAL SIGNS', [vital('收缩压')])}</structuredBody></component>",
    )
    first, second = made(text, "Observation")
    (composition,) = made(text, "Composition")
    assert [each["entry"][0]["reference"].partition("/")[2] for each in composition["section"]] == [
        first["id"],
        second["id"],
    ]


def test_a_person_that_stands_without_a_role_has_a_name() -> None:
    header = (
        '<recordTarget><patient><id root="2.16.156.10011.1.3" extension="99012219600101001X"/>'
        '<patientPatient><name><given>测试丙</given></name><birthTime value="19600101"/></patientPatient></patient>'
        "</recordTarget>"
    )
    (patient,) = made(document(header=header), "Patient")
    assert (patient["name"][0]["text"], patient["birthDate"]) == ("测试丙", "1960-01-01")
    assert patient["identifier"][0]["value"] == "99012219600101001X"


def test_how_often_a_medicine_is_taken_stands_in_its_timing() -> None:
    drug = "<consumable><manufacturedProduct><manufacturedLabeledDrug><name>甲药</name></manufacturedLabeledDrug>"
    rate = '<rateQuantity><translation code="02" displayName="每日两次"/></rateQuantity>'
    text = f"<substanceAdministration>{rate}{drug}</manufacturedProduct></consumable></substanceAdministration>"
    (statement,) = made(document(section("10160-0", "HISTORY OF MEDICATION USE", [text])), "MedicationStatement")
    assert statement["dosage"][0]["timing"]["code"]["coding"][0]["display"] == "每日两次"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "<table><tr><th>项目</th><th>结果</th><th>单位</th></tr><tr><td>体温</td><td>36.7</td><td>℃</td></tr></table>",
            [("8310-5", "36.7", "Cel")],
        ),
        (
            "<table><tr><th>收缩压</th><th>体重</th></tr><tr><td>150mmHg</td><td>66kg</td></tr>"
            "<tr><td>148mmHg</td><td>67kg</td></tr></table>",
            [
                ("8480-6", "150", "mm[Hg]"),
                ("29463-7", "66", "kg"),
                ("8480-6", "148", "mm[Hg]"),
                ("29463-7", "67", "kg"),
            ],
        ),
        ("<paragraph><content styleCode='Bold'>收缩压：</content>150mmHg</paragraph>", [("8480-6", "150", "mm[Hg]")]),
    ],
    ids=["column-of-units", "names-above", "emphasised-name"],
)
def test_what_only_the_text_says_is_read_with_its_unit(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = observed("", more=f"<text>{text}</text>")
    told = [(each["code"]["coding"][1]["code"], each["valueQuantity"]) for each in found]
    assert [(code, str(amount["value"]), amount["code"]) for code, amount in told] == expected


def table(*lines: str) -> str:
    cells = ("".join(f"<td>{cell}</td>" for cell in line.split("|")) for line in lines)
    return f"<text><table>{''.join(f'<tr>{each}</tr>' for each in cells)}</table></text>"


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (["项目|收缩压|体重", "目前|150|66", "目标|130|60"], []),
        (["项目|收缩压|体重", "目标|130|60"], []),
        (["日期|收缩压|体重", "2026-01-05|150|66", "2025-01-05|190|70"], []),
        (["日期|收缩压|体重", "2026-01-05|150|66"], ["150", "66"]),
        (["收缩压|体重|心率", "150|66|72", "95|70"], ["150", "66", "72"]),  # a cell of the line above reaches into it
        (["收缩压|体重", "mmHg|kg", "150|66"], ["150 mm[Hg]", "66 kg"]),
        (["项目|目标|实测", "收缩压|130|150"], ["150"]),
        (["项目|单位|结果", "收缩压|mmHg|150"], ["150 mm[Hg]"]),
    ],
)
def test_a_table_is_read_only_where_it_is_plain_what_was_measured_now(lines: list[str], values: list[str]) -> None:
    found = [each["valueQuantity"] for each in observed("", more=table(*lines))]
    assert [f"{each['value']} {each.get('code', '')}".strip() for each in found] == values


def test_a_mark_behind_a_number_is_not_taken_for_its_unit() -> None:
    said = "<text><paragraph>血糖检测值(mmol/L)：3.1 L</paragraph><paragraph>体重(kg)：66 kg</paragraph></text>"
    found = observed("", more=said)
    assert [each.get("valueString") or str(each["valueQuantity"]["value"]) for each in found] == ["3.1 L", "66"]


def test_blanks_cost_no_more_than_other_text() -> None:
    blanks = f"<text><paragraph>{' ' * 100_000}收缩压：150mmHg</paragraph></text>"
    assert [str(each["valueQuantity"]["value"]) for each in observed("", more=blanks)] == ["150"]


def test_each_value_of_an_observation_is_an_observation_and_none_more() -> None:
    several = observed(observation("", "某项", pq("1", "kg") + pq("2", "kg") + pq("3", "kg")))
    assert [each["valueQuantity"]["value"] for each in several] == [1, 2, 3]
    assert len({each["id"] for each in several}) == 3
    assert all(each["subject"] == several[0]["subject"] for each in several)


def test_a_fault_is_told_once() -> None:
    row = converted(document(section("8716-3", "", [vital("收缩压", inner='<effectiveTime value="不详"/>')])))
    assert [issue["code"] for issue in row["issues"]] == ["not-a-time"]
