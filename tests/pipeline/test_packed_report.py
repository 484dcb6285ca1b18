"""Conversion reports as they are kept beside their messages."""

from __future__ import annotations

import tracemalloc

import pytest

from hub.kernel.types import ReportRow
from hub.pipeline import translate
from hub.pipeline.translate import each_row, pack, rows


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


@pytest.mark.parametrize("piece", [2, 7, 64, 1000])
def test_a_report_is_read_in_pieces_wherever_they_end(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translate, "_PIECE", piece)
    said = ('"],["', 'a"],["b', "", "沈", "\\")
    report = [
        ReportRow(source=f"OBX[{n}]-5[1]", outcome="refused", targets=said[:n], reason=said[n % 5]) for n in range(12)
    ]
    for length in (0, 1, 2, 12):
        assert rows(pack(report[:length])) == report[:length]


def test_the_rows_of_a_long_report_are_not_in_memory_together() -> None:
    packed = pack([ReportRow(source=f"OBX[{n}]-5[1]", outcome="mapped", targets=("a", "b")) for n in range(100_000)])
    tracemalloc.start()
    try:
        assert sum(1 for _ in each_row(packed)) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()
