"""Fixed values and patterns (R4 elementdefinition.html, fixed[x] and pattern[x])."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def is_fixed(value: Any, fixed: Any) -> bool:
    """Whether a value is exactly the fixed one; numbers with their digits, as R4 asks of decimals."""
    if isinstance(value, Decimal) and isinstance(fixed, Decimal):
        return value.as_tuple() == fixed.as_tuple()
    if isinstance(value, dict) and isinstance(fixed, dict):
        return value.keys() == fixed.keys() and all(is_fixed(value[key], fixed[key]) for key in fixed)
    if isinstance(value, list) and isinstance(fixed, list):
        return len(value) == len(fixed) and all(is_fixed(*pair) for pair in zip(value, fixed, strict=True))
    return type(value) is type(fixed) and bool(value == fixed)


def fits_pattern(value: Any, pattern: Any) -> bool:
    """Whether a value has at least what the pattern has: every element, and for each item of a list one that fits."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and fits_pattern(value[key], pattern[key]) for key in pattern
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(fits_pattern(item, part) for item in value) for part in pattern)
    return isinstance(value, bool) == isinstance(pattern, bool) and bool(value == pattern)
