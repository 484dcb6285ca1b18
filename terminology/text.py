"""What concepts are found by: parts of their names in any script, pinyin, and the initials of pinyin. Pure.

A filter is cut at white space; every part must stand somewhere in the names. Parts of a text are hashed to 32 bits for
one index, and what the index finds is compared letter by letter, so a collision costs time and finds nothing wrong.
Two Latin letters are looked for in initials and at the start of words only; a single letter is not indexed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from zlib import crc32

from hub.fhir.fold import folded

_DENSE: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
_RUN: Final = re.compile(f"([{_DENSE}]+)|[^\\W{_DENSE}]+")
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
#: Stands before the initials of a name in the searched text; no name has it.
_INITIALS: Final = "\x02"


def searched(names: Iterable[str]) -> str:
    """The text a filter is compared with: folded names, each with its pinyin and the initials of it."""
    lines: dict[str, None] = {}
    for name in names:
        line = folded(name)
        lines[line] = None
        spoken = pinyin(line)
        if spoken is not None:
            lines[spoken[0]] = None
            lines[_INITIALS + spoken[1]] = None
    return "\n".join(lines)


@lru_cache(maxsize=65536)
def pinyin(text: str) -> tuple[str, str] | None:
    """The syllables of the Chinese parts of a text run together, and their initials; None without Chinese."""
    runs = _HAN.findall(text)
    if not runs:
        return None
    from pypinyin.seg import mmseg  # loads its dictionaries, which most processes need not

    syllables = [syllable for run in runs for word in mmseg.seg.cut(run) for syllable in _spoken(word)]
    return "".join(syllables), "".join(syllable[:1] for syllable in syllables)


@lru_cache(maxsize=65536)
def _spoken(word: str) -> tuple[str, ...]:
    """The syllables of a word. Names are made of few words, and reading one costs more than all else of a name."""
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(word))


def text_keys(search: str) -> set[int]:
    """Keys of a searched text."""
    found: set[int] = set()
    for line in search.split("\n"):
        if line.startswith(_INITIALS):
            found.update(map(hashed, (*_grams(line[1:], 2), *_grams(line[1:], 3))))
        else:
            for run in _RUN.finditer(line):
                found.update(_run_keys(run[0], dense=run[1] is not None))
    return found


@lru_cache(maxsize=8192)
def _run_keys(word: str, *, dense: bool) -> tuple[int, ...]:
    """Keys of a run of letters. Names are made of few words, so most are known."""
    parts = (*word, *_grams(word, 2)) if dense else (word[:2], *_grams(word, 3))
    return tuple(map(hashed, parts))


def filter_parts(text: str) -> list[str]:
    """The parts of a filter, folded, each once."""
    return list(dict.fromkeys(folded(text).split()))


def filter_keys(parts: Iterable[str]) -> set[int]:
    """Keys that everything has which fits these parts; none if the index cannot help."""
    found: set[int] = set()
    for part in parts:
        for run in _RUN.finditer(part):
            word = run[0]
            if run[1] is not None:
                found.update(map(hashed, _grams(word, 2) if len(word) > 1 else word))
            elif len(word) > 1:
                found.update(map(hashed, _grams(word, min(len(word), 3))))
    return found


def _grams(word: str, size: int) -> list[str]:
    return [word[at : at + size] for at in range(len(word) - size + 1)]


@lru_cache(maxsize=65536)
def ancestor_key(number: int) -> int:
    """The key of being a kind of the concept with that number."""
    return hashed(f"\x00{number}")


def fact_key(code: str, value: str) -> int:
    """The key of having a property."""
    return hashed(f"\x01{code}={value}")


@lru_cache(maxsize=65536)
def hashed(part: str) -> int:
    """32 bits, signed."""
    return crc32(part.encode()) - 0x80000000
