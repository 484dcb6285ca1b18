"""Conversions between System types (FHIRPath section 5.5): each to its type, and whether it would."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from hub.fhir.fhirpath.context import Context
from hub.fhir.fhirpath.function import Function
from hub.fhir.fhirpath.nodes import Item
from hub.fhir.fhirpath.operators import boxed
from hub.fhir.fhirpath.single import only
from hub.fhir.fhirpath.strings import string_of
from hub.fhir.fhirpath.system import Moment, Quantity, moment

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,10}")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_QUANTITY: Final = re.compile(
    r"(?P<value>[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?)\s*(?:'(?P<code>[^']+)'|(?P<word>[a-z]+))?"
)
_TRUE: Final = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "0", "0.0"})


def _boolean(value: Item) -> Item | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return bool(value) if value in (0, 1) else None
    word = value.lower() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def _integer(value: Item) -> Item | None:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value) and -(2**31) <= int(value) < 2**31:
        return int(value)
    return None


def _decimal(value: Item) -> Item | None:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(int(value))
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def _quantity(value: Item) -> Item | None:
    if isinstance(value, Quantity):
        return value
    if isinstance(value, int | Decimal):
        return Quantity(Decimal(value), "1")
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return Quantity(Decimal(match["value"]), match["code"] or match["word"] or "1") if match else None


def _to_moment(kind: str) -> Callable[[Item], Item | None]:
    """Dates are cut from times, and a date is a time of less precision."""

    def convert(value: Item) -> Item | None:
        found = value if isinstance(value, Moment) else None
        if isinstance(value, str):
            found = moment(value.removeprefix("T"), time=True) if kind == "Time" else moment(value)
        if found is None or (found.kind == "Time") != (kind == "Time"):
            return None
        if kind == "Date" and found.kind == "DateTime":
            return moment(found.text.partition("T")[0])
        return Moment("DateTime", found.parts, found.zone, found.text) if kind == "DateTime" else found

    return convert


_CONVERSIONS: Final[Mapping[str, Callable[[Item], Item | None]]] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "Decimal": _decimal,
    "Quantity": _quantity,
    "String": string_of,
    "Date": _to_moment("Date"),
    "DateTime": _to_moment("DateTime"),
    "Time": _to_moment("Time"),
}


def _to(convert: Callable[[Item], Item | None]) -> Function:
    def call(_: Context, items: list[Item], __: Sequence[list[Item]]) -> list[Item]:
        value = only(items)
        return [] if value is None else boxed(convert(value))

    return Function(call)


def _converts(convert: Callable[[Item], Item | None]) -> Function:
    def call(_: Context, items: list[Item], __: Sequence[list[Item]]) -> list[Item]:
        value = only(items)
        return [] if value is None else [convert(value) is not None]

    return Function(call)


CONVERSION: Final[Mapping[str, Function]] = {
    **{f"to{name}": _to(convert) for name, convert in _CONVERSIONS.items()},
    **{f"convertsTo{name}": _converts(convert) for name, convert in _CONVERSIONS.items()},
}
