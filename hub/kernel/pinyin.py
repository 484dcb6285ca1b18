"""How Chinese characters are read, in pinyin without tones."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice, product
from typing import Final

#: Dictionaries list archaic readings last; a name is never read so.
_MOST_READINGS: Final = 3
MOST_SPELLINGS: Final = 8


@lru_cache(maxsize=1 << 15)
def readings(character: str) -> tuple[str, ...]:
    """The usual ways a character is read, most usual first, in pinyin capitals without tones (ü as V); maybe none."""
    # The package reads a large file of phrases when it is imported: only those who need it pay.
    from pypinyin import Style, pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore", v_to_u=False)
    return tuple(reading.upper() for way in found for reading in way)[:_MOST_READINGS]


@lru_cache(maxsize=1 << 16)
def spellings(text: str) -> tuple[str, ...]:
    """The pinyin of a text, syllables joined, at most eight ways; the usual one first; none if a character has none."""
    return tuple(dict.fromkeys("".join(way) for way in _ways(text)))


@lru_cache(maxsize=1 << 13)
def typed(text: str) -> tuple[str, ...]:
    """What somebody types for a text in Chinese characters: its spellings and their initials, in small letters; nothing
    for a text that has a character without a reading.
    """
    if not text or text.isascii():
        return ()
    initials = ("".join(syllable[0] for syllable in way) for way in _ways(text))
    return tuple(dict.fromkeys(way.lower() for way in (*spellings(text), *initials)))


def _ways(text: str) -> list[tuple[str, ...]]:
    return list(islice(product(*(readings(character) for character in text)), MOST_SPELLINGS))
