"""The report of a long message: complete, in order, and small while nobody looks."""

from __future__ import annotations

import pytest

from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import ReportRow
from mappings.hl7v2 import report
from mappings.hl7v2.long_report import PORTION, LongReport
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.translator import translator
from tests.mappings.messages import oru

ROWS = [ReportRow(source=f"OBX[{n}]-5[1]", outcome="mapped", targets=(f"a{n}",), reason="") for n in range(7)]


def packed() -> LongReport:
    long = LongReport()
    long.take(ROWS[:3])
    long.take(ROWS[3:6])
    long.take(ROWS[6:])
    return long


def test_rows_come_back_as_they_were() -> None:
    long = packed()
    assert (list(long), len(long), list(long)) == (ROWS, 7, ROWS)
    assert [long[n] for n in (0, 3, 6, -1, -7)] == [ROWS[n] for n in (0, 3, 6, -1, -7)]
    assert list(long[2:5]) == ROWS[2:5]


@pytest.mark.parametrize("index", [7, -8])
def test_there_is_nothing_beyond_its_ends(index: int) -> None:
    with pytest.raises(IndexError):
        packed()[index]


def test_a_message_is_told_of_in_the_same_words_however_long_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = oru(400).encode()
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    at_once = translate(raw).report
    assert isinstance(at_once, LongReport) is (len(at_once) > PORTION)
    monkeypatch.setattr(report, "PORTION", 10)
    in_portions = translate(raw).report
    assert isinstance(in_portions, LongReport)
    monkeypatch.setattr(report, "PORTION", 1_000_000)
    assert tuple(in_portions) == translate(raw).report == tuple(at_once)
