"""Every kind of file gives the same rows, and none brings the hub down."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from hub.kernel.errors import HubError
from hub.kernel.types import Json
from mappings.forms.delimited import delimiter_of
from mappings.forms.sources import tables
from mappings.forms.workbook import sheets, text
from tests.mappings.forms.sheets import (
    HYPERTENSION,
    OTHER,
    WHO,
    codes,
    converted,
    csv_of,
    resource,
    resources,
    workbook_of,
)

ROWS = (HYPERTENSION, {**HYPERTENSION, **OTHER})


def bundles(raw: bytes) -> list[object]:
    return [line["bundle"] for line in converted(raw)]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_same_rows_give_the_same_bundles_in_every_character_set(charset: str, delimiter: str) -> None:
    expected = bundles(csv_of(*ROWS).encode())
    assert len(expected) == 2
    assert None not in expected
    assert bundles(csv_of(*ROWS, delimiter=delimiter).encode(charset)) == expected


def test_json_and_excel_give_the_same_bundles_as_csv() -> None:
    expected = bundles(csv_of(*ROWS).encode())
    assert bundles(json.dumps(ROWS, ensure_ascii=False).encode()) == expected
    assert bundles(json.dumps({"form": "hypertension-follow-up", "rows": ROWS}).encode()) == expected
    assert bundles(workbook_of([list(HYPERTENSION), *(list(row.values()) for row in ROWS)])) == expected
    assert bundles("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode()) == expected
    number = HYPERTENSION["身份证号"]
    assert bundles(csv_of(*ROWS).replace(number, f'="{number}"').encode()) == expected


def test_a_line_that_is_no_json_is_refused_by_its_number() -> None:
    with pytest.raises(HubError) as refused:
        list(tables(b'{"a": "1"}\n\n{"a": "x" "y"}\n'))
    assert (refused.value.code, refused.value.where) == ("json", "line 3, byte 10")


def test_an_object_alone_is_one_row_and_its_lists_are_numbered_columns() -> None:
    row = {**HYPERTENSION, "用药": [{"药物名称": "氨氯地平", "用法用量": "5mg qd"}, {"药物名称": "缬沙坦"}]}
    (line,) = converted(json.dumps(row).encode())
    assert line["bundle"] is not None
    names = {
        entry["resource"]["medicationCodeableConcept"]["text"]
        for entry in line["bundle"]["entry"]
        if entry["resource"]["resourceType"] == "MedicationStatement"
    }
    assert names == {"氨氯地平", "缬沙坦"}


def test_lines_above_the_header_are_its_title_and_rows_are_counted_as_the_clerk_counts() -> None:
    raw = "柳溪镇卫生院高血压患者随访登记表\n\n" + csv_of({**WHO, "体重": "60"}, {**OTHER, "随访日期": ""})
    first, second = converted(raw)
    assert resource(first, "Encounter")["type"][0]["coding"][0]["code"] == "hypertension-follow-up"
    assert second["bundle"] is None
    assert second["issues"][0]["where"].startswith("row 5")


def test_cells_of_excel_are_read_as_they_are_shown() -> None:
    assert [text(each) for each in (6.1, 7.0, 1e5, 0.1 + 0.2, True, None, date(2026, 3, 5))] == [
        *("6.1", "7", "100000", "0.3", "是", "", "2026-03-05")
    ]
    assert text(datetime(2026, 3, 5, 8, 30)) == "2026-03-05 08:30"  # noqa: DTZ001 -- Excel has no zone
    assert "E+" in text(990122195804120960.0)


def test_zeros_that_a_format_puts_before_a_number_are_part_of_it() -> None:
    book = Workbook()
    assert book.active is not None
    for value, shown in ((7, "000"), (1234, "000"), (-7, "000"), (7, "General"), (0, "0"), (0.5, "00"), (None, "00")):
        book.active.append([value])
        book.active.cell(book.active.max_row, 1).number_format = shown
    out = io.BytesIO()
    book.save(out)
    found = [line for _, lines in sheets(out.getvalue()) for _, line in lines]
    assert found == [["007"], ["1234"], ["-7"], ["7"], ["0"], ["0.5"], [""]]


def test_a_citizen_id_that_excel_has_rounded_is_nobodys() -> None:
    (line,) = converted(workbook_of([list(WHO), ["沈桂兰", 990122195804120960, date(2026, 3, 5)]], "高血压"))
    assert line["bundle"] is None
    assert ("fatal", "number-lost-digits", "身份证号") in codes(line)


def test_a_row_whose_cells_have_moved_is_not_believed() -> None:
    raw = csv_of(HYPERTENSION) + "沈桂兰,990122195804120960,2026-03-05,158,96,2,头痛,头晕\n"
    good, moved = converted(raw)
    assert good["bundle"] is not None
    assert moved["bundle"] is None
    assert [issue["code"] for issue in moved["issues"]] == ["row-width"]


def test_a_row_with_bytes_that_are_no_character_fails_alone() -> None:
    raw = csv_of(*ROWS).encode("gb18030").replace("陆建国".encode("gb18030"), b"\xff\xff")
    first, second = converted(raw)
    assert first["bundle"] is not None
    assert ("error", "characters", "姓名") in codes(second)


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(part, b"\0" * (80 << 20))
    return out.getvalue()


def with_entities() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (bomb(), "too-large"),
        (with_entities(), "workbook"),
        (b"PK\x03\x04 no archive", "workbook"),
        (b"\xd0\xcf\x11\xe0 old", "old-workbook"),
        (b"[1, 2", "json"),
        (b'["a"]', "form-unknown"),
        (b"a,b\n1,2\n", "form-unknown"),
    ],
)
def test_what_is_no_form_is_one_fatal_issue(raw: bytes, code: str) -> None:
    (line,) = converted(raw)
    assert line["bundle"] is None
    assert [(issue["severity"], issue["code"]) for issue in line["issues"]] == [("fatal", code)]


def test_brackets_and_blank_columns_cost_no_more_than_other_text() -> None:
    wide = f"姓名,身份证号{',' * 200_000}\n{'(' * 200_000},1\n"
    (table,) = tables(wide.encode())
    assert table.columns == ("姓名", "身份证号")
    assert [row.cells["身份证号"] for row in table.rows] == ["1"]


def test_quotes_hide_delimiters() -> None:
    assert delimiter_of('"a,b,c";d\n') == ";"


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_no_bytes_bring_the_conversion_down(raw: bytes) -> None:
    for line in converted(raw):
        assert line.keys() == {"source", "index", "bundle", "report", "issues"}


@given(st.dictionaries(st.sampled_from([*HYPERTENSION, "备注", "运动"]), st.text(max_size=20), max_size=8))
@settings(max_examples=60)
def test_no_cells_are_a_defect(row: dict[str, str]) -> None:
    for line in converted(json.dumps({"form": "高血压", "rows": [row]}).encode()):
        assert "fault" not in [issue["code"] for issue in line["issues"]]


def test_a_table_without_rows_gives_nothing() -> None:
    try:
        assert [list(table.rows) for table in tables(csv_of(HYPERTENSION).splitlines()[0].encode())] == [[]]
    except HubError:
        pytest.fail("a header alone is a table")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", "\ufeff".encode("gb18030")])
def test_gb_18030_is_read_whatever_mark_stands_before_it(mark: bytes) -> None:
    assert bundles(mark + csv_of(*ROWS).encode("gb18030")) == bundles(csv_of(*ROWS).encode())


def test_a_header_of_two_lines_names_the_parts_of_its_groups() -> None:
    """As printed forms have it: merged cells above, blank rows below."""
    above = ["姓名", "身份证号", "随访日期", "血压(mmHg)", None, "体重(kg)", None, "左侧", None]
    below = [None, None, None, "收缩压", "舒张压", "体重", "目标", None, None]
    row = [*list(WHO.values())[:2], 46086, 158, 96, 62.5, 60, None, None]
    title = ["高血压患者随访服务记录表", *[None] * 8]
    lines: list[list[Any]] = [
        title,
        above,
        [*below[:5], "体重", "目标", *below[7:]],
        row,
        [None] * 9,
        ["", " ", *[None] * 7],
    ]
    (line,) = converted(workbook_of(lines))
    assert [c["valueQuantity"]["value"] for c in observed(line, "血压")["component"]] == [158, 96]
    assert observed(line, "体重")["valueQuantity"]["value"] == Decimal("62.5")
    assert resource(line, "Goal")["target"][0]["detailQuantity"]["value"] == 60
    assert observed(line, "血压")["effectiveDateTime"] == "2026-03-05"
    assert not [issue for issue in line["issues"] if issue["severity"] in {"fatal", "error"}], line["issues"]


def test_a_header_of_three_lines_a_repeated_header_and_a_foot_are_no_rows() -> None:
    groups = ["序号", "基本信息", None, "随访", None, "体征", None, None, None]
    names = [None, "姓名", "身份证号", "日期", "方式", "血压(mmHg)", None, "体重(kg)", None]
    parts = [*[None] * 5, "收缩压", "舒张压", "目前", "目标"]
    row = [1, *list(WHO.values())[:2], 46086, "门诊", 158, 96, 62.5, 60]
    title = ["高血压患者随访登记表", *[None] * 8]
    foot = ["填表人：测试医生", *[None] * 3, "审核人：", *[None] * 4]
    pages: list[list[Any]] = [title, groups, names, parts]
    lines = converted(workbook_of([*pages, row, *pages, [2, *row[1:3], 46087, *row[4:]], ["合计", *[None] * 8], foot]))
    assert [observed(line, "血压")["effectiveDateTime"] for line in lines] == ["2026-03-05", "2026-03-06"]
    for line in lines:
        assert observed(line, "体重")["valueQuantity"]["value"] == Decimal("62.5")
        assert resource(line, "Goal")["target"][0]["detailQuantity"]["value"] == 60
        assert {issue["code"] for issue in line["issues"]} == {"unknown-column"}


def test_what_stands_under_an_aim_is_aimed_at_though_its_column_is_known_by_itself() -> None:
    groups = ["基本信息", None, None, "目标", None, "目前", None]
    names = [*WHO, "体重(kg)", "日吸烟量(支)", "体重(kg)", "日吸烟量(支)"]
    (line,) = converted(workbook_of([["高血压随访"], groups, names, [*WHO.values(), 60, 0, 62.5, 5]]))
    assert observed(line, "体重")["valueQuantity"]["value"] == Decimal("62.5")
    aims = [each["target"][0]["detailQuantity"]["value"] for each in resources(line, "Goal")]
    assert sorted(aims) == [0, 60]


def test_the_sides_of_a_group_and_a_line_of_units_are_told_apart() -> None:
    above = [*WHO, "左侧血压", None, "右侧血压", None]
    below = [*[None] * 3, "收缩压", "舒张压", "收缩压", "舒张压"]
    lines: list[list[Any]] = [["健康体检表"], above, below, [*WHO.values(), 158, 96, 150, 90]]
    (line,) = converted(workbook_of(lines))
    sides = [observed(line, name)["component"] for name in ("左侧血压", "右侧血压")]
    assert [[c["valueQuantity"]["value"] for c in side] for side in sides] == [[158, 96], [150, 90]]
    units: list[list[Any]] = [
        [*WHO, "收缩压", "舒张压", "空腹血糖"],
        [*[None] * 3, "mmHg", "mmHg", "mg/dL"],
        [*WHO.values(), 158, 96, 126],
    ]
    (line,) = converted(workbook_of(units))
    assert observed(line, "空腹血糖")["valueQuantity"]["value"] == Decimal("6.99")


def test_a_row_of_data_is_no_second_line_of_a_header() -> None:
    texts = [*WHO, "收缩压", "舒张压", "摄盐情况"]
    assert len(converted(workbook_of([texts, [*WHO.values(), "158", "96", "中"]]))) == 1


def observed(line: Json, text: str) -> Json:
    (found,) = [each for each in resources(line, "Observation") if each["code"]["text"] == text]
    return found
