"""Numbers as ranges of their digits, and the prefixes of R4 search.html on them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.numbers import compare, decimal, implied_range
from hub.fhir.prefixes import Prefix, holds, split_prefix
from hub.kernel.errors import Category, HubError

numbers = st.decimals(Decimal(-1000000), Decimal(1000000), places=3)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("100", "99.5", "100.5"),
        ("100.00", "99.995", "100.005"),
        ("1e2", "95", "105"),
        ("5.4", "5.35", "5.45"),
        ("5.40e-3", "0.005395", "0.005405"),
        ("-2", "-2.5", "-1.5"),
        ("0", "-0.5", "0.5"),
    ],
)
def test_the_digits_of_a_number_imply_its_range(text: str, low: str, high: str) -> None:
    assert implied_range(decimal(text)) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize("text", ["", "x", "1,5", "NaN", "Infinity", "1e", "1e9999", "1" * 50, "１", "1_0", " 1"])
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(HubError) as caught:
        decimal(text)
    assert caught.value.category is Category.INVALID


#: search.html 3.1.1.4.6: search, what the resource states, whether it matches.
EXAMPLES = [
    ("100", "100", True),
    ("100", "99.5", True),
    ("100", "100.5", False),
    ("100.00", "100", True),
    ("100.00", "100.005", False),
    ("ne100", "100.2", False),
    ("ne100", "101", True),
    ("lt100", "100", False),
    ("lt100", "99.999", True),
    ("le100", "100", True),
    ("gt100", "100", False),
    ("gt100", "100.001", True),
    ("ge100", "100", True),
    ("ge100", "99.9", False),
    ("sa100", "100.001", True),
    ("eb100", "99.999", True),
    ("ap100", "90", True),
    ("ap100", "110", True),
    ("ap100", "111", False),
    ("ap-100", "-105", True),
    ("gt8e-1", "0.81", True),
    ("2", "2", True),
    ("2.5", "2", False),
]


@pytest.mark.parametrize(("search", "stated", "matches"), EXAMPLES)
def test_a_prefix_means_what_the_search_page_says(search: str, stated: str, matches: bool) -> None:
    prefix, text = split_prefix(search)
    assert holds(compare(prefix, decimal(text)), Decimal(stated), Decimal(stated)) is matches


@given(numbers)
def test_a_number_is_found_by_itself(number: Decimal) -> None:
    for prefix in (Prefix.EQ, Prefix.GE, Prefix.LE, Prefix.AP):
        assert holds(compare(prefix, number), number, number)
    for prefix in (Prefix.NE, Prefix.GT, Prefix.LT, Prefix.SA, Prefix.EB):
        assert not holds(compare(prefix, number), number, number)


@given(numbers, numbers, numbers)
def test_the_prefixes_agree_with_each_other_on_every_range(searched: Decimal, one: Decimal, other: Decimal) -> None:
    low, high = min(one, other), max(one, other)
    found = {prefix: holds(compare(prefix, searched), low, high) for prefix in Prefix}
    assert found[Prefix.NE] is not found[Prefix.EQ]
    assert found[Prefix.GT] is (high > searched)
    assert found[Prefix.LT] is (low < searched)
    assert found[Prefix.SA] <= found[Prefix.GT]
    assert found[Prefix.EB] <= found[Prefix.LT]
    assert found[Prefix.SA] is not found[Prefix.LE]
    assert found[Prefix.EB] is not found[Prefix.GE]


def test_a_range_open_above_is_greater_than_every_number() -> None:
    assert holds(compare(Prefix.GT, Decimal("1e300")), Decimal(5), None)
    assert not holds(compare(Prefix.EB, Decimal("1e300")), Decimal(5), None)
