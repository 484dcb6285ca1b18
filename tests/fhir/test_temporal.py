"""Dates as ranges, and the prefixes of R4 search.html on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.prefixes import Prefix, holds, split_prefix
from hub.fhir.temporal import CHINA, TICK, compare, interval, period
from hub.kernel.errors import Category, HubError

NOW = datetime(2026, 11, 22, tzinfo=UTC)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2013", utc(2013, 1, 1), utc(2014, 1, 1)),
        ("2013-02", utc(2013, 2, 1), utc(2013, 3, 1)),
        ("2012-12", utc(2012, 12, 1), utc(2013, 1, 1)),
        ("2013-01-14", utc(2013, 1, 14), utc(2013, 1, 15)),
        ("2013-01-14T10:00", utc(2013, 1, 14, 10), utc(2013, 1, 14, 10, 1)),
        ("2013-01-14T10:00:05", utc(2013, 1, 14, 10, 0, 5), utc(2013, 1, 14, 10, 0, 6)),
        ("2013-01-14T10:00:05Z", utc(2013, 1, 14, 10, 0, 5), utc(2013, 1, 14, 10, 0, 6)),
        ("2013-01-14T18:00:05.5+08:00", utc(2013, 1, 14, 10, 0, 5, 500000), utc(2013, 1, 14, 10, 0, 5, 600000)),
        ("2016-12-31T23:59:60Z", utc(2017, 1, 1), utc(2017, 1, 1, 0, 0, 1)),
        ("9999", utc(9999, 1, 1), None),
        ("9999-12", utc(9999, 12, 1), None),
        ("9999-12-31", utc(9999, 12, 31), None),
    ],
)
def test_a_date_covers_the_range_of_its_precision(text: str, low: datetime, high: datetime | None) -> None:
    assert interval(text, UTC) == (low, high)


def test_a_date_without_zone_is_of_china_unless_told_otherwise() -> None:
    assert interval("2013-01-14")[0] == datetime(2013, 1, 14, tzinfo=CHINA) == utc(2013, 1, 13, 16)
    assert interval("2013-01-14T08:00:00", UTC)[0] == utc(2013, 1, 14, 8)


@pytest.mark.parametrize(
    ("text", "high"),
    [
        ("0001", datetime(2, 1, 1, tzinfo=CHINA)),
        ("0001-01-01", datetime(1, 1, 2, tzinfo=CHINA)),
        ("0001-01-01T00:00:00", utc(1, 1, 1) + TICK),
        ("0001-01-01T00:00:00Z", utc(1, 1, 1, 0, 0, 1)),
    ],
)
def test_what_lies_before_the_first_year_begins_with_it(text: str, high: datetime) -> None:
    """0001-01-01 is a date of FHIR, and what some programs write for no bound at all."""
    assert interval(text) == (utc(1, 1, 1), high)


def test_digits_past_the_microsecond_are_within_one_tick() -> None:
    assert interval("2013-01-14T10:00:00.1234567Z") == (
        utc(2013, 1, 14, 10, 0, 0, 123456),
        utc(2013, 1, 14, 10, 0, 0, 123457),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "13",
        "2013-1",
        "2013-13",
        "2013-02-30",
        "2013-01-14T",
        "2013-01-14T10",
        "2013-01-14T24:00:00Z",
        "0000",
        "2013-01-14T10:00:61Z",
        "2013-01-14 10:00",
        "2013-01-14T10:00:00+15:00",
        "２０１３",
        "2013\n",
        "9999-12-31T23:00:00-02:00",
    ],
)
def test_any_other_text_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(HubError) as caught:
        interval(text)
    assert caught.value.category is Category.INVALID
    assert not text or text not in str(caught.value)


def test_a_period_may_be_open_at_either_end() -> None:
    assert period("2013-01", None, UTC) == (utc(2013, 1, 1), None)
    assert period(None, "2013-01", UTC) == (None, utc(2013, 2, 1))


@given(st.text())
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    try:
        low, high = interval(text)
    except HubError:
        return
    assert high is None or low < high


#: The examples of search.html 3.1.1.4.7: search, what the resource states as a date or period, whether it matches.
EXAMPLES = [
    ("eq2013-01-14", "2013-01-14T00:00", True),
    ("eq2013-01-14", "2013-01-14T10:00", True),
    ("eq2013-01-14", "2013-01-15T00:00", False),
    ("ne2013-01-14", "2013-01-15T00:00", True),
    ("ne2013-01-14", "2013-01-14T00:00", False),
    ("ne2013-01-14", "2013-01-14T10:00", False),
    ("lt2013-01-14T10:00", "2013-01-14", True),
    ("gt2013-01-14T10:00", "2013-01-14", True),
    ("ge2013-03-14", "2013-01-21..", True),
    ("le2013-03-14", "2013-01-21..", True),
    ("sa2013-03-14", "2013-03-15..", True),
    ("sa2013-03-14", "2013-01-21..", False),
    ("sa2013-03-14", "..2013-01-21", False),
    ("eb2013-03-14", "2013-03-15..", False),
    ("eb2013-03-14", "2013-01-21..", False),
    ("eb2013-03-14", "..2013-01-21", True),
    ("ap2013-03-14", "2013-03-14", True),
    ("ap2013-03-14", "2015-06-15", False),
    ("2013-01-14", "2013-01-14", True),
    ("gt2013-01-14", "2013-01-14", False),
    ("ge2013-01-14", "2013-01-14", True),
    ("lt2013-01-14", "2013-01-14", False),
    ("le2013-01-14", "2013-01-14", True),
    ("eq2013-01-14", "2013-01", False),
    ("ge9999", "2013-01-21..", True),
]


@pytest.mark.parametrize(("search", "stated", "matches"), EXAMPLES)
def test_a_prefix_means_what_the_search_page_says(search: str, stated: str, matches: bool) -> None:
    start, _, end = stated.partition("..")
    low, high = period(start, end, UTC) if ".." in stated else interval(stated, UTC)
    prefix, text = split_prefix(search)
    assert holds(compare(prefix, text, NOW.replace(year=2014), UTC), low, high) is matches


@given(moments, moments, moments)
def test_the_prefixes_agree_with_each_other_on_every_range(searched: datetime, one: datetime, other: datetime) -> None:
    low, high = min(one, other), max(one, other) + timedelta(seconds=1)
    text = searched.isoformat()
    found = {prefix: holds(compare(prefix, text, NOW), low, high) for prefix in Prefix}
    assert found[Prefix.NE] is not found[Prefix.EQ]
    assert found[Prefix.GE] is (found[Prefix.GT] or found[Prefix.EQ])
    assert found[Prefix.LE] is (found[Prefix.LT] or found[Prefix.EQ])
    assert not (found[Prefix.SA] and (found[Prefix.EB] or found[Prefix.LT] or found[Prefix.EQ]))
    assert not (found[Prefix.EB] and (found[Prefix.GT] or found[Prefix.EQ]))
    assert found[Prefix.EQ] <= found[Prefix.AP]
    assert found[Prefix.GT] or found[Prefix.LT] or found[Prefix.EQ]


@given(moments)
def test_a_moment_is_found_by_the_day_month_and_year_it_lies_in(moment: datetime) -> None:
    low, high = interval(moment.isoformat(), UTC)
    for length in (4, 7, 10):
        assert holds(compare(Prefix.EQ, moment.isoformat()[:length], NOW, UTC), low, high)


def test_an_open_end_is_beyond_every_date() -> None:
    assert holds(compare(Prefix.GT, "9999-12-31", NOW, UTC), utc(2013, 1, 1), None)
    assert holds(compare(Prefix.LT, "0002-01-01", NOW, UTC), None, utc(2013, 1, 1))
    assert not holds(compare(Prefix.EQ, "2013", NOW, UTC), utc(2013, 1, 1), None)


def test_an_unknown_prefix_is_refused() -> None:
    with pytest.raises(HubError) as caught:
        split_prefix("xx2013")
    assert caught.value.category is Category.INVALID
