"""Amounts of medicine: numbers and units that stand in fields of their own (RXO-2 and RXO-4, RXA-6 and RXA-7)."""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.datatypes.values import UCUM, coded_unit
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition

#: What RXA-6 says where the amount is unknown (v2.5.1, 4.14.7.6).
_UNKNOWN: Final = frozenset({"999"})


def number(rep: Repetition, context: Context) -> Any:
    """FHIR decimal; what is no number is kept beside the absent one."""
    text = leaf(rep, 1)
    found = decimal(text)
    if found is not None:
        return found[0]
    return context.absent(text, "not a number", 1) if text else None


def administered(rep: Repetition, context: Context) -> Any:
    """RXA-6, where 999 says that the amount is not known."""
    if leaf(rep, 1) in _UNKNOWN:
        context.note("refused", "999 stands for an unknown amount")
        return None
    return number(rep, context)


def whole(rep: Repetition, context: Context) -> int | None:
    """FHIR unsignedInt."""
    found = decimal(leaf(rep, 1))
    if found is not None and 0 <= found[0] < 2**31 and found[0] == int(found[0]):
        return int(found[0])
    context.note("refused", "not a whole number")
    return None


def unit_code(rep: Repetition, context: Context) -> str | None:
    """Quantity.code of a unit that is coded (CWE.1); one in one word, without text and system, is the unit alone."""
    code = coded_unit(leaf(rep, 1), leaf(rep, 2), leaf(rep, 3), context).get("code", "")
    return code if code and " " not in code else None


def unit_system(rep: Repetition, context: Context) -> str | None:
    """Quantity.system of a coded unit: UCUM, or a system of the facility's own."""
    if unit_code(rep, context) is None:
        return None
    system: str = coded_unit(leaf(rep, 1), leaf(rep, 2), leaf(rep, 3), context)["system"]
    return system


def unit_text(rep: Repetition, _: Context) -> str | None:
    """Quantity.unit: the unit as people read it."""
    return leaf(rep, 2) or leaf(rep, 9) or leaf(rep, 1) or None


def daily(rep: Repetition, _: Context) -> dict[str, Any] | None:
    """A CQ as the most per day."""
    found = decimal(leaf(rep, 1))
    if found is None:
        return None
    unit = leaf(rep, 2, 2) or leaf(rep, 2, 1)
    numerator: dict[str, Any] = {"value": found[0]} | ({"unit": unit} if unit else {})
    return {"numerator": numerator, "denominator": {"value": 1, "unit": "d", "system": UCUM, "code": "d"}}


DATATYPES: Final[dict[str, Datatype]] = {
    "decimal": plain(number, {"1": ""}),
    "administered-amount": plain(administered, {"1": ""}),
    "unsignedInt": plain(whole, {"1": ""}),
    "unit-code": plain(unit_code, {"1": ""}),
    "unit-system": plain(unit_system, {"3": ""}),
    "unit-text": plain(unit_text, {"1": "", "2": "", "9": ""}),
    "CQ-daily": plain(daily, {"1": "numerator.value", "2.1": "numerator.unit", "2.2": "numerator.unit"}),
}
