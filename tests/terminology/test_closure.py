"""All ancestors, against a walk from each concept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.errors import HubError
from terminology.closure import closed

Links = list[tuple[str, tuple[str, ...]]]


@st.composite
def hierarchies(draw: st.DrawFn) -> Links:
    """Concepts whose parents come before them, in a drawn order."""
    size = draw(st.integers(1, 12))
    links = [(str(n), tuple(map(str, draw(st.sets(st.integers(0, n - 1), max_size=3))))) for n in range(1, size)]
    return draw(st.permutations([("0", ()), *links]))


def walked(links: Links, code: str) -> set[str]:
    above = dict(links)[code]
    return {*above}.union(*(walked(links, one) for one in above))


@settings(max_examples=60)
@given(hierarchies())
def test_the_ancestors_of_each_concept_are_those_a_walk_finds(links: Links) -> None:
    closure = closed(links)
    for code, number in closure.numbers.items():
        expected = {closure.numbers[one] for one in walked(links, code)}
        assert set(closure.ancestors.get(number, ())) == expected


def test_parents_that_are_no_codes_of_the_system_do_not_count() -> None:
    closure = closed([("a", ("elsewhere",)), ("b", ("a",))])
    assert (closure.parents, closure.ancestors) == ({0: (), 1: (0,)}, {0: (), 1: (0,)})


@pytest.mark.parametrize("links", [[("a", ("b",)), ("b", ("a",))], [("a", ("a",))], [("a", ()), ("a", ())]])
def test_circles_and_codes_that_stand_twice_are_refused(links: Links) -> None:
    with pytest.raises(HubError):
        closed(links)
