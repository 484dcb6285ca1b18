"""All ancestors, against a walk from each concept."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.errors import HubError
from terminology.closure import ABOVE, LONGEST, closed

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
    numbers = {code: number for number, (code, _) in enumerate(links)}
    for code, number in numbers.items():
        assert closure.ancestors(number) == {numbers[one] for one in walked(links, code)}


def test_parents_that_are_no_codes_of_the_system_do_not_count() -> None:
    closure = closed([("a", ("elsewhere",)), ("b", ("a", "elsewhere", "a")), ("c", ())])
    assert [list(closure.parents(number)) for number in range(closure.total)] == [[], [0], []]
    assert [closure.ancestors(number) for number in range(closure.total)] == [set(), {0}, set()]
    assert closure.strays == (2, "elsewhere")
    assert closed([("a", ()), ("b", ("a",))]).strays == (0, "")


@pytest.mark.parametrize(
    ("links", "what"),
    [
        ([("x", ()), ("a", ("b",)), ("b", ("a", "x"))], "code a is above itself"),
        ([("a", ("a",))], "code a is above itself"),
        ([("a", ()), ("b", ()), ("b", ("a",))], "code b stands twice"),
        ([("x" * (LONGEST + 1), ())], f"code {'x' * 64} has more than 1000 characters"),
        ([("Bb", ()), ("bB", ())], "code bB stands twice, in upper and lower case"),
    ],
)
def test_circles_and_codes_that_stand_twice_are_refused_by_their_code(links: Links, what: str) -> None:
    with pytest.raises(HubError) as refusal:
        closed(links, str.casefold)
    assert f"{refusal.value.where} {refusal.value.what}" == what


def test_a_hierarchy_takes_a_few_bytes_a_concept() -> None:
    size = 5_000
    tracemalloc.start()
    try:
        closure = closed((f"C{n}", (f"C{n // 10}", f"C{n // 7}") if n > 9 else ()) for n in range(size))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert closure.ancestors(4_999) > {499, 714, 1}
    assert kept < 25 * size + 100_000


def test_a_concept_with_too_many_above_it_is_refused() -> None:
    chain = closed((str(n), (str(n - 1),)) for n in range(ABOVE + 2))
    assert len(chain.ancestors(ABOVE)) == ABOVE
    with pytest.raises(HubError, match="above it"):
        chain.ancestors(ABOVE + 1)


def test_what_is_kept_of_ancestors_that_were_asked_for_has_a_bound() -> None:
    chain = closed((str(n), (str(n - 1),)) for n in range(2_000))
    tracemalloc.start()
    try:
        assert sum(len(chain.ancestors(number)) for number in range(chain.total)) == 2_000 * 1_999 // 2
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 20_000_000
