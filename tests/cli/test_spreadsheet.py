"""Tables of hospitals in Excel, as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

from hub.cli.spreadsheet import as_csv
from hub.kernel.errors import Category, HubError

CODES = ("疾病编码", "疾病名称")


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


def read(path: Path, *columns: str) -> list[list[str]]:
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
    assert read(path, *CODES) == [
        ["疾病编码", "疾病名称", "序号"],
        ["I10.x00", "高血压\n(原发性)", "1"],
        ["0010", "a,b", ""],
    ]


def test_a_workbook_without_the_columns_is_refused_by_their_names(tmp_path: Path) -> None:
    path = workbook(tmp_path / "icd.xlsx", ["编码"], ["I10"])
    with pytest.raises(HubError, match="疾病编码") as refusal:
        read(path, *CODES)
    assert (refusal.value.category, refusal.value.where) == (Category.INVALID, str(path))


def test_what_is_no_workbook_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    for name, category in (("a.xlsx", Category.UNREADABLE), ("b.xlsx", Category.NOT_FOUND)):
        with pytest.raises(HubError) as refusal:
            read(tmp_path / name, *CODES)
        assert refusal.value.category is category


def test_csv_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("疾病编码\nI10\n", encoding="gb18030")
    assert read(path) == [["疾病编码"], ["I10"]]
