"""Figures of the review, from counts. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

#: Upper bounds of the classes of scores, in bits; the last class has none.
BOUNDS: Final = (-12.0, -8.0, -4.0, 0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 32.0, 40.0)
#: The normal deviate of 95 %.
_Z: Final = 1.959964
#: A class nobody is in counts as this share of the whole, or PSI would be without bounds.
_LEAST: Final = 0.0001


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, with the interval that holds the true share in 95 of 100 cases; no share of nothing."""

    yes: int
    of: int
    share: float | None
    low: float
    high: float


def wilson(yes: int, of: int) -> Share:
    """The score interval of E. B. Wilson (JASA 1927): unlike the usual one it is right for few and for all of few."""
    if of == 0:
        return Share(yes=0, of=0, share=None, low=0.0, high=1.0)
    share, square = yes / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return Share(yes=yes, of=of, share=share, low=max(0.0, middle - half), high=min(1.0, middle + half))


def histogram(scores: Sequence[float]) -> list[int]:
    """How many scores are in each class; a bound belongs to the class above it."""
    counts = [0] * (len(BOUNDS) + 1)
    for score in scores:
        counts[bisect_right(BOUNDS, score)] += 1
    return counts


def psi(first: Sequence[int], later: Sequence[int]) -> float | None:
    """The population stability index of two histograms, None if one is empty. Usual reading: below .1 nothing has
    changed, above .25 much has.
    """
    if not sum(first) or not sum(later):
        return None
    shares = [
        (max(_LEAST, one / sum(first)), max(_LEAST, other / sum(later)))
        for one, other in zip(first, later, strict=True)
    ]
    return sum((other - one) * log(other / one) for one, other in shares)
