"""What concepts are found by: parts of their names in any script, pinyin, and the initials of pinyin. Pure.

A filter is cut at white space; every part must stand somewhere in the names. Parts of a text are hashed to 32 bits for
one index, and what the index finds is compared letter by letter, so a collision costs time and finds nothing wrong.
Two Latin letters are looked for in initials and at the start of words only; a single letter is not indexed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import Final
from zlib import crc32

from hub.fhir.fold import folded

_DENSE: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
_CHARACTERS: Final = re.compile(f"[{_DENSE}]+")
_LETTERS: Final = re.compile(f"[^\\W{_DENSE}]+")
#: What letters are in ASCII, told faster.
_ASCII: Final = re.compile(r"\w+", re.ASCII)
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
#: Stands before the initials of a name in the searched text; no name has it.
_INITIALS: Final = "\x02"
#: Letters of a word that may come again; a longer one is the pinyin of a name.
_WORD: Final = 24
#: Parts of a word that are cut in one go.
_LONG: Final = 200


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


@lru_cache(maxsize=8192)
def pinyin(text: str) -> tuple[str, str] | None:
    """The syllables of the Chinese parts of a text run together, and their initials; None without Chinese."""
    runs = () if text.isascii() else _HAN.findall(text)
    if not runs:
        return None
    told = [_spoken(word) for run in runs for word in _words(run)]
    return "".join([syllables for syllables, _ in told]), "".join([initials for _, initials in told])


def _words(run: str) -> list[str]:
    """A run of Chinese cut as pypinyin cuts it (its mmseg): the longest of its phrases that begins here, else one
    character; and what is left as the beginning of a phrase is all cut into characters.
    """
    phrases, longest, begins = _dictionary()
    found: list[str] = []
    at, end = 0, len(run)
    while at < end:
        most = longest.get(run[at : at + 2], 1)
        size = min(most, end - at)
        while size > 1 and run[at : at + size] not in phrases:
            size -= 1
        if size == 1 and most > end - at and begins(run[at:]):
            return [*found, *run[at:]]
        found.append(run[at : at + size])
        at += size
    return found


@cache
def _dictionary() -> tuple[Container[str], Mapping[str, int], Callable[[str], bool]]:
    """The phrases of pypinyin; how long the longest is that begins with two characters; and what begins one. Loaded
    when it is asked for: most processes need it not.
    """
    from pypinyin.constants import PHRASES_DICT
    from pypinyin.seg.mmseg import p_set

    longest: dict[str, int] = {}
    for phrase in PHRASES_DICT:
        longest[phrase[:2]] = max(longest.get(phrase[:2], 0), len(phrase))
    return PHRASES_DICT, longest, p_set.__contains__


@lru_cache(maxsize=65536)
def _spoken(word: str) -> tuple[str, str]:
    """The syllables of a word, and their initials. Names are made of few words, and reading one costs more than all
    else of a name.
    """
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(word)
    return "".join(syllables), "".join([syllable[:1] for syllable in syllables])


def text_keys(search: str) -> set[int]:
    """Keys of a searched text."""
    return set(map(hashed, text_parts(search)))


def text_parts(search: str) -> set[str]:
    """What of a searched text is hashed to be its keys."""
    found: set[str] = set()
    for line in search.split("\n"):
        if line.startswith(_INITIALS):
            found.update(_grams(line[1:], 2), _grams(line[1:], 3))
            continue
        for dense in _CHARACTERS.findall(line) if not line.isascii() else ():
            found.update(dense, _grams(dense, 2))
        for word in (_ASCII if line.isascii() else _LETTERS).findall(line):
            if len(word) > _WORD:
                found.update((word[:2],), _grams(word, 3))
            else:
                found |= _word_parts(word)
    return found


@lru_cache(maxsize=8192)
def _word_parts(word: str) -> frozenset[str]:
    """Of a word in letters: names are made of few, so most are known."""
    return frozenset((word[:2], *_grams(word, 3)))


def filter_parts(text: str) -> list[str]:
    """The parts of a filter, folded, each once."""
    return list(dict.fromkeys(folded(text).split()))


def filter_keys(parts: Iterable[str]) -> set[int]:
    """Keys that everything has which fits these parts; none if the index cannot help."""
    found: set[int] = set()
    for part in parts:
        for word in _CHARACTERS.findall(part):
            found.update(map(hashed, _grams(word, 2) if len(word) > 1 else word))
        for word in _LETTERS.findall(part):
            if len(word) > 1:
                found.update(map(hashed, _grams(word, min(len(word), 3))))
    return found


def _grams(word: str, size: int) -> Sequence[str]:
    count = len(word) - size + 1
    if 1 < count < _LONG:
        return _cutter(count, size)(word)
    return [word[at : at + size] for at in range(count)]


@cache
def _cutter(count: int, size: int) -> Callable[[str], tuple[str, ...]]:
    """Cuts so many parts of a size out of a word; half the work of cutting them one by one."""
    return itemgetter(*(slice(at, at + size) for at in range(count)))


def ancestor_key(number: int) -> int:
    """The key of being a kind of the concept with that number."""
    return hashed(f"\x00{number}")


def fact_key(code: str, value: str) -> int:
    """The key of having a property."""
    return hashed(f"\x01{code}={value}")


def hashed(part: str) -> int:
    """32 bits, signed."""
    return crc32(part.encode()) - 0x80000000
