"""Characters that look alike: one is typed or read for the other."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Final

from hub.mpi.data_file import read_data

#: From so many strokes on, two of them may differ; below, one; with fewer than the second, none (一 and 二).
_MANY_STROKES: Final = 8
_FEW_STROKES: Final = 4

_TABLE: Final = read_data("strokes")
_STROKES: Final[dict[str, str]] = _TABLE["strokes"]
_PAIRS: Final = frozenset(frozenset(pair) for group in _TABLE["groups"] for pair in combinations(group, 2))


@lru_cache(maxsize=1 << 16)
def look_alike(first: str, second: str) -> bool:
    """Whether two characters stand in one group of look-alikes, or their strokes in order hardly differ."""
    if first == second or frozenset((first, second)) in _PAIRS:
        return True
    one, other = _STROKES.get(first), _STROKES.get(second)
    if one is None or other is None:
        return False
    longest = max(len(one), len(other))
    most = 2 if longest >= _MANY_STROKES else 1
    return longest >= _FEW_STROKES and abs(len(one) - len(other)) <= most and distance(one, other) <= most


def distance(first: str, second: str) -> int:
    """Levenshtein distance: characters replaced, lost or added."""
    row = list(range(len(second) + 1))
    for place, mine in enumerate(first, 1):
        above, row = row, [place]
        for column, theirs in enumerate(second, 1):
            row.append(min(row[-1] + 1, above[column] + 1, above[column - 1] + (mine != theirs)))
    return row[-1]
