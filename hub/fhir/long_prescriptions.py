"""How long a prescription may be for (长处方管理规范: twelve weeks at most). Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: 84 days: twelve weeks, the longest a long prescription may be.
LONGEST: Final = 84

#: UCUM units of a supply, in days; a month is the longest there is.
_DAYS: Final = {"h": Decimal(1) / 24, "d": Decimal(1), "wk": Decimal(7), "mo": Decimal(31), "a": Decimal(366)}
_DAY: Final = len("2026-03-05")


def refuse_longer(days: Decimal | int, where: str) -> None:
    """Raises HubError INVALID (code `prescription-too-long`) for more days than the rule allows."""
    if days > LONGEST:
        what = f"a long prescription is for {LONGEST} days at most"
        todo = "write it for no longer, and again when it ends"
        raise HubError(Category.INVALID, what, where=where, todo=todo, code="prescription-too-long")


def check_span(request: Json, where: str) -> None:
    """Check what a MedicationRequest says of its time: `dispenseRequest.validityPeriod` has both ends, in their order.

    Neither it, both days counted, nor `expectedSupplyDuration` is longer than the rule allows. Raises HubError INVALID
    naming the element.
    """
    dispense = _object(request.get("dispenseRequest"))
    span, place = _object(dispense.get("validityPeriod")), f"{where}.dispenseRequest.validityPeriod"
    try:
        start, end = (date.fromisoformat(str(span[name])[:_DAY]) for name in ("start", "end"))
    except (KeyError, ValueError):
        raise _invalid("has no first and last day", place, "say from when to when it may be dispensed") from None
    if end < start:
        raise _invalid("ends before it begins", place, "correct it")
    refuse_longer((end - start).days + 1, place)
    supply, place = dispense.get("expectedSupplyDuration"), f"{where}.dispenseRequest.expectedSupplyDuration"
    if supply is not None:
        refuse_longer(_days(_object(supply), place), place)


def _days(supply: Json, where: str) -> Decimal:
    try:
        found = Decimal(str(supply["value"])) * _DAYS[str(supply["code"])]
    except (KeyError, InvalidOperation):
        found = Decimal("NaN")
    if found.is_nan():
        raise _invalid("is no time in UCUM", where, f"give value and code, of {', '.join(_DAYS)}")
    return found


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _invalid(what: str, where: str, todo: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo=todo, code="prescription-period")
