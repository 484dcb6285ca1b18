"""The operators (FHIRPath section 6). `and`, `or` and their like ask their right side only when it matters."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from decimal import ROUND_DOWN, Decimal, DecimalException
from decimal import Context as Precision
from typing import Final

from hub.fhir.fhirpath import equality
from hub.fhir.fhirpath.context import Context, Eval, Run
from hub.fhir.fhirpath.errors import unanswerable
from hub.fhir.fhirpath.nodes import Item
from hub.fhir.fhirpath.single import only, text, truth
from hub.fhir.fhirpath.system import Moment, Quantity

#: Takes the context, the left items and the right side yet to be asked.
Operator = Callable[[Context, list[Item], Eval], list[Item]]

#: Digits of a calculation; section 4.1.3 asks for 28 and 8 after the point.
PRECISE: Final = Precision(prec=64, Emax=400, Emin=-400)
_SMALLEST, _GREATEST = -(2**31), 2**31 - 1


def boxed(value: Item | None) -> list[Item]:
    """A collection of one, or of none."""
    return [] if value is None else [value]


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _and(context: Context, left: list[Item], right: Eval) -> list[Item]:
    first = truth(left)
    if first is False:
        return [False]
    second = truth(right(context))
    return [False] if second is False else boxed(None if first is None or second is None else True)


def _or(context: Context, left: list[Item], right: Eval) -> list[Item]:
    first = truth(left)
    if first is True:
        return [True]
    second = truth(right(context))
    return [True] if second is True else boxed(None if first is None or second is None else False)


def _xor(context: Context, left: list[Item], right: Eval) -> list[Item]:
    first, second = truth(left), truth(right(context))
    return boxed(None if first is None or second is None else first != second)


def _implies(context: Context, left: list[Item], right: Eval) -> list[Item]:
    first = truth(left)
    if first is False:
        return [True]
    second = truth(right(context))
    return [True] if second is True else boxed(None if first is None or second is None else False)


def _in(context: Context, left: list[Item], right: Eval) -> list[Item]:
    return _among(context, left, right(context))


def _contains(context: Context, left: list[Item], right: Eval) -> list[Item]:
    return _among(context, right(context), left)


def _among(context: Context, one: list[Item], many: list[Item]) -> list[Item]:
    if not one:
        return []
    if len(one) > 1:
        raise unanswerable("looks for several items at once")
    context.run.spend(len(many))
    return [any(equality.same(one[0], item) for item in many)]


def _union(context: Context, left: list[Item], right: Eval) -> list[Item]:
    return distinct(context.run, left + right(context))


def distinct(run: Run, items: list[Item]) -> list[Item]:
    """Each item once, the first of equal ones."""
    run.spend(len(items))
    found: dict[Hashable, Item] = {}
    for item in items:
        found.setdefault(equality.key(item), item)
    return list(found.values())


def _concatenate(context: Context, left: list[Item], right: Eval) -> list[Item]:
    first, second = text(left) or "", text(right(context)) or ""
    context.run.text(len(first) + len(second))
    return [first + second]


def _comparison(holds: Callable[[int], bool]) -> Operator:
    def compare(context: Context, left: list[Item], right: Eval) -> list[Item]:
        order = equality.order(left, right(context))
        return [] if order is None else [holds(order)]

    return compare


def _arithmetic(calculate: Callable[[Item, Item], Item | None]) -> Operator:
    def operate(context: Context, left: list[Item], right: Eval) -> list[Item]:
        first, second = only(left), only(right(context))
        if first is None or second is None:
            return []
        try:
            return boxed(calculate(first, second))
        except DecimalException:
            return []

    return operate


def _numbers(first: Item, second: Item) -> tuple[Decimal, Decimal]:
    for value in (first, second):
        if not isinstance(value, int | Decimal) or isinstance(value, bool):
            raise unanswerable("calculates with something that is no number")
    return Decimal(first), Decimal(second)  # type: ignore[arg-type]


def _as_whole(value: Decimal, *sources: Item) -> Item | None:
    """Whole numbers stay whole; beyond 32 bits there is no answer (section 6.6)."""
    if not all(isinstance(source, int) for source in sources):
        return value
    return int(value) if _SMALLEST <= value <= _GREATEST else None


def _plus(first: Item, second: Item) -> Item | None:
    if isinstance(first, str) and isinstance(second, str):
        return first + second
    return _shifted(first, second, 1)


def _minus(first: Item, second: Item) -> Item | None:
    return _shifted(first, second, -1)


def _shifted(first: Item, second: Item, sign: int) -> Item | None:
    if isinstance(first, Moment) and isinstance(second, Quantity):
        return first.plus(second, sign)
    if isinstance(first, Quantity) and isinstance(second, Quantity):
        total = PRECISE.add(first.value, second.value * sign)
        return Quantity(total, first.unit) if first.same_unit(second) else None
    left, right = _numbers(first, second)
    return _as_whole(PRECISE.add(left, right * sign), first, second)


def _times(first: Item, second: Item) -> Item | None:
    left, right = _numbers(first, second)
    return _as_whole(PRECISE.multiply(left, right), first, second)


def _divided(first: Item, second: Item) -> Item | None:
    left, right = _numbers(first, second)
    return PRECISE.divide(left, right) if right else None


def _div(first: Item, second: Item) -> Item | None:
    left, right = _numbers(first, second)
    if not right:
        return None
    whole = PRECISE.divide(left, right).to_integral_value(ROUND_DOWN)
    return int(whole) if _SMALLEST <= whole <= _GREATEST else None


def _mod(first: Item, second: Item) -> Item | None:
    left, right = _numbers(first, second)
    if not right:
        return None
    whole = PRECISE.divide(left, right).to_integral_value(ROUND_DOWN)
    return _as_whole(PRECISE.subtract(left, PRECISE.multiply(whole, right)), first, second)


OPERATORS: Final[Mapping[str, Operator]] = {
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
    "in": _in,
    "contains": _contains,
    "|": _union,
    "&": _concatenate,
    "=": lambda context, left, right: boxed(equality.equal(left, right(context))),
    "!=": lambda context, left, right: boxed(_not(equality.equal(left, right(context)))),
    "~": lambda context, left, right: [equality.equivalent(left, right(context))],
    "!~": lambda context, left, right: [not equality.equivalent(left, right(context))],
    "<": _comparison(lambda order: order < 0),
    "<=": _comparison(lambda order: order <= 0),
    ">": _comparison(lambda order: order > 0),
    ">=": _comparison(lambda order: order >= 0),
    "+": _arithmetic(_plus),
    "-": _arithmetic(_minus),
    "*": _arithmetic(_times),
    "/": _arithmetic(_divided),
    "div": _arithmetic(_div),
    "mod": _arithmetic(_mod),
}
