from collections import Counter
from datetime import UTC, datetime

import pytest

from hub.demo.calendar import Calendar
from hub.demo.population import citizen_id, population
from hub.demo.story import persons, sendings


def valid(citizen: str) -> bool:
    weights = [pow(2, 17 - i, 11) for i in range(17)]
    total = sum(int(d) * w for d, w in zip(citizen[:17], weights, strict=True))
    return citizen[17] == "10X98765432"[total % 11]


def test_invented_citizen_ids_are_of_the_unassigned_division_and_have_right_check_digits() -> None:
    people = [*population(200, 5), *persons().values()]
    assert all(p.citizen.startswith("990122") and valid(p.citizen) for p in people)


@pytest.mark.parametrize("person", list(population(50, 1)), ids=lambda p: p.key)
def test_birth_date_and_sex_agree_with_the_citizen_id(person: object) -> None:
    known = next(p for p in population(50, 1) if p == person)
    assert known.citizen[6:14] == known.born
    assert (int(known.citizen[16]) % 2 == 1) == (known.sex == "1")


def test_the_same_seed_gives_the_same_people() -> None:
    assert list(population(20, 3)) == list(population(20, 3))
    assert list(population(20, 3)) != list(population(20, 4))


def test_a_known_citizen_id_is_reproduced() -> None:
    assert citizen_id("19580412", 96) == "990122195804120960"


def test_the_story_holds_the_habits_it_is_told_for() -> None:
    story = list(sendings(0, 1, Calendar(datetime(2026, 11, 22, 4, 0, tzinfo=UTC))))
    assert Counter(s.feed for s in story).keys() == {"F01-his", "F02-his", "F03-lis"}
    his = [s.raw for s in story if s.feed == "F01-his"]
    assert all(raw.decode("gbk") for raw in his)
    with pytest.raises(UnicodeDecodeError):
        his[0].decode("utf-8")
    assert len(story) - len({s.raw for s in story}) == 2
