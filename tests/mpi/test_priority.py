"""Which pair comes next, and why."""

from __future__ import annotations

from datetime import timedelta

from hub.mpi.decide import Reason
from hub.mpi.priority import Priority, Why, priority
from tests.mpi.registry import NOW


def points(*, reason: Reason = Reason.UNCERTAIN, score: float = -1.0, days: int = 0, today: bool = False) -> Priority:
    return priority(reason, score, NOW - timedelta(days=days), NOW, today=today)


def test_who_is_treated_today_comes_before_everything_else() -> None:
    most = points(reason=Reason.BORROWED_ID, score=99, days=999)
    assert points(today=True).points > most.points
    assert most.parts == ((Why.REASON, 40), (Why.SCORE, 20), (Why.AGE, 30))


def test_reasons_that_hide_two_persons_in_one_come_before_mere_doubt() -> None:
    assert points(reason=Reason.BORROWED_ID).points > points(reason=Reason.TWINS).points > points().points


def test_each_bit_and_each_day_counts_and_what_counts_nothing_is_not_told() -> None:
    assert points(score=5.9, days=3).parts == ((Why.REASON, 10), (Why.SCORE, 5), (Why.AGE, 3))
    assert points().parts == ((Why.REASON, 10),)
