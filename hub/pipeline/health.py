"""What the figures of a feed come to: blue (as it should be), yellow (look at it), red (act), each with its reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.kernel.expected import Expected

#: How old the oldest message that waits may be before it is looked at, and before somebody acts.
_WAITS: Final = (timedelta(minutes=1), timedelta(minutes=10))
#: Dead letters of the last hour are a failure of the feed from so many on, and from this share of its messages on.
_FAILS: Final = (5, 0.2)
#: Of the messages of an ordinary day: below the first share yellow, below the second red.
_FEW: Final = (0.5, 0.1)
#: Silence of so many times what is expected is red.
_LONG: Final = 3


class Colour(StrEnum):
    """How a feed is, the worst last."""

    BLUE = "blue"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is known of a feed: its first and last message, those of the last hour and day, those that wait.

    `waits` is how many wait, `oldest` when the first of them came. `dead` are dead letters, all and of the last hour.
    """

    first: datetime | None
    last: datetime | None
    hour: int
    day: int
    waits: int
    oldest: datetime | None
    dead: int
    dead_hour: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a feed is not blue, by code: `feed_` + code is its text on the pages."""

    colour: Colour
    code: str
    text: str


def judge(figures: Figures, expected: Expected, profile_problem: str, now: datetime) -> list[Finding]:
    """What is to be said of a feed, the worst first; nothing of one that is as it should be.

    `profile_problem` says what is wrong with its profile as it stands in the files now. `now` has the zone of the hours
    in `expected`.
    """
    found = [
        *_profile(profile_problem),
        *_waiting(figures, now),
        *_dead(figures),
        *_silent(figures, expected, now),
        *_few(figures, expected, now),
    ]
    return sorted(found, key=lambda one: list(Colour).index(one.colour), reverse=True)


def worst(findings: list[Finding]) -> Colour:
    """The colour of a feed of which this is said."""
    return findings[0].colour if findings else Colour.BLUE


def _profile(problem: str) -> Iterator[Finding]:
    if problem:
        yield Finding(Colour.RED, "profile", f"its profile is wrong; the last right one is in use: {problem}")


def _waiting(figures: Figures, now: datetime) -> Iterator[Finding]:
    if figures.oldest is None:
        return
    age, (long, stuck) = now - figures.oldest, _WAITS
    if age > stuck:
        yield Finding(Colour.RED, "stuck", "messages wait and nothing works on them; see whether the pipeline runs")
    elif age > long:
        yield Finding(Colour.YELLOW, "waits", "messages wait longer than a minute")


def _dead(figures: Figures) -> Iterator[Finding]:
    least, share = _FAILS
    if figures.dead_hour >= least and figures.dead_hour >= share * figures.hour:
        yield Finding(Colour.RED, "failing", "a fifth or more of the messages of the last hour are dead letters")
    elif figures.dead:
        yield Finding(Colour.YELLOW, "dead", "dead letters wait to be mended")


def _silent(figures: Figures, expected: Expected, now: datetime) -> Iterator[Finding]:
    if expected.silent is None:
        return
    if figures.last is None:
        yield Finding(Colour.YELLOW, "never", "no message ever came")
        return
    silence = expected.silence(figures.last, now)
    if silence > expected.silent:
        colour = Colour.RED if silence > _LONG * expected.silent else Colour.YELLOW
        yield Finding(colour, "silent", "no message came for longer than is expected; see whether its sender runs")


def _few(figures: Figures, expected: Expected, now: datetime) -> Iterator[Finding]:
    """A day after the first message it can be told."""
    if expected.a_day is None or figures.first is None or now - figures.first < timedelta(days=1):
        return
    some, few = _FEW
    if figures.day < some * expected.a_day:
        colour = Colour.RED if figures.day < few * expected.a_day else Colour.YELLOW
        yield Finding(colour, "few", "fewer than half of the messages of an ordinary day came in the last one")
