"""What is expected of a feed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from hub.kernel.expected import expected

CHINA = timezone(timedelta(hours=8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+08:00")


def test_nothing_is_expected_of_a_feed_of_which_nothing_is_said() -> None:
    stated = expected({})
    assert (stated.silent, stated.hours, stated.a_day) == (None, None, None)


def test_silence_counts_day_and_night_without_hours() -> None:
    stated = expected({"silent_minutes": 30})
    assert stated.silent == timedelta(minutes=30)
    assert stated.silence(at("2026-03-01T23:50"), at("2026-03-02T00:20")) == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("hours", "last", "now", "minutes"),
    [
        ("08:00-17:30", "2026-03-01T16:00", "2026-03-02T08:10", 10),  # the night does not count
        ("08:00-17:30", "2026-03-02T08:05", "2026-03-02T08:10", 5),
        ("08:00-17:30", "2026-03-02T08:05", "2026-03-02T17:30", 0),  # closed
        ("08:00-17:30", "2026-03-01T08:05", "2026-03-02T07:59", 0),
        ("20:00-06:00", "2026-03-01T12:00", "2026-03-02T05:00", 540),  # over midnight
        ("20:00-06:00", "2026-03-01T12:00", "2026-03-01T20:30", 30),
        ("20:00-06:00", "2026-03-01T12:00", "2026-03-01T19:59", 0),
    ],
)
def test_silence_counts_within_the_hours(hours: str, last: str, now: str, minutes: int) -> None:
    stated = expected({"silent_minutes": 5, "hours": hours})
    assert stated.silence(at(last), at(now)) == timedelta(minutes=minutes)
