"""A number in a cell, with the sign of a limit before it and a unit behind it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from mappings.forms.text import narrow

Comparator = Literal["", "<", "<=", ">=", ">"]

_SIGNS: Final[dict[str, Comparator]] = {
    **{"<": "<", "小于": "<", "低于": "<", ">": ">", "大于": ">", "高于": ">", "<=": "<=", "≤": "<=", "≦": "<="},
    **{">=": ">=", "≥": ">=", "≧": ">=", "": ""},
}
_NUMBER: Final = re.compile(
    r"(?P<sign><=|>=|[<>≤≥≦≧]|小于|大于|低于|高于|)\s*(?P<number>[+-]?\d{1,12}(?:\.\d{1,9})?)\s*(?P<unit>(?!/\s*\d)[^\d\s<>].*)?",
    re.ASCII,
)
_PAIR: Final = re.compile(
    r"(?P<first>\d{1,4}(?:\.\d\d?)?)\s*[/\\-]\s*(?P<second>\d{1,4}(?:\.\d\d?)?)\s*(?P<unit>\D.*)?", re.ASCII
)


class Number(NamedTuple):
    """A number, its limit sign, and the unit as written ("" if none)."""

    value: Decimal
    comparator: Comparator = ""
    unit: str = ""


def number(text: str) -> Number | None:
    """The number of a cell; None if it is none, or more than one."""
    match = _NUMBER.fullmatch(narrow(text))
    if match is None:
        return None
    return Number(Decimal(match["number"]), _SIGNS[match["sign"]], (match["unit"] or "").strip())


def pair(text: str) -> tuple[Number, Number] | None:
    """Two numbers as a blood pressure is written, `132/82 mmHg`; None if it is something else."""
    match = _PAIR.fullmatch(narrow(text))
    if match is None:
        return None
    unit = (match["unit"] or "").strip()
    return Number(Decimal(match["first"]), "", unit), Number(Decimal(match["second"]), "", unit)
