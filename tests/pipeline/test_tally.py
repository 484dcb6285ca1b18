"""Conversion reports added up, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from hub.kernel.types import ReportRow
from hub.pipeline.counting import day_of
from hub.pipeline.tally import Counted, Line, Lines, Slot, Tally, added, line_of, pack, unpack

SLOT = Slot("F01.his", date(2026, 3, 1), 1)
REFUSED = ReportRow(source="ZPD-3[1]", outcome="refused", reason="no mapping")
NAMES = tuple(
    ReportRow(source=f"PID-5[{rep}].1", outcome="mapped", targets=("Patient.name[].family", "Patient.name[].text"))
    for rep in (1, 2)
)


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("PID-3[2].4", "PID-3.4"),
        ("OBX[12]-5[1]", "OBX-5"),
        ("PID-11[1].1.2", "PID-11.1"),
        ("MSH-2", "MSH-2"),
        ("ZZZ-999[1]", "ZZZ-200+"),
        ("NTE-3[1].4711", "NTE-3.50+"),
        ("odd", "odd"),
    ],
)
def test_a_position_is_that_of_the_standard_whatever_segment_and_repetition(source: str, position: str) -> None:
    assert line_of(ReportRow(source=source, outcome="refused")).position == position


def test_messages_and_leaves_are_counted_apart() -> None:
    tally = Tally(Lines())
    tally.add(SLOT, (*NAMES, REFUSED))
    tally.add(SLOT, (REFUSED,))
    name = Line("PID-5.1", "mapped", "Patient.name[].family, Patient.name[].text", "")
    assert {one[3:7]: (one.messages, one.leaves) for one in tally.counted()} == {
        ("", "all", "", ""): (2, 4),
        tuple(name): (1, 2),
        ("ZPD-3", "refused", "", "no mapping"): (2, 2),
    }


def test_messages_that_share_a_report_are_each_counted_and_the_report_looked_at_once() -> None:
    looked: list[object] = []

    class Looking(Lines):
        def numbers(self, report: Sequence[ReportRow]) -> list[int]:
            looked.append(report)
            return super().numbers(report)

    tally, report = Tally(Looking()), (*NAMES, REFUSED)
    for day in (1, 1, 1, 2):
        tally.add(SLOT._replace(day=date(2026, 3, day)), report)
    tally.take_back(SLOT, (REFUSED,))
    counted = list(tally.counted())
    assert looked == [report, report]  # one for each day
    assert {(one.day.day, one.position, one.messages, one.leaves) for one in counted if one.position != "ZPD-3"} == {
        (1, "", 3, 9),
        (1, "", -1, -1),
        (1, "PID-5.1", 3, 6),
        (2, "", 1, 3),
        (2, "PID-5.1", 1, 2),
    }
    assert list(tally.counted()) == counted


def test_what_is_taken_back_leaves_nothing() -> None:
    lines = Lines()
    first, again = Tally(lines), Tally(lines)
    first.add(SLOT, (*NAMES, REFUSED))
    again.take_back(SLOT, (*NAMES, ReportRow(source="ZPD-3[1]", outcome="refused", reason="no mapping")))
    assert added([list(first.counted()), list(again.counted())]) == []


def test_slots_are_kept_apart_and_sums_survive_packing() -> None:
    tally = Tally(Lines())
    tally.add(SLOT, (REFUSED,))
    tally.add(SLOT._replace(edition=2), (REFUSED,))
    parts = [unpack(pack(list(tally.counted())))] * 3
    assert [one for one in added(parts) if one.position] == [
        Counted(*SLOT, "ZPD-3", "refused", "", "no mapping", 3, 3),
        Counted(*SLOT._replace(edition=2), "ZPD-3", "refused", "", "no mapping", 3, 3),
    ]


def test_lines_do_not_remember_rows_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.pipeline.tally._MOST_ROWS", 2)
    lines = Lines()
    lines.numbers(NAMES)
    assert not lines.is_full()
    lines.numbers((REFUSED,))
    assert lines.is_full()


def test_a_message_counts_for_the_day_in_china() -> None:
    assert day_of(datetime(2026, 3, 1, 16, 30, tzinfo=UTC)) == date(2026, 3, 2)


def test_the_rows_of_a_report_of_thousands_are_counted_and_not_kept() -> None:
    lines, report = Lines(), tuple(ReportRow(source=f"OBX[{n}]-5[1]", outcome="mapped") for n in range(100_001))
    tally = Tally(lines)
    tally.add(SLOT, report)
    assert not lines.is_full()
    assert [(one.messages, one.leaves) for one in tally.counted() if one.position == "OBX-5"] == [(1, 100_001)]
