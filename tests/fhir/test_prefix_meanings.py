"""Prefixes mean what R4 says of ranges, held to a reading with sets of moments instead of ends.

R4 search.html 3.1.1.4.5 (Prefixes), 3.1.1.4.6 (number), 3.1.1.4.7 (date).
"""

from __future__ import annotations

import math
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hub.fhir import numbers, temporal
from hub.fhir.prefixes import Prefix, holds

NOW = datetime(2026, 5, 20, tzinfo=UTC)
#: Around a change of month and year, in zones on either side of a day.
MOMENTS = st.builds(
    lambda base, seconds: base + timedelta(seconds=seconds),
    st.sampled_from([datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)]),
    st.integers(-2, 2),
)
ZONES = st.sampled_from(["Z", "+08:00", "-11:30", "+14:00", ""])
PRECISIONS = ["%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def _zone(text: str) -> timezone:
    if not text:
        return timezone(timedelta(hours=8))
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:])))


def _with(moment: datetime, name: str, value: int) -> datetime:
    parts = {part: getattr(moment, part) for part in ("year", "month", "day", "hour", "minute", "second")} | {
        name: value
    }
    return datetime(**parts, tzinfo=moment.tzinfo)


def _covered(moment: datetime, precision: int, zone: str) -> tuple[str, datetime, datetime]:
    """The text of a moment to a precision, and the range it covers by the calendar."""
    text = moment.strftime(PRECISIONS[precision])
    low = moment.replace(tzinfo=_zone(zone if precision > 2 else ""))
    year = 366 if low.year % 4 == 0 else 365
    month = monthrange(low.year, low.month)[1]
    starts: list[dict[str, int]] = [
        {"month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0},
        {"day": 1, "hour": 0, "minute": 0, "second": 0},
        {"hour": 0, "minute": 0, "second": 0},
        {"second": 0},
        {},
    ]
    widths = [*(timedelta(days=count) for count in (year, month, 1)), timedelta(minutes=1), timedelta(seconds=1)]
    for name, value in starts[precision].items():
        low = _with(low, name, value)
    return text + (zone if precision > 2 else ""), low, low + widths[precision]


COVERED = st.builds(_covered, MOMENTS, st.integers(0, 4), ZONES)


def _means(prefix: Prefix, target: tuple[int, int], asked: tuple[int, int]) -> bool:
    """Of ranges as sets of points: what stands above, below and within."""
    points = set(range(*target))
    within = points <= set(range(*asked))
    above, below = {point for point in points if point >= asked[1]}, {point for point in points if point < asked[0]}
    return {
        Prefix.EQ: within,
        Prefix.NE: not within,
        Prefix.GT: bool(above),
        Prefix.LT: bool(below),
        Prefix.GE: bool(above) or within,
        Prefix.LE: bool(below) or within,
        Prefix.SA: points == above,
        Prefix.EB: points == below,
    }[prefix]


@given(target=COVERED, asked=COVERED, prefix=st.sampled_from([one for one in Prefix if one is not Prefix.AP]))
def test_a_date_fits_as_sets_of_moments_do(
    target: tuple[str, datetime, datetime], asked: tuple[str, datetime, datetime], prefix: Prefix
) -> None:
    low, high = temporal.interval(target[0])
    assert (low, high) == target[1:]
    # Only the order of the four ends matters, so few points stand for all.
    ends = sorted({*target[1:], *asked[1:]})
    places = {end: place for place, end in enumerate(ends)}
    expected = _means(prefix, (places[target[1]], places[target[2]]), (places[asked[1]], places[asked[2]]))
    assert holds(temporal.compare(prefix, asked[0], NOW), low, high) == expected


@given(asked=COVERED, start=COVERED, prefix=st.sampled_from([one for one in Prefix if one is not Prefix.AP]))
def test_an_open_end_is_farther_than_everything(
    asked: tuple[str, datetime, datetime], start: tuple[str, datetime, datetime], prefix: Prefix
) -> None:
    ends = sorted({start[1], *asked[1:]})
    places = {end: place for place, end in enumerate(ends, start=1)}
    inside = (places[asked[1]], places[asked[2]])
    condition = temporal.compare(prefix, asked[0], NOW)
    assert holds(condition, start[1], None) == _means(prefix, (places[start[1]], 9), inside)
    assert holds(condition, None, start[1]) == _means(prefix, (0, places[start[1]]), inside)


@given(
    digits=st.integers(-999, 999),
    places=st.integers(0, 3),
    value=st.integers(-9_999, 9_999),
    prefix=st.sampled_from([Prefix.EQ, Prefix.NE, Prefix.GT, Prefix.LT, Prefix.GE, Prefix.LE]),
)
def test_a_number_fits_by_rounding_to_the_digits_asked_for(
    digits: int, places: int, value: int, prefix: Prefix
) -> None:
    asked, unit = Fraction(digits, 10**places), Fraction(1, 10**places)
    text = f"{'-' if digits < 0 else ''}{abs(digits) // 10**places}"
    if places:
        text += f".{abs(digits) % 10**places:0{places}}"
    stored = Fraction(value, 1000)
    equal = math.floor(stored / unit + Fraction(1, 2)) * unit == asked
    expected = {
        Prefix.EQ: equal,
        Prefix.NE: not equal,
        Prefix.GT: stored > asked,
        Prefix.LT: stored < asked,
        Prefix.GE: stored >= asked,
        Prefix.LE: stored <= asked,
    }[prefix]
    exact = numbers.decimal(f"{value}e-3")
    assert holds(numbers.compare(prefix, numbers.decimal(text)), exact, exact) == expected
