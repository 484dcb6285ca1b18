"""Functions on numbers (FHIRPath section 5.7), in decimal arithmetic of a bounded precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal, DecimalException
from typing import Final

from hub.fhir.fhirpath.context import Context
from hub.fhir.fhirpath.function import Function
from hub.fhir.fhirpath.nodes import Item
from hub.fhir.fhirpath.operators import PRECISE
from hub.fhir.fhirpath.single import integer, number, only
from hub.fhir.fhirpath.system import Quantity

Arguments = Sequence[list[Item]]
Calculation = Callable[[Decimal], Decimal]


def _of_number(calculate: Calculation, *, whole: bool = False) -> Function:
    """`whole` answers are Integers; where the calculation has no answer, neither has the function."""

    def call(_: Context, items: list[Item], __: Arguments) -> list[Item]:
        value = number(items)
        if value is None:
            return []
        try:
            found = calculate(PRECISE.create_decimal(value))
        except (DecimalException, ValueError):
            return []
        return [int(found) if whole else found] if found.is_finite() and found.adjusted() < 300 else []

    return Function(call)


def _rounding(mode: str) -> Calculation:
    return lambda value: value.to_integral_value(mode)


def _abs(_: Context, items: list[Item], __: Arguments) -> list[Item]:
    value = only(items)
    if isinstance(value, Quantity):
        return [Quantity(abs(value.value), value.unit)]
    found = number(items)
    return [] if found is None else [-found if found < 0 else found]


def _round(_: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    value, digits = number(items), integer(arguments[0]) if arguments else 0
    if value is None or digits is None or not 0 <= digits <= 40 or Decimal(value).adjusted() > 40:
        return []
    return [Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, PRECISE)]


def _power(_: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    """A whole number where both are whole and it is one."""
    found = _calculated(items, arguments, PRECISE.power)
    whole = all(isinstance(number(side), int) for side in (items, *arguments))
    return [int(one) if whole and one == int(one) and abs(one) < 2**31 else one for one in found]


def _log(_: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    return [*_calculated(items, arguments, lambda value, base: PRECISE.divide(PRECISE.ln(value), PRECISE.ln(base)))]


def _calculated(
    items: list[Item], arguments: Arguments, calculate: Callable[[Decimal, Decimal], Decimal]
) -> list[Decimal]:
    value, other = number(items), number(arguments[0])
    if value is None or other is None:
        return []
    try:
        found = calculate(PRECISE.create_decimal(value), PRECISE.create_decimal(other))
    except DecimalException:
        return []
    return [found] if found.is_finite() else []


NUMERIC: Final[Mapping[str, Function]] = {
    "abs": Function(_abs),
    "ceiling": _of_number(_rounding(ROUND_CEILING), whole=True),
    "floor": _of_number(_rounding(ROUND_FLOOR), whole=True),
    "truncate": _of_number(_rounding(ROUND_DOWN), whole=True),
    "round": Function(_round, 0, 1),
    "exp": _of_number(PRECISE.exp),
    "ln": _of_number(PRECISE.ln),
    "sqrt": _of_number(PRECISE.sqrt),
    "log": Function(_log, 1, 1),
    "power": Function(_power, 1, 1),
}
