"""JSON of FHIR: decimals keep their digits (FHIR R4 section 2.6, decimal), text stays UTF-8."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from hub.kernel.errors import Category, HubError

_encoder: Final = msgspec.json.Encoder(decimal_format="number")
_canonical: Final = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def reader(number: Callable[[str], Decimal]) -> Callable[[bytes | str], Any]:
    """What parses JSON, with `number` for those with a fraction or an exponent. Raises HubError UNREADABLE."""
    decode = msgspec.json.Decoder(float_hook=number).decode

    def read(data: bytes | str) -> Any:
        try:
            return decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ArithmeticError) as error:
            raise HubError(
                Category.UNREADABLE, "is not JSON", where=_position(error), todo="send UTF-8 JSON", code="json"
            ) from None

    return read


_loads: Final = reader(Decimal)


def loads(data: bytes | str) -> Any:
    """Parse JSON; numbers with a fraction or an exponent become `Decimal`. Raises HubError UNREADABLE."""
    return _loads(data)


def dumps(value: Any) -> bytes:
    """Serialise to compact UTF-8 JSON; a `Decimal` is written as the number with the digits it has."""
    return _encoder.encode(value)


def canonical(value: Any) -> bytes:
    """As `dumps`, the members of every object in one order: equal values give equal bytes."""
    return _canonical.encode(value)


def _position(error: Exception) -> str:
    text = str(error)
    if text.endswith(")") and "byte" in text:
        return text[text.rfind("(") + 1 : -1]
    return "end of the text" if "truncated" in text else "text"
