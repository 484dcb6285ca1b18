"""The floor under which matching must not fall, on the development set of the shared folder."""

from pathlib import Path

import pytest

from bench.mpi import Quality, load, measure, read_truth
from hub.mpi.link import link
from hub.mpi.model import bundled_model


@pytest.fixture(scope="module")
def quality(shared: Path) -> Quality:
    folder = shared / "mpi-dev"
    if not folder.is_dir():
        pytest.skip("shared folder absent: mpi-dev")
    linked = link(load(folder / "records.csv"), bundled_model())
    return measure(linked.persons, read_truth(folder / "truth.csv"), linked.reviews)


def test_hardly_any_link_is_wrong(quality: Quality) -> None:
    assert quality.pairs.precision >= 0.999
    assert quality.mixed <= 2


def test_most_links_are_found(quality: Quality) -> None:
    assert quality.pairs.recall >= 0.978
    assert quality.b_cubed.f1 >= 0.991


def test_few_pairs_wait_for_a_human_and_most_of_them_are_right(quality: Quality) -> None:
    assert quality.reviews <= 120
    assert quality.right_reviews / quality.reviews >= 0.5


def test_the_measures_are_those_of_a_case_counted_by_hand() -> None:
    truth = {"a": "P", "b": "P", "c": "P", "d": "Q"}
    found = measure([["a", "b"], ["c", "d"]], truth)
    assert (found.pairs.precision, found.pairs.recall) == (1 / 2, 1 / 3)
    assert found.b_cubed.precision == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert found.b_cubed.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert found.mixed == 1
