"""Rows and conditions of quantities in canonical units, beside those in the units that were sent.

They are a parameter of their own (`value-quantity:ucum`), so that a search without a unit never meets them.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
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


@lru_cache(maxsize=256)
def canonical(
    low: Decimal | None, high: Decimal | None, system: str | None, code: str | None, measured: Codings
) -> tuple[Ends, ...]:
    """A quantity in canonical units: as it is, and, of a substance that `measured` names, weighed and counted.

    A value stands in half a dozen parameters of one resource, alone and in composites, so the last ones are kept.
    """
    unit = scale(code) if system == UCUM and code else None
    if unit is None:
        return ()
    ends = _scaled(low, unit), _scaled(high, unit)
    other = other_concentration(unit.base, measured)
    as_sent = (*ends, unit.base)
    return (as_sent,) if other is None else (as_sent, (_scaled(ends[0], other), _scaled(ends[1], other), other.base))


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


def _scaled(value: Decimal | None, unit: Scale) -> Decimal | None:
    return None if value is None else unit(value)
