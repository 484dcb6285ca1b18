"""How a feed is, by its figures and by what is expected of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.kernel.expected import NOTHING, Expected, expected
from hub.pipeline.health import Colour, Figures, judge, worst

NOW = datetime.fromisoformat("2026-03-02T10:00:00+08:00")


def figures(**said: Any) -> Figures:
    standing = {"first": ago(days=30), "last": ago(minutes=1), "hour": 10, "day": 100, "waits": 0, "oldest": None}
    return Figures(**{**standing, "dead": 0, "dead_hour": 0, **said})


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def codes(of: Figures, stated: Expected = NOTHING, problem: str = "") -> list[tuple[str, str]]:
    return [(one.colour.value, one.code) for one in judge(of, stated, problem, NOW)]


def test_a_feed_of_which_nothing_is_to_be_said_is_blue() -> None:
    assert codes(figures()) == []
    assert codes(figures(first=None, last=None, hour=0, day=0)) == []
    assert worst([]) is Colour.BLUE


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ({"waits": 3, "oldest": ago(seconds=60)}, []),
        ({"waits": 3, "oldest": ago(seconds=61)}, [("yellow", "waits")]),
        ({"waits": 3, "oldest": ago(seconds=601)}, [("red", "stuck")]),
        ({"dead": 4, "dead_hour": 4, "hour": 4}, [("yellow", "dead")]),
        ({"dead": 5, "dead_hour": 5, "hour": 26}, [("yellow", "dead")]),
        ({"dead": 5, "dead_hour": 5, "hour": 25}, [("red", "failing")]),
    ],
)
def test_what_waits_and_what_is_dead_is_said(said: dict[str, Any], finding: list[tuple[str, str]]) -> None:
    assert codes(figures(**said)) == finding


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ({"last": ago(minutes=30)}, []),
        ({"last": ago(minutes=31)}, [("yellow", "silent")]),
        ({"last": ago(minutes=91)}, [("red", "silent")]),
        ({"first": None, "last": None, "day": 0}, [("yellow", "never")]),
    ],
)
def test_silence_is_judged_by_what_is_expected(said: dict[str, Any], finding: list[tuple[str, str]]) -> None:
    assert codes(figures(**said), expected({"silent_minutes": 30})) == finding
    assert codes(figures(**said), expected({"silent_minutes": 30, "hours": "12:00-13:00"})) in (
        [],
        [("yellow", "never")],
    )


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        ({"day": 50}, []),
        ({"day": 49}, [("yellow", "few")]),
        ({"day": 9}, [("red", "few")]),
        ({"day": 9, "first": ago(hours=23)}, []),
    ],
)
def test_a_day_is_judged_by_an_ordinary_one(said: dict[str, Any], finding: list[tuple[str, str]]) -> None:
    assert codes(figures(**said), expected({"a_day": 100})) == finding


def test_a_wrong_profile_is_red_and_the_worst_stands_first() -> None:
    found = judge(figures(dead=1), NOTHING, "f01.yaml:3: no such field", NOW)
    assert [(one.colour.value, one.code) for one in found] == [("red", "profile"), ("yellow", "dead")]
    assert "f01.yaml:3" in found[0].text
    assert worst(found) is Colour.RED
