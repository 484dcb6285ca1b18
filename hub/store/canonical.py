"""Rows and conditions of quantities in canonical units, beside those in the units that were sent.

They are a parameter of their own (`value-quantity:ucum`), so that a search without a unit never meets them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeAlias

from msgspec.structs import replace

from hub.fhir.canonical_units import UCUM, Scale, other_concentration, scale
from hub.store.criteria import Amount, Bind, Condition

#: What the name of a parameter ends in for its canonical values.
SUFFIX: Final = ":ucum"

#: Low, high and the unit they are in.
Ends: TypeAlias = tuple[Decimal | None, Decimal | None, str]
#: System and code of each.
Codings: TypeAlias = tuple[tuple[str | None, str | None], ...]


def canonical(
    low: Decimal | None, high: Decimal | None, system: str | None, code: str | None, measured: Codings
) -> tuple[Ends, ...]:
    """A quantity in canonical units: as it is, and, of a substance that `measured` names, weighed and counted."""
    unit = scale(code) if system == UCUM and code else None
    if unit is None:
        return ()
    as_sent = _scaled(low, high, unit)
    other = other_concentration(unit.base, measured)
    return (as_sent,) if other is None else (as_sent, _scaled(*as_sent[:2], other))


def asked(amount: Amount, param: Bind) -> Amount | None:
    """What is asked of canonical values by an amount with a UCUM unit; None for another."""
    if amount.system is None or amount.code is None or amount.system.value != UCUM:
        return None
    unit = scale(str(amount.code.value))
    if unit is None:
        return None
    return Amount(_condition(amount.condition, unit), None, Bind(unit.base, "text"), param)


def _condition(condition: Condition, unit: Scale) -> Condition:
    return tuple(
        tuple(replace(part, value=Bind(unit(part.value.value), part.value.type)) for part in parts)
        for parts in condition
    )


def _scaled(low: Decimal | None, high: Decimal | None, unit: Scale) -> Ends:
    start = None if low is None else unit(low)
    # Most amounts are one number.
    end = start if high is low else None if high is None else unit(high)
    return start, end, unit.base
