"""The check digit of the citizen id (GB 11643-1999): 17 digits, of which the last one is odd for men, and a check."""

from __future__ import annotations

import re
from typing import Final

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_FULL: Final = re.compile(r"\d{17}[\dXx]", re.ASCII)


def check_digit(body: str) -> str:
    """The last character for the first 17 digits (ISO 7064 MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


def is_citizen_id(text: str) -> bool:
    """Whether a text has 18 characters of which the last one fits the others."""
    return _FULL.fullmatch(text) is not None and check_digit(text[:17]) == text[17].upper()
