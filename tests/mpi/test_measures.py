"""Figures of the review, against values worked out elsewhere."""

from __future__ import annotations

import pytest

from hub.mpi.measures import BOUNDS, histogram, psi, wilson


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Newcombe, Statistics in Medicine 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for yes, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = wilson(yes, of)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert wilson(0, 0).share is None


def test_all_of_few_is_not_certainty() -> None:
    found = wilson(10, 10)
    assert found.share == 1.0
    assert found.high == pytest.approx(1.0)
    assert round(found.low, 3) == 0.722


def test_scores_fall_into_classes_a_bound_into_the_one_above() -> None:
    counts = histogram([-99.0, 0.0, 0.1, 3.99, 4.0, 99.0])
    at = BOUNDS.index(0.0) + 1
    assert (counts[0], counts[at], counts[at + 1], counts[-1], sum(counts)) == (1, 3, 1, 1, 6)


def test_the_same_distribution_is_stable_and_a_moved_one_is_not() -> None:
    first = [10, 20, 40, 20, 10]
    assert psi(first, [count * 7 for count in first]) == pytest.approx(0.0)
    moved = psi(first, [40, 20, 10, 20, 10])
    assert moved == pytest.approx(2 * 0.3 * 1.3862944, rel=1e-6)
    assert psi(first, [0] * 5) is None
    assert psi([50, 50], [0, 100]) is not None, "an empty class has no bounds to break"
