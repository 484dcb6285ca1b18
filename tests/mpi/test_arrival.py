"""Record by record, in whatever order they come, nearly the persons are found that the whole file at once gives."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from random import Random

import pytest

from bench.arrival import arrived
from bench.mpi import Quality, load, measure, read_truth
from hub.mpi.features import Features
from hub.mpi.link import link
from hub.mpi.model import bundled_model
from tests.mpi.people import bare, citizen_id


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, str]:
    """Every third person of the development set, with all records: enough to see a regression, and quick."""
    if not (shared / "mpi-dev").is_dir():
        pytest.skip("shared folder absent: mpi-dev")
    persons = read_truth(shared / "mpi-dev" / "truth.csv")
    return {record: person for record, person in persons.items() if int(person.lstrip("P")) % 3 == 0}


@pytest.fixture(scope="module")
def sides(shared: Path, truth: dict[str, str]) -> list[Features]:
    return [side for side in load(shared / "mpi-dev" / "records.csv") if side.record_id in truth]


@pytest.fixture(scope="module")
def whole(sides: list[Features], truth: dict[str, str]) -> Quality:
    return measure(link(sides, bundled_model()).persons, truth)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_no_order_of_arrival_is_worth_three_thousandths_of_b_cubed(
    sides: list[Features], truth: dict[str, str], whole: Quality, order: int
) -> None:
    quality = measure(arrived(Random(order).sample(sides, len(sides)), bundled_model()), truth)
    assert abs(quality.b_cubed.f1 - whole.b_cubed.f1) <= 0.003
    assert quality.mixed <= whole.mixed + 1


def test_namesakes_born_ten_days_apart_are_two_persons_in_whatever_order_they_come() -> None:
    first = {"sex": "M", "birth_date": "1962-06-08", "phone": "09905550106", "address": "虚构县白云村"}
    second = {"sex": "M", "birth_date": "1962-06-18", "phone": "09905550166", "address": "虚构县白云村"}
    sides = [
        bare("杜明远", record_id="a1", facility="F04", id_no=citizen_id("1962-06-08", 301), **first),
        bare("杜明远", record_id="a2", facility="F01", **first),
        bare("杜明远", record_id="a3", facility="F01", **first),
        bare("杜明远", record_id="b1", facility="F04", id_no=citizen_id("1962-06-18", 303), **second),
        bare("杜明远", record_id="b2", facility="F01", id_no=citizen_id("1962-06-18", 303), **second),
    ]
    for order in permutations(sides):
        persons = sorted(sorted(person) for person in arrived(order, bundled_model()))
        assert persons == [["a1", "a2", "a3"], ["b1", "b2"]]
