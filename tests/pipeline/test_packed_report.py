"""Conversion reports as they are kept beside their messages."""

from __future__ import annotations

import pytest

from hub.kernel.types import ReportRow
from hub.pipeline import translate
from hub.pipeline.translate import pack, rows


@pytest.mark.parametrize("length", [0, 1, 3, 4, 6, 7])
def test_a_report_that_is_packed_in_portions_reads_as_one(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translate, "_PORTION", 3)
    report = tuple(ReportRow(source=f"OBX[{n}]-5[1]", outcome="mapped", targets=("a", "b")) for n in range(length))
    assert tuple(rows(pack(report))) == report


def test_a_report_that_messages_share_is_packed_once_and_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translate, "_MOST_PACKED", 2)
    monkeypatch.setattr(translate, "_packed", {})
    reports = [(ReportRow(source=f"PID-{n}[1]", outcome="mapped", targets=("a",)),) for n in range(4)]
    packed = [pack(report) for report in reports]
    assert pack(reports[3]) is packed[3]
    assert [tuple(rows(pack(report))) for report in reports] == reports
    assert len(translate._packed) == 2


def test_rows_that_somebody_may_add_to_are_packed_as_they_are() -> None:
    growing = [ReportRow(source="PID-1[1]", outcome="mapped", targets=("a",))]
    assert rows(pack(growing)) == growing
    growing.append(ReportRow(source="PID-2[1]", outcome="mapped", targets=("b",)))
    assert rows(pack(growing)) == growing
