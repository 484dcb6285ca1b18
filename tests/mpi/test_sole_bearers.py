"""A record that says no more than a name is the one bearer's, if the file holds no other and few can be unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.mpi.features import Features
from hub.mpi.link import link
from hub.mpi.model import Model, bundled_model
from tests.mpi.people import WU, bare, side

WHOLE = [side(WU, record_id="a"), side(WU, record_id="b", facility="F02", phone="")]


def persons(*sides: Features, model: Model | None = None) -> list[tuple[str, ...]]:
    return list(link([*WHOLE, *sides], model or bundled_model()).persons)


def test_a_name_that_one_person_bears_joins_that_person_and_the_link_says_so() -> None:
    found = link([*WHOLE, bare("吴晓岚", record_id="c", sex="F")], bundled_model())
    assert found.persons == (("a", "b", "c"),)
    (joined,) = (pair for pair in found.links if "c" in (pair.record_id, pair.candidate_id))
    assert joined.score >= 1


def test_two_records_of_a_name_that_nobody_else_bears_are_one_person() -> None:
    first = bare("尉迟敬安", record_id="c", sex="M", phone="13800990007")
    assert persons(first, bare("尉迟敬安", record_id="d", facility="F02", sex="M")) == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize("other", ["吴晓岚", "吴小兰", "WU XIAOLAN"])
def test_it_joins_nobody_where_another_bears_the_name_or_one_that_sounds_alike(other: str) -> None:
    namesake = bare(other, record_id="d", sex="F", birth_date="1950-02-03")
    assert persons(bare("吴晓岚", record_id="c", sex="F"), namesake) == [("a", "b"), ("c",), ("d",)]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("吴小兰", {"sex": "F"}),
        ("WU XIAOLAN", {"sex": "F"}),
        ("吴晓岚", {"sex": "M"}),
        ("吴晓岚", {"sex": "F", "birth_date": "1951-03-09"}),
        ("吴晓岚之女", {"sex": "F"}),
    ],
)
def test_it_joins_nobody_of_other_characters_sex_or_birth_nor_does_a_newborn(name: str, known: dict[str, str]) -> None:
    assert ("c",) in persons(bare(name, record_id="c", **known))


def test_a_name_of_two_characters_says_too_little() -> None:
    first = bare("吴岚", record_id="c", sex="F", phone="13800990007", birth_date="1951-03-09")
    assert ("d",) in persons(first, bare("吴岚", record_id="d", sex="F"))


def test_the_more_people_may_be_unseen_the_less_a_name_says() -> None:
    crowded = replace(bundled_model(), least_persons=100_000)
    assert ("c",) in persons(bare("吴晓岚", record_id="c", sex="F"), model=crowded)


def test_a_telephone_of_somebody_else_speaks_against_it() -> None:
    assert ("c",) in persons(bare("吴晓岚", record_id="c", sex="F", phone="13800990009"))
