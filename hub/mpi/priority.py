"""Which pair a steward should take next: points by a small rule, each with its reason. Pure.

The points are judgements, not estimates: who is being treated today is harmed first; then what most often hides two
persons in one record, or one child in two; then what is nearly certain; then what has waited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.mpi.decide import Reason

#: One of the two came into care within the last day.
TODAY: Final = 100
#: For the reason why the pair waits; 10 for all others.
OF_REASON: Final[Mapping[str, int]] = {
    Reason.BORROWED_ID: 40,
    Reason.NEWBORN: 40,
    Reason.CONTRADICTION: 30,
    Reason.BRIDGE: 30,
    Reason.TWO_PERSONS: 20,
    Reason.TWINS: 20,
}
_OTHER_REASON: Final = 10
#: One for each bit of the score, and one for each day the pair has waited; both at most so many.
MOST_SCORE: Final = 20
MOST_DAYS: Final = 30


class Why(StrEnum):
    """Where points come from. Stable words."""

    TODAY = "today"
    REASON = "reason"
    SCORE = "score"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Priority:
    """The points of a pair; `parts` where they come from, only what counts."""

    points: int
    parts: tuple[tuple[Why, int], ...]


def priority(reason: str, score: float, since: datetime, now: datetime, *, today: bool) -> Priority:
    """How soon a pair should be decided; more points are sooner."""
    counted = (
        (Why.TODAY, TODAY if today else 0),
        (Why.REASON, OF_REASON.get(reason, _OTHER_REASON)),
        (Why.SCORE, min(MOST_SCORE, max(0, int(score)))),
        (Why.AGE, min(MOST_DAYS, max(0, (now - since).days))),
    )
    parts = tuple(part for part in counted if part[1])
    return Priority(sum(points for _, points in parts), parts)
