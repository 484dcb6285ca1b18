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
