"""When items are equal, equivalent or ordered (FHIRPath sections 6.1 and 6.2)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from decimal import Decimal
from typing import Any, Final

from hub.fhir.fhirpath.errors import unanswerable
from hub.fhir.fhirpath.nodes import Item, Node, plain
from hub.fhir.fhirpath.system import Moment, Quantity

_NUMBERS: Final = (int, Decimal)


def equal(left: Sequence[Item], right: Sequence[Item]) -> bool | None:
    """`=`: None (empty) when a side is empty or a date's precision does not tell."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    unknown = False
    for one, other in zip(left, right, strict=True):
        answer = same(one, other)
        if answer is False:
            return False
        unknown = unknown or answer is None
    return None if unknown else True


def same(one: Item, other: Item) -> bool | None:
    """Equality of two items."""
    first, second = plain(one), plain(other)
    if isinstance(first, Moment) and isinstance(second, Moment):
        if (first.kind == "Time") != (second.kind == "Time"):
            return False
        order = first.order(second)
        return None if order is None else order == 0
    if isinstance(first, Quantity) and isinstance(second, Quantity):
        return first.value == second.value if first.same_unit(second) else None
    if isinstance(first, Node) or isinstance(second, Node):
        both = isinstance(first, Node) and isinstance(second, Node)
        return both and _json(one) == _json(other)
    return _comparable(first, second) and first == second


def _comparable(first: object, second: object) -> bool:
    if _number(first):
        return _number(second)
    return first.__class__ is second.__class__


def _number(value: object) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _json(item: Item) -> tuple[Any, Any]:
    return (item.value, item.beside) if isinstance(item, Node) else (item, None)


def key(item: Item) -> Hashable:
    """A key that equal items share, for sets; items whose equality is unknown have different ones."""
    value = plain(item)
    if isinstance(value, Node):
        return "node", _frozen(value.value), _frozen(value.beside)
    if isinstance(value, Moment):
        return value.kind, value.canonical()
    return ("number", value) if _number(value) else (value.__class__.__name__, value)


def _frozen(value: Any) -> Hashable:
    if value.__class__ is dict:
        return frozenset((name, _frozen(item)) for name, item in value.items())
    return tuple(map(_frozen, value)) if value.__class__ is list else (value.__class__ is bool, value)


def equivalent(left: Sequence[Item], right: Sequence[Item]) -> bool:
    """`~`: two empty collections are, order does not matter, and there is always an answer."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for one in left:
        match = next((at for at, other in enumerate(rest) if alike(one, other)), None)
        if match is None:
            return False
        del rest[match]
    return True


def alike(one: Item, other: Item) -> bool:
    """Equivalence of two items: texts without case and runs of space, decimals at the coarser precision."""
    first, second = plain(one), plain(other)
    if isinstance(first, str) and isinstance(second, str):
        return _folded(first) == _folded(second)
    if _number(first) and _number(second):
        return _rounded_alike(Decimal(first), Decimal(second))  # type: ignore[arg-type]
    if isinstance(first, Quantity) and isinstance(second, Quantity):
        return first.same_unit(second) and _rounded_alike(first.value, second.value)
    if isinstance(first, Node) and isinstance(second, Node):
        return _loose(first.value) == _loose(second.value)
    return same(first, second) is True


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _rounded_alike(first: Decimal, second: Decimal) -> bool:
    if max(abs(first.adjusted()), abs(second.adjusted())) > 400:
        return first == second
    digits = min(_places(first), _places(second))
    return round(first, digits) == round(second, digits)


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _loose(value: Any) -> Hashable:
    if value.__class__ is dict:
        return frozenset((name, _loose(item)) for name, item in value.items() if name != "id")
    if value.__class__ is list:
        return tuple(sorted(map(_loose, value), key=repr))
    return _folded(value) if value.__class__ is str else (value.__class__ is bool, value)


def order(left: Sequence[Item], right: Sequence[Item]) -> int | None:
    """-1, 0 or 1 for two single items; None when a side is empty or the answer is unknown.

    Raises HubError INVALID for several items or types that have no order between them.
    """
    if not left or not right:
        return None
    if len(left) > 1 or len(right) > 1:
        raise unanswerable("compares more than one item")
    first, second = plain(left[0]), plain(right[0])
    if isinstance(first, Moment) and isinstance(second, Moment) and (first.kind == "Time") == (second.kind == "Time"):
        return first.order(second)
    if isinstance(first, Quantity) and isinstance(second, Quantity):
        return _sign(first.value, second.value) if first.same_unit(second) else None
    if isinstance(first, str) and isinstance(second, str):
        return (first > second) - (first < second)
    if _number(first) and _number(second):
        return _sign(first, second)
    if isinstance(first, Node) or isinstance(second, Node):
        return None
    raise unanswerable("compares types that have no order between them")


def _sign(first: Any, second: Any) -> int:
    return int(first > second) - int(first < second)
