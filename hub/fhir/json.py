"""JSON of FHIR: decimals stay as they are written (FHIR R4 json.html#primitive), text stays UTF-8."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from hub.fhir.decimals import WrittenDecimal, decimal_of
from hub.kernel.errors import Category, HubError


def _as_written(value: Any) -> msgspec.Raw:
    if value.__class__ is WrittenDecimal:
        return msgspec.Raw(str(value).encode())
    raise NotImplementedError


_encoder: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=_as_written)
_canonical: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=_as_written, order="deterministic")


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


_loads: Final = reader(decimal_of)


def loads(data: bytes | str) -> Any:
    """Parse JSON; numbers with a fraction or an exponent become those of `decimal_of`. Raises HubError UNREADABLE."""
    return _loads(data)


def dumps(value: Any) -> bytes:
    """Serialise to compact UTF-8 JSON; a decimal that was read is written as it was."""
    return _encoder.encode(value)


def canonical(value: Any) -> bytes:
    """As `dumps`, the members of every object in one order: equal values give equal bytes."""
    return _canonical.encode(value)


def _position(error: Exception) -> str:
    text = str(error)
    if text.endswith(")") and "byte" in text:
        return text[text.rfind("(") + 1 : -1]
    return "end of the text" if "truncated" in text else "text"
