"""Decimals that keep their written form (FHIR R4 json.html#primitive, datatypes.html#decimal)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, Self


class WrittenDecimal(Decimal):
    """A decimal that Python writes another way (0.00000010 as 1.0E-7): its text is the one it came with.

    It equals the plain decimal of its value, and what is calculated from it is a plain one.
    """

    __slots__ = ("_text",)
    _text: str

    def __new__(cls, text: str) -> Self:
        made = super().__new__(cls, text)
        made._text = text
        return made

    def __str__(self) -> str:
        return self._text

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._text,)


#: The classes of a number in a body.
NUMBERS: Final[frozenset[type[Any]]] = frozenset({int, Decimal, WrittenDecimal})


def decimal_of(text: str) -> Decimal:
    """The decimal of a text, whose `str` is that text. Raises ArithmeticError for one that is no number."""
    found = Decimal(text)
    return found if str(found) == text else WrittenDecimal(text)
