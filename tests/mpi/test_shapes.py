import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mpi.shapes import distance, look_alike


@pytest.mark.parametrize("pair", ["王玉", "白自", "林材", "孟盂", "海梅", "陈阵", "未末"])
def test_characters_taken_for_each_other_look_alike(pair: str) -> None:
    assert look_alike(pair[0], pair[1])
    assert look_alike(pair[1], pair[0])


@pytest.mark.parametrize("pair", ["吴赵", "一二", "岚静", "吴?", "A吴", "𠮷吉"])
def test_others_do_not(pair: str) -> None:
    assert not look_alike(pair[0], pair[1])


@pytest.mark.parametrize(
    ("one", "other", "apart"), [("", "", 0), ("", "hs", 2), ("hsp", "hsp", 0), ("hsp", "hp", 1), ("hspn", "phsp", 2)]
)
def test_distance_counts_replaced_lost_and_added(one: str, other: str, apart: int) -> None:
    assert distance(one, other) == apart


_STROKES = st.text("hspnz", max_size=8)


@given(_STROKES, _STROKES, _STROKES)
def test_distance_is_a_metric(one: str, other: str, third: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, third) <= distance(one, other) + distance(other, third)
