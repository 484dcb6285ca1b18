"""Quantities in one unit for each dimension, so that 126 mg/dL and 7.0 mmol/L of glucose are found by one search.

UCUM units become SI base units (`tables/units.csv`; what is not there is computed by ucumvert, once). A mass
concentration of a substance becomes its amount concentration too, where the code that was measured tells the substance
(`tables/substance_codes.csv`) and with it the molar mass (`tables/substances.csv`). Sent values stay as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from msgspec import Struct

from hub.fhir.ucum import has_known_symbols, is_unit

UCUM: Final = "http://unitsofmeasure.org"
MASS: Final = "kilogram / meter ** 3"
AMOUNT: Final = "mole / meter ** 3"

#: Digits of a factor; a value is multiplied exactly, so that what is equal in one unit is equal in another.
_ROUNDED: Final = Context(prec=12)
_EXACT: Final = Context(prec=100)
_GRAMS: Final = Decimal(1000)
_TINY: Final = 1e-9
_BRACKETED: Final = re.compile(r"\[[^\]]+\]")
#: Units in brackets that are a quantity of physics; the others are arbitrary, and equal to none but themselves.
_MEASURED: Final = frozenset({"[Hg]", "[H2O]", "[in_i]", "[ft_i]", "[lb_av]", "[oz_av]", "[degF]"})
_ANNOTATION: Final = re.compile(r"\{[^}]*\}")
#: Physics would scale these, and medicine may not: HbA1c in mmol/mol (IFCC) and in % (NGSP) are not a factor apart
#: (48 mmol/mol is 6.5 %), and what an equivalent is in moles depends on the charge of the ion.
_APART: Final = re.compile(r"mmol/mol|(.*[^a-zA-Z])?[mun]?eq([^a-zA-Z].*)?")


class Scale(Struct, frozen=True):
    """A unit: value * factor + offset is the value in `base`."""

    base: str
    factor: Decimal
    offset: Decimal = Decimal(0)

    def __call__(self, value: Decimal) -> Decimal:
        return _EXACT.add(_EXACT.multiply(value, self.factor), self.offset)


@lru_cache(maxsize=4096)
def scale(unit: str) -> Scale | None:
    """The scale of a UCUM unit; None for what is none, or is not to be compared with others.

    Those are arbitrary units, pH, mmol/mol and equivalents: each is found by its own unit alone.
    """
    known = _units().get(unit)
    return known if known is not None or not is_unit(unit) else computed(unit)


def computed(unit: str) -> Scale | None:
    """As `scale`, by ucumvert: loading it costs a second, so the table spares what is common.

    An annotation alone (`{score}`) says what is counted, and has no scale.
    """
    if _ANNOTATION.fullmatch(unit):
        return None
    if not set(_BRACKETED.findall(unit)) <= _MEASURED or _APART.fullmatch(_ANNOTATION.sub("", unit)):
        return None
    if not has_known_symbols(unit):
        return None
    from pint.errors import PintError

    registry = _registry()
    try:
        parsed = registry.from_ucum(unit)
        zero, one, two = ((parsed.__class__(n, parsed.units)).to_base_units() for n in (0, 1, 2))
        base, factor, offset = str(one.units), one.magnitude - zero.magnitude, zero.magnitude
        bent = abs(two.magnitude - one.magnitude - factor)
    except (PintError, ArithmeticError, AttributeError, ValueError):
        return None
    if bent > factor * _TINY or factor <= 0:
        return None
    whole = _ROUNDED.create_decimal_from_float(factor * parsed.magnitude)
    return Scale(base, whole.normalize(), _ROUNDED.create_decimal_from_float(offset).normalize())


@lru_cache(maxsize=4096)
def is_of_ucum(unit: str) -> bool:
    """Whether a text is a unit of UCUM, every symbol looked up: `[pH]` and `{score}` are, `Kg` and `foo` are not."""
    return unit in _units() or has_known_symbols(unit)


@cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


def other_concentration(base: str, codings: Iterable[tuple[str | None, str | None]]) -> Scale | None:
    """From a mass concentration (`MASS`) to the amount concentration (`AMOUNT`) of what the codes measure, or back.

    None for other units, and where the codes tell no substance.
    """
    if base not in (MASS, AMOUNT):
        return None
    known = _codes()
    mass = next((known[one] for one in codings if one in known), None)
    if mass is None:
        return None
    kilograms = _ROUNDED.divide(mass, _GRAMS)
    return Scale(MASS, kilograms) if base == AMOUNT else Scale(AMOUNT, _ROUNDED.divide(Decimal(1), kilograms))


@cache
def _units() -> Mapping[str, Scale]:
    return {row["unit"]: Scale(row["base"], Decimal(row["factor"]), Decimal(row["offset"])) for row in _rows("units")}


@cache
def _codes() -> Mapping[tuple[str | None, str | None], Decimal]:
    """The molar mass, in g/mol, of what a code measures."""
    masses = {row["substance"]: Decimal(row["molar_mass"]) for row in _rows("substances")}
    return {(row["system"], row["code"]): masses[row["substance"]] for row in _rows("substance_codes")}


def _rows(name: str) -> Iterable[Mapping[str, str]]:
    """The rows of a table; its first line says where the facts come from."""
    text = (files("hub.fhir") / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines()[1:])
