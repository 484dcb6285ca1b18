"""Messages that say the same of the same fields have one report."""

from __future__ import annotations

import pytest

from hub.kernel.ids import PUBLIC_KEY, keyed_ids
from hub.kernel.types import ReportRow
from mappings.hl7v2 import told
from mappings.hl7v2.profile import DEFAULT
from mappings.hl7v2.told import Told
from mappings.hl7v2.translator import translator
from tests.mappings.messages import oru

ROWS = [ReportRow(source=f"PID-{n}[1]", outcome="refused", reason="no mapping") for n in (1, 2)]


def test_messages_that_fill_the_same_fields_share_a_report() -> None:
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    first, other = (translate(oru(2).replace(".50|", f".{value}|").encode()).report for value in ("50", "71"))
    assert first
    assert other is first


def test_a_note_on_a_field_makes_another_report_and_the_same_note_the_same() -> None:
    translate = translator(DEFAULT, "F01", keyed_ids(PUBLIC_KEY))
    plain, noted, again = (
        translate(oru(2).replace(".50|", f"{value}|").encode()).report for value in (".50", "x", "y")
    )
    assert noted != plain
    assert again is noted


def test_a_message_of_many_segments_has_a_report_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "_MOST_PARTS", 1)
    reports = Told()
    part = reports.keep(("PID",), ROWS)
    assert reports.whole((part,)) is reports.whole((part,)) is not None
    assert reports.whole((part, part)) == tuple(ROWS * 2)
    assert reports.whole((part, part)) is not reports.whole((part, part))


def test_what_is_remembered_of_a_sender_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "_MOST", 2)
    monkeypatch.setattr(told, "_MOST_WHOLE", 2)
    reports = Told()
    for n in range(9):
        reports.whole((reports.keep((n,), ROWS),))
    assert [n for n in range(9) if reports.part((n,))] == [8]
    for _ in range(9):
        reports.whole((told.Part(ROWS),))
    assert len(reports._wholes) <= 2
