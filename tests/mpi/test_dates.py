from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mpi.dates import lunar, lunar_mix, one_slip, parse_date, swapped


@pytest.mark.parametrize("text", ["1984-05-07", "19840507", "1984/5/7", "1984年5月7日", " 1984-05-07 "])
def test_a_date_is_read_with_or_without_separators(text: str) -> None:
    assert parse_date(text) == date(1984, 5, 7)


@pytest.mark.parametrize("text", ["", "不详", "1984", "1984-02-30", "0000-00-00", "84-05-07"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_day_and_month_may_have_changed_places() -> None:
    assert swapped(date(1984, 5, 7), date(1984, 7, 5))
    assert not swapped(date(1984, 5, 7), date(1985, 7, 5))


@pytest.mark.parametrize(
    ("other", "slip"),
    [
        (date(1984, 5, 16), True),
        (date(1994, 5, 17), True),
        (date(1948, 5, 17), True),
        (date(1984, 6, 18), False),
        (date(1984, 5, 17), False),
        (date(1985, 6, 18), False),
    ],
)
def test_one_digit_or_two_neighbours_are_a_slip(other: date, slip: bool) -> None:
    assert one_slip(date(1984, 5, 17), other) is slip


def test_neighbours_that_changed_places_between_year_and_month_or_month_and_day_are_a_slip() -> None:
    assert one_slip(date(2011, 1, 5), date(2010, 11, 5))
    assert one_slip(date(2011, 12, 1), date(2011, 10, 21))


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2024, 2, 10), (2024, 1, 1)),  # Spring Festival
        (date(2023, 9, 29), (2023, 8, 15)),  # Mid-Autumn
        (date(2023, 3, 22), (2023, 2, 1)),  # the leap month counts as the second
        (date(1985, 2, 19), (1984, 12, 30)),  # the last evening of the year
        (date(1900, 1, 1), None),
        (date(2070, 1, 1), None),
    ],
)
def test_a_day_is_told_in_the_chinese_calendar(day: date, told: tuple[int, int, int] | None) -> None:
    assert lunar(day) == told


def test_a_date_of_the_chinese_calendar_written_as_a_common_one_is_seen_both_ways() -> None:
    assert lunar_mix(date(2023, 9, 29), date(2023, 8, 15))
    assert lunar_mix(date(2023, 8, 15), date(2023, 9, 29))
    assert not lunar_mix(date(2023, 9, 29), date(2023, 8, 18))


@given(st.dates(date(1902, 1, 1), date(2050, 1, 1)))
def test_a_chinese_month_has_at_most_thirty_days(day: date) -> None:
    told = lunar(day)
    assert told is not None
    assert 1 <= told[1] <= 12
    assert 1 <= told[2] <= 30
