"""How commands print what they found. Nobody's data."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from hub.cli.listing import print_json, print_table
from hub.kernel.types import Issue
from hub.pipeline.reason import Reason


@pytest.fixture
def in_china() -> Iterator[None]:
    """A machine whose clock shows the time of China."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


def test_a_row_is_one_line_where_nobody_reads_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("number", "reason"), [(1, "no entry " * 40), (2, "none")])
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["number", "reason"]
    assert first.split() == ["1", *["no", "entry"] * 40]
    assert second.split() == ["2", "none"]


def test_what_a_sender_wrote_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("code", "name"), [("[red]K[/b]", "\x1b]0;owned\x07血钾\x9b2J")])
    assert capsys.readouterr().out.splitlines()[1].split() == ["[red]K[/b]", "\\x1b]0;owned\\x07血钾\\x9b2J"]


def test_instants_are_local_time_with_its_offset_and_nothing_is_blank(
    in_china: None, capsys: pytest.CaptureFixture[str]
) -> None:
    row = (datetime(2026, 3, 2, 0, 30, 15, 7, tzinfo=UTC), None, False, True, 0, ("a", "b"))
    print_table(["at", "none", "false", "true", "zero", "list"], [row])
    assert capsys.readouterr().out.splitlines()[1].split() == ["2026-03-02", "08:30:15+08:00", "yes", "0", "a", "b"]


def test_the_issues_of_a_message_are_objects_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    issue = Issue(severity="error", where="PID-3", code="x", text="is no number")
    print_json(dataclasses.asdict(Reason(issues=(issue,))))
    [told] = json.loads(capsys.readouterr().out)["issues"]
    assert told == {"severity": "error", "where": "PID-3", "code": "x", "text": "is no number"}
