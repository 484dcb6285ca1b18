"""Birth dates: read them, and how one may have become another."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from hub.mpi.data_file import read_data

_DATE: Final = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?:\D.*)?")


@lru_cache(maxsize=1 << 14)
def parse_date(text: str) -> date | None:
    """A date written year, month, day with or without separators; None if it is none."""
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


@lru_cache(maxsize=1 << 14)
def digits(day: date) -> str:
    """The eight digits of a date."""
    return day.isoformat().replace("-", "")


def is_placeholder(day: date) -> bool:
    """1 January stands for "born in about that year"."""
    return day.month == 1 and day.day == 1


def swapped(first: date, second: date) -> bool:
    """Day and month changed places."""
    return first.year == second.year and (first.month, first.day) == (second.day, second.month)


def one_slip(first: date, second: date) -> bool:
    """One digit differs, or two neighbouring digits changed places."""
    if first.year != second.year and first.month != second.month and first.day != second.day:
        return False  # one slip reaches two of them at most
    one, other = digits(first), digits(second)
    places = [n for n in range(8) if one[n] != other[n]]
    if len(places) == 2 and places[1] == places[0] + 1:
        return one[places[0]] == other[places[1]] and one[places[1]] == other[places[0]]
    return len(places) == 1


def _months() -> tuple[list[date], list[tuple[int, int]]]:
    begins: list[date] = []
    names: list[tuple[int, int]] = []
    for year, (first, lengths, leap) in read_data("lunar")["years"].items():
        day = date.fromisoformat(first)
        for place, longer in enumerate(lengths, 1):
            begins.append(day)
            # The leap month bears the number of the month before it.
            names.append((int(year), place - 1 if leap and place > leap else place))
            day += timedelta(days=29 + int(longer))
    return begins, names


_BEGINS, _NAMES = _months()


@lru_cache(maxsize=1 << 16)
def lunar(day: date) -> tuple[int, int, int] | None:
    """Year, month and day of the Chinese calendar, 1901 to 2050; a leap month counts as the one before it."""
    place = bisect_right(_BEGINS, day) - 1
    if place < 0 or day > _BEGINS[-1]:
        return None
    return (*_NAMES[place], (day - _BEGINS[place]).days + 1)


def lunar_mix(first: date, second: date) -> bool:
    """One is the other's date in the Chinese calendar, written as if it were a common date; a day off is forgiven."""
    return _is_lunar(first, second) or _is_lunar(second, first)


def _is_lunar(day: date, written: date) -> bool:
    told = lunar(day)
    return told is not None and told[:2] == (written.year, written.month) and abs(told[2] - written.day) <= 1
