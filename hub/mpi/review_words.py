"""What reviewers read: reasons, comparisons and their levels in words, from `data/review-words.json`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from hub.mpi.data_file import read_data
from hub.mpi.levels import COMPARISONS

Language = Literal["zh", "en"]

_COLUMN: Final[Mapping[Language, int]] = {"zh": 0, "en": 1}
#: A part of `hub.mpi.score.evidence`.
_PART: Final = re.compile(r"(\w+) (\w+) ([+-][\d.]+)")
_MISSING: Final = "MISSING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One comparison of a pair: its outcome as the matcher names it and in words, and the bits it weighed."""

    comparison: str
    text: str
    level: str
    level_text: str
    bits: float


@cache
def _words() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_data("review-words")
    return found


def said(table: str, word: str, language: Language) -> str:
    """How a word of a table (`reason`, `why`, `comparison`, or a comparison's levels) reads; itself without a row."""
    row: Sequence[str] | None = _words()["MISSING"] if word == _MISSING else _words()[table].get(word)
    return word if row is None else row[_COLUMN[language]]


def compared(evidence: str, language: Language) -> list[Compared]:
    """The comparisons of a pair in their order, from what the matcher noted; those that said nothing too."""
    told = {name: (level, float(bits)) for name, level, bits in _PART.findall(evidence)}
    found = []
    for name in COMPARISONS:
        level, bits = told.get(name, (_MISSING, 0.0))
        words = {"text": said("comparison", name, language), "level_text": said(name, level, language)}
        found.append(Compared(comparison=name, level=level, bits=bits, **words))
    return found
