"""Chinese characters: one form for variants of a character, and the ways it is read."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import islice, product
from typing import Final

from hub.mpi.data_file import read_data

#: Stands for a character the source could not write.
UNKNOWN: Final = "?"
#: What systems write for a character outside their charset, or to hide one.
_UNKNOWNS: Final = "?*□■〓�﹖＿_"
#: Dictionaries list archaic readings last; a name is never read so.
_MOST_READINGS: Final = 3
MOST_SPELLINGS: Final = 8


def _translation() -> dict[int, str]:
    table = read_data("simplified")
    pairs = dict(zip(map(ord, table["traditional"]), table["simplified"], strict=True))
    return pairs | dict.fromkeys(map(ord, _UNKNOWNS), UNKNOWN)


_TRANSLATION: Final = _translation()


def fold(text: str) -> str:
    """Half width (NFKC), simplified characters, capital letters; every mark of an unknown character becomes `?`."""
    return unicodedata.normalize("NFKC", text).translate(_TRANSLATION).upper()


def is_han(character: str) -> bool:
    """Whether it is a Chinese character (any Unicode block of ideographs), or stands for an unknown one."""
    code = ord(character)
    return character == UNKNOWN or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x323AF


@lru_cache(maxsize=1 << 15)
def readings(character: str) -> tuple[str, ...]:
    """The usual ways a character is read, most usual first, in pinyin capitals without tones (ü as V); maybe none."""
    # The package reads a large file of phrases when it is imported: only those who need it pay.
    from pypinyin import Style, pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore", v_to_u=False)
    return tuple(reading.upper() for way in found for reading in way)[:_MOST_READINGS]


def same_sound(first: str, second: str) -> bool:
    """Whether two characters can be read alike."""
    return first == second or any(reading in readings(second) for reading in readings(first))


@lru_cache(maxsize=1 << 16)
def spellings(text: str) -> tuple[str, ...]:
    """The pinyin of a text, syllables joined, at most eight ways; the usual one first; none if a character has none."""
    ways = product(*(readings(character) for character in text))
    return tuple(dict.fromkeys("".join(way) for way in islice(ways, MOST_SPELLINGS)))
