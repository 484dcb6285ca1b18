"""OBX-5 by OBX-2: the value of an observation, losing nothing of what was sent.

A number is a Quantity only if it is one (a strict decimal of an NM, or of a text with a unit), and so is `<5`, with
its comparator, so that it is found among the numbers it means; `阴性` and the like are texts. What a FHIR type has no
place for, or writes otherwise, stands beside it as the original text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final
from unicodedata import normalize

from hub.kernel.types import Json
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.coded import mapped_concept
from mappings.hl7v2.datatypes.coding_systems import known_system, system_uri
from mappings.hl7v2.datatypes.files import embedded, pointed_at
from mappings.hl7v2.datatypes.numbers import compared, decimal
from mappings.hl7v2.datatypes.times import Moment, moment, period, time_of_day
from mappings.hl7v2.escapes import unescape
from mappings.hl7v2.leaves import clean, leaf
from mappings.hl7v2.parser import Repetition

UCUM: Final = "http://unitsofmeasure.org"
UCUM_NAMES: Final = frozenset({"UCUM", "http://unitsofmeasure.org", "2.16.840.1.113883.6.8"})
#: The two parts of a power of ten by volume or time, with a sign of multiplication or without.
_BASE: Final = re.compile(r"[xX×*]? ?10\Z")
_EXPONENT: Final = re.compile(r"\d{1,2}(?:/\S*)?\Z", re.ASCII)
_PERCENT: Final = frozenset("%％")
_OF_HUNDRED: Final = {"unit": "%", "system": UCUM, "code": "%"}
_COMPARATORS: Final = frozenset({"<", "<=", ">", ">="})
#: Members of the Observation (or component) that hold the value; None if the text is not of that type.
Value = Callable[[Repetition, Json, Context], Json | None]


def unit(rep: Repetition | None, context: Context) -> Json:
    """The unit part of a Quantity from OBX-6; Chinese senders write the unit into the second component.

    A code that is sent with a text or a system keeps its place as a code of that system, or of the facility's own. The
    sign of a power is the delimiter of components in most messages, and seldom escaped: `10^9/L` is one unit.
    """
    if rep is None:
        return {}
    code, text, system = leaf(rep, 1), leaf(rep, 2), leaf(rep, 3)
    if rep.separators.component == "^" and _BASE.match(code) and _EXPONENT.match(text):
        code, text, system = f"{code}^{text}", leaf(rep, 3), leaf(rep, 4)
    known = context.habits.codings("OBX-6", code, text, system)
    if known:
        named: Json = {"unit": text or code} if text or code else {}
        return named | {"system": known[0].system, "code": known[0].code}
    return coded_unit(code, text, system, context)


def coded_unit(code: str, text: str, system: str, context: Context) -> Json:
    """Quantity.unit of a unit, and its code where it is sent with a text or a coding system."""
    result: Json = {"unit": text or code} if text or code else {}
    if code and (system or (text and text != code)):
        habits = context.habits
        result["system"] = (
            UCUM if system in UCUM_NAMES else system_uri(system or "unit", habits.canonical_base, habits.facility)
        )
        result["code"] = code.replace("^", "*") if result["system"] == UCUM else code
    return result


def value(kind: str, rep: Repetition, units: Json, context: Context) -> Json:
    """The members that state one repetition of OBX-5 whose type (OBX-2) is `kind`; none if it is blank."""
    convert = _BY_TYPE.get(kind, _text) if kind else _untyped(rep)
    found = convert(rep, units, context)
    if found is None:
        return _string(rep)
    return found if convert in _WHOLE else _with_rest(found, rep, context)


def _untyped(rep: Repetition) -> Value:
    """Where OBX-2 is empty: a code of a coding system that is known is one, anything else a text."""
    return _coded if len(rep.components()) > 2 and known_system(leaf(rep, 3)) else _text


def _string(rep: Repetition) -> Json:
    text = _stated(rep)
    return {"valueString": text} if text else {}


def _stated(rep: Repetition) -> str:
    """The repetition as one text, without the delimiters of parts behind it that say nothing (`5^^^`)."""
    s = rep.separators
    said = rep.text.rstrip(s.component + s.subcomponent)
    return clean(unescape(said, s) if said != rep.text else rep.plain())


def _with_rest(found: Json, rep: Repetition, context: Context) -> Json:
    """With the original text beside it if some leaf of it would be lost."""
    stated = "\n".join(_texts(found))
    leaves = [leaf(rep, comp, sub + 1) for comp, sub in _places(rep)]
    if all(text in stated for text in leaves):
        return found
    return found | {"extension": [*found.get("extension", ()), context.original(clean(rep.plain()))]}


def _places(rep: Repetition) -> Iterator[tuple[int, int]]:
    for comp in range(1, len(rep.components()) + 1):
        for sub in range(len(rep.subcomponents(comp))):
            yield comp, sub


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for child in node.values():
            yield from _texts(child)
    elif isinstance(node, list):
        for child in node:
            yield from _texts(child)
    else:
        yield str(node)


def _quantity(text: str, units: Json, comparator: str = "") -> Json | None:
    found = decimal(text)
    if found is None:
        return None
    result: Json = {"value": found[0]}
    if comparator:
        result["comparator"] = comparator
    return result | units


def _number(rep: Repetition, units: Json, context: Context) -> Json | None:
    """NM; written otherwise than FHIR writes numbers, it keeps the original beside it. `50%` has its unit within it."""
    text = _stated(rep)
    if not text:
        return {}
    found = decimal(text) or _full_width(text)
    if found is None and text[-1:] in _PERCENT and units.get("unit", "%") in _PERCENT:
        stated = decimal(text[:-1].rstrip())
        found, units = stated and (stated[0], False), units or _OF_HUNDRED
    if found is None:
        beyond = _compared(text, units, context)
        if beyond is None:
            context.issue("not-a-number", "kept as text", context.where())
        return beyond
    quantity: Json = {"value": found[0], **units}
    if not found[1]:
        quantity = {"extension": [context.original(text)], **quantity}
    return {"valueQuantity": quantity}


def _full_width(text: str) -> tuple[Decimal, bool] | None:
    """A number in full-width digits, which FHIR does not write."""
    found = None if text.isascii() else decimal(normalize("NFKC", text))
    return found and (found[0], False)


def _compared(text: str, units: Json, context: Context) -> Json | None:
    """A number with a comparator, and the text it was sent as."""
    found = compared(text)
    if found is None:
        return None
    kept = {"extension": [context.original(text)]}
    return {"valueQuantity": {**kept, "value": found[1], "comparator": found[0], **units}}


def _text(rep: Repetition, units: Json, context: Context) -> Json | None:
    """ST and all types without a map: text, or a Quantity if it has a unit and is a decimal or compares to one."""
    text = _stated(rep)
    if units:
        found = decimal(text)
        if found is not None and found[1]:
            return {"valueQuantity": {"value": found[0], **units}}
        beyond = _compared(text, units, context)
        if beyond is not None:
            return beyond
    return {"valueString": text} if text else {}


def _long_text(rep: Repetition, _units: Json, _context: Context) -> Json | None:
    text = clean(rep.plain())
    return {"valueString": text} if text else {}


def _undivided(text: str, units: Json, context: Context) -> Json | None:
    """An SN in one component: a number, or one with its comparator before it; a ratio (`1:128`) stays a text."""
    quantity = _quantity(text, units)
    return {"valueQuantity": quantity} if quantity else _compared(text, units, context)


def _structured(rep: Repetition, units: Json, context: Context) -> Json | None:
    """SN: a number with a comparator, a range, or a ratio (v2.5.1 section 2.A.71).

    What no type has a place for (`<>`, `2+`) is a text of its parts, as the guide writes it.
    """
    if len(rep.components()) == 1:
        return _undivided(leaf(rep, 1), units, context)
    comparator, first, separator, second = (leaf(rep, comp) for comp in range(1, 5))
    if comparator == "<>" or separator == "+":
        parts = (comparator, first, separator, second, str(units.get("code", units.get("unit", ""))))
        return {"valueString": " ".join(filter(None, parts))}
    if separator in {"", "."} and not second:
        plain = "" if comparator == "=" else comparator
        quantity = _quantity(first, units, plain) if plain in _COMPARATORS | {""} else None
        return {"valueQuantity": quantity} if quantity else None
    return _of_two(comparator, _quantity(first, units), separator, _quantity(second, units))


def _of_two(comparator: str, low: Json | None, separator: str, high: Json | None) -> Json | None:
    """A range, which has no comparator, or a ratio, whose comparator is the numerator's."""
    if low is None or high is None or comparator not in _COMPARATORS | {"", "="}:
        return None
    if separator == "-":
        return {"valueRange": {"low": low, "high": high}} if low["value"] <= high["value"] and not comparator else None
    above = {"comparator": comparator} if comparator in _COMPARATORS else {}
    return {"valueRatio": {"numerator": low | above, "denominator": high}} if separator in {":", "/"} else None


def _coded(rep: Repetition, _: Json, context: Context) -> Json | None:
    found = mapped_concept(rep, context)
    return {"valueCodeableConcept": found} if found else None


def _moment(rep: Repetition, _: Json, context: Context) -> Json | None:
    text = leaf(rep, 1)
    found = moment(text)
    return None if found is None else _timed("DateTime", found.date_time(context.zone), text, context)


def _clock(rep: Repetition, _: Json, context: Context) -> Json | None:
    text = leaf(rep, 1)
    found = time_of_day(text)
    return None if found is None else _timed("Time", found, text, context)


def _timed(name: str, stated: str, text: str, context: Context) -> Json:
    return {f"value{name}": stated, f"_value{name}": {"extension": [context.original(text)]}}


def _span(rep: Repetition, _: Json, context: Context) -> Json | None:
    start, end = moment(leaf(rep, 1)), moment(leaf(rep, 2))
    if (start is None and leaf(rep, 1)) or (end is None and leaf(rep, 2)):
        return None
    stated = period(_dated(start, context), _dated(end, context))
    return {"valuePeriod": stated} if stated else None


def _dated(found: Moment | None, context: Context) -> str | None:
    return found.date_time(context.zone) if found else None


def _composite(rep: Repetition, units: Json, context: Context) -> Json | None:
    """CQ: a number with its own unit."""
    own = coded_unit(leaf(rep, 2, 1), leaf(rep, 2, 2), leaf(rep, 2, 3), context)
    quantity = _quantity(leaf(rep, 1), own or units)
    return {"valueQuantity": quantity} if quantity else None


def _range(rep: Repetition, units: Json, _: Context) -> Json | None:
    low, high = _quantity(leaf(rep, 1), units), _quantity(leaf(rep, 2), units)
    if low and high and low["value"] > high["value"]:
        return None
    ends = {name: end for name, end in (("low", low), ("high", high)) if end}
    return {"valueRange": ends} if ends else None


def _value_range(rep: Repetition, _: Json, _context: Context) -> Json | None:
    """VR: two ends as a text."""
    ends = [leaf(rep, 1), leaf(rep, 2)]
    return {"valueString": "-".join(ends)} if all(ends) else None


_BY_TYPE: Final[dict[str, Value]] = {
    "NM": _number,
    "SN": _structured,
    "ST": _text,
    "TX": _long_text,
    "FT": _long_text,
    "CE": _coded,
    "CWE": _coded,
    "CNE": _coded,
    "CF": _coded,
    "IS": _coded,
    "ID": _coded,
    "DT": _moment,
    "TS": _moment,
    "DTM": _moment,
    "TM": _clock,
    "DR": _span,
    "CQ": _composite,
    "NR": _range,
    "VR": _value_range,
    "ED": embedded,
    "RP": pointed_at,
}
#: Maps that lose nothing by their nature.
_WHOLE: Final = frozenset({_number, _text, _long_text, embedded})
#: Types whose repetitions are lines of one text.
LINES: Final = frozenset({"ST", "TX", "FT", ""})
