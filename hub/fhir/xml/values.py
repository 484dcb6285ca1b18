"""The text of a value in XML as the JSON value of its type (R4 datatypes.html#primitive)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from hub.fhir.decimals import decimal_of
from hub.fhir.xml.misfit import MisfitError

Value = str | bool | int | Decimal

#: Characters of one number, and its largest power of ten; the limits of JSON bodies (hub/api/json_limits.py).
MAX_NUMBER: Final = 64
MAX_EXPONENT: Final = 300

_WHOLE: Final = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")
_BOOLEANS: Final = {"true": True, "false": False}
_SPACE: Final = " \t\r\n"


def value_of(text: str, name: str) -> Value:
    """The value of a primitive type's text. Raises MisfitError for a boolean or number that is none."""
    read = _READ.get(name)
    return text if read is None else read(text.strip(_SPACE))


def _boolean(text: str) -> Value:
    if text not in _BOOLEANS:
        raise MisfitError("must be true or false")
    return _BOOLEANS[text]


def _integer(text: str) -> Value:
    if not _WHOLE.fullmatch(text) or len(text) > MAX_NUMBER:
        raise MisfitError("must be a whole number")
    return int(text)


def _decimal(text: str) -> Value:
    if _DECIMAL.fullmatch(text) and len(text) <= MAX_NUMBER:
        if text.lstrip("-").isdecimal():
            return int(text)
        value = decimal_of(text)
        if abs(value.adjusted()) <= MAX_EXPONENT:
            return value
    raise MisfitError(f"must be a number of at most {MAX_NUMBER} characters within 1e±{MAX_EXPONENT}")


_READ: Final[Mapping[str, Callable[[str], Value]]] = {
    "boolean": _boolean,
    "decimal": _decimal,
    "integer": _integer,
    "positiveInt": _integer,
    "unsignedInt": _integer,
}
