"""The prefixes of ordered search (R4 search.html 3.1.1.4.5), as conditions on the range an index row holds.

A row holds the range [low, high) of a date or [low, high] of a number; None is an open end. A condition is written
as data, so that the store turns it into SQL and everybody else can test it in Python: alternatives, each a list of
comparisons that must all hold.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, Literal, NamedTuple

from hub.kernel.errors import Category, HubError


class Prefix(StrEnum):
    """What may stand before a date, a number or a quantity."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"
    AP = "ap"


class Comparison(NamedTuple):
    """`side` of the row compared with `value`. An open low end is below every value, an open high end above."""

    side: Literal["low", "high"]
    operator: Literal["<", "<=", ">", ">="]
    value: Any


#: Alternatives of comparisons that must all hold.
Condition = tuple[tuple[Comparison, ...], ...]

_PREFIXES: Final = frozenset(Prefix)
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def split_prefix(text: str) -> tuple[Prefix, str]:
    """Prefix and value of a search text; `eq` where there is none. Raises HubError INVALID for an unknown one."""
    head = text[:2]
    if not head.isalpha():
        return Prefix.EQ, text
    if head not in _PREFIXES:
        raise HubError(Category.INVALID, "begins with an unknown prefix", todo="use eq ne gt lt ge le sa eb or ap")
    return Prefix(head), text[2:]


def holds(condition: Condition, low: Any, high: Any) -> bool:
    """Whether a row's range fulfils a condition: the meaning the SQL must have."""
    return any(all(_compare(part, low if part.side == "low" else high) for part in parts) for parts in condition)


def _compare(part: Comparison, value: Any) -> bool:
    if value is None:
        return (part.side == "low") == part.operator.startswith("<")
    return _OPERATORS[part.operator](value, part.value)
