"""The check digit of the citizen id (GB 11643-1999): 17 digits, of which the last one is odd for men, and a check."""

from __future__ import annotations

import re
from operator import mul
from typing import Final

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
#: What the weights make of seventeen times "0", as its byte.
_ZEROS: Final = ord("0") * sum(_WEIGHTS)
_FULL: Final = re.compile(r"\d{17}[\dXx]", re.ASCII)


def check_digit(body: str) -> str:
    """The last character for the first 17 digits, ASCII (ISO 7064 MOD 11-2)."""
    # Over bytes, since every id of every candidate of a registration is read.
    return _CHECKS[(sum(map(mul, _WEIGHTS, body.encode())) - _ZEROS) % 11]


def is_citizen_id(text: str) -> bool:
    """Whether a text has 18 characters of which the last one fits the others."""
    return _FULL.fullmatch(text) is not None and check_digit(text[:17]) == text[17].upper()
