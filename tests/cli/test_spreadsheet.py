"""Tables of hospitals in Excel, as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from hub.cli.spreadsheet import as_csv
from hub.kernel.errors import Category, HubError

CODES = {"code": "疾病编码", "display": "疾病名称"}


def workbook(path: Path, *rows: Sequence[object]) -> Path:
    """A workbook whose first sheet is a cover, and whose second has these rows."""
    book = Workbook()
    assert book.active is not None
    book.active.append(["填报说明"])
    sheet = book.create_sheet("目录")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def read(path: Path, columns: Mapping[str, str] = CODES) -> list[list[str]]:
    with as_csv(path, columns, "gb18030") as (made, encoding), made.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


def test_the_sheet_that_has_the_columns_is_taken_from_its_header_on(tmp_path: Path) -> None:
    title: list[object] = ["疾病分类与代码国家临床版 2.0"]
    rows: list[list[object]] = [
        title,
        [],
        [" 疾病编码 ", "疾病名称", "序号"],
        ["I10.x00", "高血压\n(原发性)", 1],
        ["0010", "a,b", None],
    ]
    path = workbook(tmp_path / "icd.XLSX", *rows)
    assert read(path) == [
        ["疾病编码", "疾病名称", "序号"],
        ["I10.x00", "高血压\n(原发性)", "1"],
        ["0010", "a,b", ""],
    ]


def test_a_workbook_without_the_columns_is_refused_by_their_names(tmp_path: Path) -> None:
    path = workbook(tmp_path / "icd.xlsx", ["编码"], ["I10"])
    with pytest.raises(HubError, match="疾病编码") as refusal:
        read(path)
    assert (refusal.value.category, refusal.value.where) == (Category.INVALID, str(path))


@pytest.mark.parametrize("typed", [12345678901234567, date(2026, 3, 1), True, "#N/A"])
def test_a_code_that_excel_has_altered_is_refused_with_its_place(tmp_path: Path, typed: object) -> None:
    path = workbook(tmp_path / "drugs.xlsx", ["疾病名称", "疾病编码"], ["甲", "A1"], ["乙", typed])
    with pytest.raises(HubError, match="15 digits") as refusal:
        read(path)
    assert refusal.value.where == f"{path}: sheet 目录, row 3, column 疾病编码"
    assert read(path, {"display": "疾病名称"})[2][0] == "乙"  # where no codes are read, it does no harm


def test_a_code_has_the_decimal_places_that_are_seen(tmp_path: Path) -> None:
    path = workbook(tmp_path / "operations.xlsx", ["疾病编码", "疾病名称"], [38.1, "甲"], [0.66, "乙"], [38.1, "丙"])
    book = load_workbook(path)
    book["目录"]["A2"].number_format, book["目录"]["A3"].number_format = "0.00", "00.00"
    book.save(path)
    assert [line[0] for line in read(path)[1:]] == ["38.10", "00.66", "38.1"]


def test_what_is_no_workbook_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    for name, category in (("a.xlsx", Category.UNREADABLE), ("b.xlsx", Category.NOT_FOUND)):
        with pytest.raises(HubError) as refusal:
            read(tmp_path / name)
        assert refusal.value.category is category


def test_csv_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("疾病编码\nI10\n", encoding="gb18030")
    assert read(path) == [["疾病编码"], ["I10"]]
