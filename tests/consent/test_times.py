"""Moments, periods, days, and the forms in which references are compared."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.ages import age_at, birth_day
from consent.references import References
from consent.times import ALWAYS, HOUR, NEVER, day_of, holds, moment, read_period, span

SECOND = HOUR // 3600


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", "2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"),
        ("2026-02", "2026-02-01T00:00:00+08:00", "2026-03-01T00:00:00+08:00"),
        ("2026-12", "2026-12-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"),
        ("2024-02-29", "2024-02-29T00:00:00+08:00", "2024-03-01T00:00:00+08:00"),
    ],
)
def test_a_date_covers_its_whole_day_month_or_year_in_china(text: str, first: str, last: str) -> None:
    next_ = moment(last)
    assert next_ is not None
    assert span(text) == (moment(first), next_ - 1)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-9.5))])))
def test_moments_are_ordered_as_instants_are(at: datetime) -> None:
    here, origin = moment(at.isoformat()), moment("2000-01-01T00:00:00Z")
    assert here is not None
    assert origin is not None
    elapsed = at - datetime(2000, 1, 1, tzinfo=UTC)
    assert here - origin == elapsed // timedelta(microseconds=1) * 1000


def test_fractions_of_a_second_are_kept() -> None:
    whole, part = moment("2026-06-10T10:00:00Z"), moment("2026-06-10T10:00:00.000000001Z")
    assert whole is not None
    assert part == whole + 1
    assert moment("2026-06-10T10:00:00.9Z") == whole + 9 * SECOND // 10
    assert moment("2026-06-10T10:00:00.9999999999Z") == whole + SECOND - 1


@pytest.mark.parametrize(
    "odd",
    [
        *("", "26", "2026-6", "2026-13", "2026-00", "2026-02-30", "0000", "2026-06-10T10:00:00", "2026-06-10T10Z"),
        *("2026-06-10T24:00:00Z", "2026-06-10T10:60:00Z", "2026-06-10T10:00:61Z", "2026-06-10T10:00:00z"),
        *("2026-06-10T10:00:00+0800", "2026-06-10T10:00:00+15:00", "2026-06-10T10:00:00+14:30", "2026-06-10Z"),
        *("2026-06-10 10:00:00Z", "2026-06-10T10:00:00.Z", "2026-06-10\n", " 2026-06-10", "２０２６"),
        *(None, 2026, ["2026"], {}),
    ],
)
def test_what_is_no_date_or_time_with_a_zone_is_none(odd: Any) -> None:
    assert span(odd) is None


def test_a_leap_second_is_the_next_second() -> None:
    assert moment("2016-12-31T23:59:60Z") == moment("2017-01-01T00:00:00Z")


def test_zones_go_up_to_fourteen_hours() -> None:
    assert moment("2026-06-10T14:00:00+14:00") == moment("2026-06-10T00:00:00-00:00")


def test_the_ends_of_the_calendar_are_read() -> None:
    last, first = span("9999"), span("0001-01-01T00:00:00+14:00")
    assert last is not None
    assert first is not None
    assert day_of(last[1]) == date(9999, 12, 31)
    assert day_of(first[0]) == date(1, 1, 1)


def test_periods_include_both_ends_and_a_missing_end_is_open() -> None:
    day = read_period({"start": "2026-06-10", "end": "2026-06-10"})
    assert day is not None
    assert day == span("2026-06-10")
    assert holds(day, day[0])
    assert holds(day, day[1])
    assert not holds(day, day[1] + 1)
    assert read_period({"start": "2026"}) == (span("2026") or ALWAYS)[:1] + ALWAYS[1:]
    assert read_period({"end": "2026"}) == ALWAYS[:1] + (span("2026") or ALWAYS)[1:]


@pytest.mark.parametrize("absent", [None, {}, [], {"id": "p"}, {"start": None}, {"start": {}, "end": []}])
def test_a_period_without_bounds_is_none(absent: Any) -> None:
    assert read_period(absent) is None
    assert not holds(read_period(absent), 0)


@pytest.mark.parametrize("odd", ["2026", 2026, [1], {"start": "x"}, {"end": ""}, {"start": "2027", "end": "2026"}])
def test_an_invalid_period_holds_nothing(odd: Any) -> None:
    assert read_period(odd) == NEVER
    assert not holds(NEVER, 0)


def test_ages_are_completed_years() -> None:
    birth, noon = birth_day("2012-02-29"), "T12:00:00+08:00"
    assert birth == date(2012, 2, 29)
    ages = [(at, age_at(birth, moment(at + noon) or 0)) for at in ("2013-02-28", "2013-03-01", "2016-02-29")]
    assert ages == [("2013-02-28", 0), ("2013-03-01", 1), ("2016-02-29", 4)]


@pytest.mark.parametrize(("text", "day"), [("2012-02", date(2012, 2, 29)), ("2011", date(2011, 12, 31)), ("x", None)])
def test_a_partial_birth_date_means_its_last_day(text: str, day: date | None) -> None:
    assert birth_day(text) == day


@pytest.mark.parametrize(
    ("reference", "clean"),
    [
        ("Patient/a", "Patient/a"),
        ("Patient/a/_history/1", "Patient/a"),
        ("https://hub.example/fhir/Patient/a", "Patient/a"),
        ("https://hub.example/fhir/Patient/a/_history/1", "Patient/a"),
        ("https://hub.example/fhir2/Patient/a", "https://hub.example/fhir2/Patient/a"),
        ("https://other.example/fhir/Patient/a/_history/1", "https://other.example/fhir/Patient/a/_history/1"),
        ("urn:uuid:6e4a", "urn:uuid:6e4a"),
        ("", None),
        ("https://hub.example/fhir/", None),
        (None, None),
        (7, None),
    ],
)
@pytest.mark.parametrize("base", ["https://hub.example/fhir", "https://hub.example/fhir/"])
def test_references_are_compared_without_base_and_version(base: str, reference: Any, clean: str | None) -> None:
    assert References((base,)).clean(reference) == clean
