"""Chinese characters: one form for variants of a character, and which are read alike."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from hub.kernel.pinyin import readings
from hub.mpi.data_file import read_data

#: Stands for a character the source could not write.
UNKNOWN: Final = "?"
#: What systems write for a character outside their charset, or to hide one.
_UNKNOWNS: Final = "?*□■〓�﹖＿_"


#: Digits in their order.
_COUNTED: Final = "0123456789" * 3


def _translation() -> dict[int, str]:
    table = read_data("simplified")
    pairs = dict(zip(map(ord, table["traditional"]), table["simplified"], strict=True))
    return pairs | dict.fromkeys(map(ord, _UNKNOWNS), UNKNOWN)


_TRANSLATION: Final = _translation()


def fold(text: str) -> str:
    """Half width (NFKC), simplified characters, capital letters; every mark of an unknown character becomes `?`."""
    return unicodedata.normalize("NFKC", text).translate(_TRANSLATION).upper()


def is_filler(number: str) -> bool:
    """Whether a number is typed only to fill its field, and would make one person of all who bear it: one character
    again and again, or digits counted up.
    """
    return number[:1] * len(number) == number or number in _COUNTED


def is_han(character: str) -> bool:
    """Whether it is a Chinese character (any Unicode block of ideographs), or stands for an unknown one."""
    code = ord(character)
    return character == UNKNOWN or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x323AF


@lru_cache(maxsize=1 << 16)
def same_sound(first: str, second: str) -> bool:
    """Whether two characters can be read alike."""
    return first == second or any(reading in readings(second) for reading in readings(first))
