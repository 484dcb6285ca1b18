import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.clock import fixed_clock
from hub.kernel.log import Log

NOON = fixed_clock(datetime(2026, 1, 1, 12, tzinfo=UTC))


def written(**fields: Any) -> str:
    stream = io.StringIO()
    Log("test", stream=stream, clock=NOON).event("happened", **fields)
    return stream.getvalue()


def test_an_event_is_one_json_line() -> None:
    line = written(feed="F01-his", count=3)
    assert json.loads(line) == {
        "at": "2026-01-01T12:00:00.000+00:00",
        "level": "INFO",
        "process": "test",
        "event": "happened",
        "feed": "F01-his",
        "count": 3,
    }


@given(st.text(min_size=1))
def test_no_value_can_break_the_line_or_carry_chinese_text(value: str) -> None:
    line = written(code=value)
    assert line.count("\n") == 1
    assert all(ord(c) < 128 for c in line)
    stored = json.loads(line)["code"]
    assert stored == value or stored.startswith("sha256:")


@pytest.mark.parametrize("name", ["沈桂兰", "Shen Guilan", "990122195804120960 沈", "a\r\nb"])
def test_names_are_replaced_by_their_hash(name: str) -> None:
    assert json.loads(written(code=name))["code"].startswith("sha256:")


def test_a_field_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="patient_name"):
        written(patient_name="x")


def test_a_failure_tells_class_and_place_but_not_the_text() -> None:
    stream = io.StringIO()
    try:
        raise RuntimeError("沈桂兰")
    except RuntimeError as error:
        Log("test", stream=stream, clock=NOON).failure("broke", error)
    line = json.loads(stream.getvalue())
    assert line["exception"] == "RuntimeError"
    assert line["position"].startswith("tests.kernel.test_log:")
    assert "沈" not in stream.getvalue()
    assert "\\u6c88" not in stream.getvalue()


def test_events_below_the_least_level_are_not_written() -> None:
    stream = io.StringIO()
    Log("test", level="WARNING", stream=stream, clock=NOON).event("quiet")
    assert stream.getvalue() == ""
