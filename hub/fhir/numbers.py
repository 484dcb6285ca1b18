"""Numbers as search sees them (R4 search.html 3.1.1.4.6 number and 3.1.1.4.10 quantity).

The text a client searches for covers a range by its precision: 100 means [99.5, 100.5). What a resource states is a
point, unless it is a Range or has a comparator: otherwise gt100 would find 100, which the page rules out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Final

from hub.fhir.prefixes import Comparison, Condition, Prefix
from hub.kernel.errors import Category, HubError

_TEXT: Final = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")
_HALF: Final = Decimal("0.5")
_TENTH: Final = Decimal("0.1")


def decimal(text: str) -> Decimal:
    """A number of a search, digits kept. Raises HubError INVALID for anything but at most 40 digits a side."""
    if _TEXT.fullmatch(text) is None:
        raise HubError(Category.INVALID, "is not a number", todo="write 7, 7.0 or 7e0")
    return Decimal(text)


def implied_range(value: Decimal) -> tuple[Decimal, Decimal]:
    """The range [low, high) the digits of a number cover: half a unit of its last digit either side.

    100 -> [99.5, 100.5); 5.40e-3 -> [0.005395, 0.005405). An exponent that leaves the last digit above the units
    counts one digit more: the page gives 1e2 as [95, 105).
    """
    exponent = value.adjusted() + 1 - len(value.as_tuple().digits)
    half = _HALF.scaleb(exponent - 1 if exponent > 0 else exponent)
    with localcontext() as context:
        context.prec = 400
        return value - half, value + half


def compare(prefix: Prefix, value: Decimal) -> Condition:
    """What a row's [low, high] must fulfil for `prefix` and the number searched for (search.html 3.1.1.4.5).

    eq and ne take the implied range; gt, lt, ge, le, sa and eb the exact value; ap a tenth either side.
    """
    low, high = implied_range(value)
    margin = abs(value) * _TENTH
    conditions: Mapping[Prefix, Condition] = {
        Prefix.EQ: ((Comparison("low", ">=", low), Comparison("high", "<", high)),),
        Prefix.NE: ((Comparison("low", "<", low),), (Comparison("high", ">=", high),)),
        Prefix.GT: ((Comparison("high", ">", value),),),
        Prefix.LT: ((Comparison("low", "<", value),),),
        Prefix.GE: ((Comparison("high", ">=", value),),),
        Prefix.LE: ((Comparison("low", "<=", value),),),
        Prefix.SA: ((Comparison("low", ">", value),),),
        Prefix.EB: ((Comparison("high", "<", value),),),
        Prefix.AP: ((Comparison("low", "<=", value + margin), Comparison("high", ">=", value - margin)),),
    }
    return conditions[prefix]
