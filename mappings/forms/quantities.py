"""Numbers with units: the unit stated in the cell, the header or the profile, else found by size where that is safe.

A value that is implausible in the unit stated is never converted by guess: it stays an answer in words, and the
complaint says which unit it would fit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from hub.kernel.types import Json
from mappings.forms.building import Severity
from mappings.forms.formmap import Question, Unit, unit_family, written_units
from mappings.forms.numbers import Number
from mappings.forms.text import squeezed

UCUM: Final = "http://unitsofmeasure.org"
#: Families in which a unit that is left out deserves a word.
_TRAPS: Final = frozenset({"glucose", "hba1c"})


class Measured(NamedTuple):
    """A number in the question's unit, what was said about it (code, severity, fact), and whether it is believed."""

    value: Decimal
    complaints: tuple[tuple[str, Severity, str], ...] = ()
    believed: bool = True


def measured(question: Question, number: Number, elsewhere: str) -> Measured:
    """The number in the unit of the question; `elsewhere` is the unit of header or profile, "" if there is none."""
    if not question.units:
        return _plausible(question, number.value)
    known = written_units(question.units)
    written = number.unit or elsewhere
    unit = known.get(squeezed(written)) if written else None
    if number.unit and unit is None:
        return Measured(number.value, (("unit-unknown", "error", question.unit),), False)
    return _in_unit(question, number.value, unit) if unit else _without_unit(question, number.value)


def _plausible(question: Question, value: Decimal) -> Measured:
    if _fits(question, value):
        return Measured(value)
    return Measured(value, (("implausible", "error", f"{question.low}-{question.high} {question.unit}"),), False)


def _fits(question: Question, value: Decimal) -> bool:
    return (question.low is None or value >= question.low) and (question.high is None or value <= question.high)


def _in_unit(question: Question, value: Decimal, unit: Unit) -> Measured:
    canonical = unit.canonical(value)
    if not _fits(question, canonical):
        others = [each for each in unit_family(question.units) if each != unit and _may_be(question, value, each)]
        if others:
            return Measured(value, (("unit-trap", "error", others[0].name),), False)
        return _plausible(question, canonical)
    is_same = unit == unit_family(question.units)[0]
    return Measured(canonical, () if is_same else (("unit-converted", "information", question.unit),))


def _without_unit(question: Question, value: Decimal) -> Measured:
    """By size: the unit of the question if it fits, else the only other one that does."""
    if _fits(question, value):
        return Measured(value, (("unit-assumed", "information", question.unit),) if question.units in _TRAPS else ())
    others = [unit for unit in unit_family(question.units)[1:] if _may_be(question, value, unit)]
    if len(others) != 1:
        return _plausible(question, value)
    return Measured(others[0].canonical(value), (("unit-inferred", "warning", others[0].name),))


def _may_be(question: Question, value: Decimal, unit: Unit) -> bool:
    return unit.inferred_from is not None and value >= unit.inferred_from and _fits(question, unit.canonical(value))


def quantity(question: Question, value: Decimal, comparator: str = "") -> Json:
    """A Quantity in the question's unit."""
    found: Json = {"value": value}
    if comparator:
        found["comparator"] = comparator
    return found | {"unit": question.unit, "system": UCUM, "code": question.unit}
