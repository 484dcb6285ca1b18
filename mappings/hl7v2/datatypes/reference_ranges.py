"""OBX-7: reference ranges as people write them, with the limits they state."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from hub.kernel.types import Json

_LIMIT: Final = r"(\d+(?:\.\d+)?)"
#: What stands behind the limits; a digit would be one of theirs.
_BEHIND: Final = r"(\s+\S+|[^\s\d.^]\S*)?"
_BOTH: Final = re.compile(rf"([+-]?){_LIMIT}\s*(--?|[~～—–－−至_]|to)\s*([+-]?){_LIMIT}{_BEHIND}", re.ASCII)
_ONE: Final = re.compile(rf"([<>≤≥＜＞])\s*=?\s*{_LIMIT}{_BEHIND}", re.ASCII)
#: A unit that cannot be a word about the patient or the specimen.
_UNIT: Final = re.compile(r"[%‰]|[×*]?[\w%\[\]{}^*.·°]*/[\w%\[\]{}^*.·°]+", re.ASCII)
_UPPER: Final = frozenset("<≤＜")


def reference_range(text: str, units: Json) -> Json:
    """Observation.referenceRange of OBX-7: the text, and the limits where they are plain numbers.

    One limit is written `>10` or `<15` (v2.5.1 section 7.4.2.7). A unit behind them is theirs, whatever OBX-6 says.
    """
    limits, behind = _limits(text)
    if behind and behind not in {units.get("unit"), units.get("code")}:
        if not _UNIT.fullmatch(behind):
            return {"text": text}
        units = {"unit": behind}
    return {**{name: {"value": limit, **units} for name, limit in limits}, "text": text}


@lru_cache(maxsize=1024)
def _limits(text: str) -> tuple[tuple[tuple[str, Decimal], ...], str]:
    """The limits by name, none if the text is no range, and what stands behind them."""
    match = _BOTH.fullmatch(text)
    if match is not None:
        return _both(*match.groups())
    match = _ONE.fullmatch(text)
    if match is None:
        return (), ""
    return (("high" if match[1] in _UPPER else "low", Decimal(match[2])),), (match[3] or "").strip()


def _both(
    sign: str, low: str, between: str, upper_sign: str, high: str, behind: str | None
) -> tuple[tuple[tuple[str, Decimal], ...], str]:
    """Two limits; below zero the second dash of `-5--1` is a sign, elsewhere (`0.4--8`) it is one too many."""
    below = upper_sign == "-" or (sign == "-" and between == "--")
    first, last = Decimal(sign + low), Decimal(f"-{high}" if below else high)
    if (below or sign) and first > last:
        return (), ""
    return (("low", first), ("high", last)), (behind or "").strip()
