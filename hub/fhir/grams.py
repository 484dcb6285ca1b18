"""Words of full text: what a text is cut into, so that one found by its words is found whatever its language.

Scripts written without blanks (Chinese, kana, Hangul) are cut into characters and pairs of neighbours: who looks for
高血压 asks for 高血 and 血压. That finds every text with the phrase, and rarely one in which both pairs stand apart.
All other text is cut into words, folded as string search folds (hub.fhir.fold), which have to fit as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from hub.fhir.fold import folded

#: Ideographs with their extensions and compatibility forms, kana, Hangul syllables.
_DENSE: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
_RUN: Final = re.compile(f"([{_DENSE}]+)|[^\\W{_DENSE}]+")
_DIGEST: Final = 8
_SHORT: Final = 100


def indexed(texts: Iterable[str]) -> list[int]:
    """Numbers (signed, 64 bits) of all that some texts are found by, each once, in order."""
    found: set[int] = set()
    for text in texts:
        found.update(_short(text) if len(text) <= _SHORT else _grams(text))
    return sorted(found)


def wanted(text: str) -> list[int]:
    """Numbers of what a text must all have to be found by `text`; none if there is nothing to look for."""
    found: dict[str, None] = {}
    for run in _RUN.finditer(folded(text)):
        pairs = _pairs(run[0]) if run[1] is not None else ()
        found.update(dict.fromkeys(pairs or (run[0],)))
    return [_number(gram) for gram in found]


def _grams(text: str) -> Iterator[int]:
    for run in _RUN.finditer(folded(text)):
        word = run[0]
        for gram in (word,) if run[1] is None else (*word, *_pairs(word)):
            yield _number(gram)


@lru_cache(maxsize=16384)
def _short(text: str) -> tuple[int, ...]:
    """Of texts that come again and again: codes, displays, names."""
    return tuple(_grams(text))


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


@lru_cache(maxsize=16384)
def _number(gram: str) -> int:
    return int.from_bytes(blake2b(gram.encode(), digest_size=_DIGEST).digest(), "big", signed=True)
