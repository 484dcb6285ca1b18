"""Codes stated together mean the same, by way of any number of others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store.code_groups import grouped


def concept(*codings: str, text: str = "") -> Any:
    """Codings are `system|code`."""
    pairs = [dict(zip(("system", "code"), one.split("|"), strict=True)) for one in codings]
    return {"coding": pairs, **({"text": text} if text else {})}


def together(groups: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(key for key, number in groups.items() if number == n) for n in groups.values()}


@pytest.mark.parametrize(
    ("concepts", "expected"),
    [
        ({"a": concept("s|1"), "b": concept("s|1", "t|1"), "c": concept("t|1", "u|2")}, {"abc"}),
        ({"a": concept("s|1"), "b": concept("t|1")}, {"a", "b"}),
        ({"a": concept("s|1", text="x"), "b": concept("s|2", text="x")}, {"a", "b"}),
        ({"a": concept(text="x"), "b": concept(text="x"), "c": concept(text="X")}, {"ab", "c"}),
        ({"a": concept("s|x"), "b": concept(text="x")}, {"a", "b"}),
        ({"a": {}, "b": None, "c": {"coding": [{"display": "x"}]}}, {"a", "b", "c"}),
    ],
)
def test_groups(concepts: dict[str, Any], expected: set[str]) -> None:
    assert together(grouped(concepts)) == {frozenset(one) for one in expected}


_SETS = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3, unique=True), max_size=8)


@given(sets=_SETS, order=st.randoms())
def test_the_order_of_what_is_stated_does_not_matter(sets: list[list[str]], order: Any) -> None:
    concepts = {str(n): concept(*(f"s|{code}" for code in codes)) for n, codes in enumerate(sets)}
    shuffled = list(concepts.items())
    order.shuffle(shuffled)
    assert grouped(dict(shuffled)) == grouped(concepts)


@given(sets=_SETS)
def test_two_are_together_if_and_only_if_a_way_leads_from_one_to_the_other(sets: list[list[str]]) -> None:
    groups = grouped({str(n): concept(*(f"s|{code}" for code in codes)) for n, codes in enumerate(sets)})
    for start in range(len(sets)):
        reached, codes = {start}, set(sets[start])
        while more := {n for n, one in enumerate(sets) if codes & set(one)} - reached:
            reached |= more
            codes.update(*(sets[n] for n in more))
        assert {str(n) for n in reached} == {key for key, number in groups.items() if number == groups[str(start)]}
