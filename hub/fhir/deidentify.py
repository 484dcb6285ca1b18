"""Resources in de-identified form: an allow-list by data type and element, dates moved, ids replaced. Pure.

The rules are data (`tables/deidentification.csv`). What no row names is left out: names, numbers, addresses, free text,
narratives, attachments, extensions. What is left keeps to R4: a part that lacks something mandatory is left out too,
and a resource that does, or whose meaning hangs on a modifier extension, has no such form.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from math import inf
from typing import Any, Final

from hub.fhir.references import parse_reference
from hub.fhir.structure import structure
from hub.kernel.types import Json

#: Years of birth are told in steps of so many; who is older than `OLDEST` has none (45 CFR 164.514(b)(2)(i)(C)).
BAND: Final = 5
OLDEST: Final = 89

#: v3 code system ObservationValue: the resource was pseudonymised.
PSEUDONYMISED: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "PSEUDED"}
_LABELS: Final = frozenset(
    {
        "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    }
)
#: Code systems of the specifications themselves: what they can say of a person is known, and common.
_STANDARD: Final = ("http://terminology.hl7.org/CodeSystem/", "http://hl7.org/fhir/")

Coding = tuple[str, str]


def _rules() -> dict[str, str]:
    lines = (files("hub.fhir") / "tables" / "deidentification.csv").read_text("utf-8").splitlines()
    return {row["what"]: row["rule"] for row in csv.DictReader(lines[1:])}


_RULES: Final = _rules()

#: Types that have a de-identified form, and those that are about nobody and referred to as they are.
RELEASED: Final = frozenset(name for name, rule in _RULES.items() if rule == "release")
REFERRED: Final = frozenset(name for name, rule in _RULES.items() if rule == "refer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disguise:
    """What hides the person a resource is about, in one project.

    `name` gives the id under which (type, id) is known in the project; `person` the name of the person. `days` is what
    every date is moved by. `codings` (system, code) and `births` (gender, first year of a band) are so common that they
    may be told.
    """

    name: Callable[[str, str], str]
    person: str
    days: int
    codings: Collection[Coding]
    births: Collection[tuple[str, int]]


def deidentified(resource: Json, disguise: Disguise, system: str) -> Json | None:
    """The de-identified form, or None where there is none. `system` is that of the names of persons."""
    rtype = str(resource.get("resourceType"))
    if rtype not in RELEASED or "implicitRules" in resource:
        return None
    kept = _walked(resource, rtype, disguise)
    if kept is None:
        return None
    if rtype == "Patient":
        kept |= _birth(resource, disguise)
        kept["identifier"] = [{"system": system, "value": disguise.person}]
    return {"resourceType": rtype, "id": disguise.name(rtype, str(resource["id"])), "meta": _meta(resource), **kept}


def codings(value: Any) -> Iterator[Coding]:
    """Every coding anywhere in a resource that is not of the specifications themselves."""
    if isinstance(value, list):
        for item in value:
            yield from codings(item)
    elif isinstance(value, dict):
        system, code = value.get("system"), value.get("code")
        if isinstance(system, str) and isinstance(code, str) and not system.startswith(_STANDARD):
            yield system, code
        for item in value.values():
            if isinstance(item, (dict, list)):
                yield from codings(item)


def band_of(year: int) -> int:
    """The first year of the band a year of birth is in."""
    return year - year % BAND


@dataclass(frozen=True, slots=True)
class _Way:
    """What becomes of a property: the rule, and the type of its value."""

    rule: str
    type: str


@cache
def _ways(name: str) -> Mapping[str, _Way]:
    found = structure(name)
    if found is None:
        return {}
    return {
        key: _Way(_rule(name, element.name, ref.name), ref.name)
        for element in found.elements.values()
        for key, ref in element.properties()
    }


@cache
def _mandatory(name: str) -> tuple[frozenset[str], ...]:
    """Properties of which one must be there, of each mandatory element."""
    found = structure(name)
    elements = () if found is None else found.elements.values()
    return tuple(frozenset(key for key, _ in element.properties()) for element in elements if element.minimum)


def _rule(owner: str, element: str, of: str) -> str:
    at: str | None = owner
    while at:
        if f"{at}.{element}" in _RULES:
            return _RULES[f"{at}.{element}"]
        found = structure(at)
        at = found.base if found else None
    if of in _RULES:
        return _RULES[of]
    found = structure(of)
    return "walk" if found is not None and found.kind == "backbone" else "drop"


def _walked(value: Any, name: str, disguise: Disguise) -> Json | None:
    """What is left of an object, or None for nothing, or where what is left could not stand."""
    if not isinstance(value, dict) or "modifierExtension" in value:
        return None
    ways, kept = _ways(name), {}
    for key, item in value.items():
        way = ways.get(key)
        left = None if way is None else _left(item, way, disguise)
        if left is not None:
            kept[key] = left
    complete = all(not names.isdisjoint(kept) for names in _mandatory(name))
    return kept if kept and complete else None


def _left(value: Any, way: _Way, disguise: Disguise) -> Any:
    if isinstance(value, list):
        return [one for item in value if (one := _left(item, way, disguise)) is not None] or None
    match way.rule:
        case "keep":
            return value
        case "shift":
            return _moved(value, disguise.days)
        case "reference":
            return _reference(value, disguise)
        case "coding":
            return _coding(value, disguise)
        case "walk":
            return _walked(value, way.type, disguise)
        case "age":
            return _walked(value, way.type, disguise) if _years(value) <= OLDEST else None
    return None


def _moved(text: Any, days: int) -> str | None:
    """A date, as precise as it was but for the time of day: by its seconds a row could be found again elsewhere."""
    try:
        parts = [int(part) for part in text[:10].split("-")]
        moved = date(*[*parts, 1, 1][:3]) + timedelta(days=days)
    except (TypeError, ValueError, OverflowError):
        return None  # a feed may keep what is no date
    return moved.isoformat()[: min(len(text), 10)]


def _years(age: Any) -> float:
    """The number of an Age; what is none counts as old."""
    number = age.get("value") if isinstance(age, dict) else None
    return float(number) if isinstance(number, (int, float, Decimal)) else inf


def _reference(value: Any, disguise: Disguise) -> Json | None:
    target = parse_reference(str(value.get("reference", ""))) if isinstance(value, dict) else None
    if target is None:
        return None
    if target.type in REFERRED:
        return {"reference": f"{target.type}/{target.id}"}
    return {"reference": f"{target.type}/{disguise.name(*target[:2])}"} if target.type in RELEASED else None


def _coding(value: Any, disguise: Disguise) -> Json | None:
    if not isinstance(value, dict):
        return None
    system, code = str(value.get("system", "")), value.get("code")
    if code is None or not (system.startswith(_STANDARD) or (system, code) in disguise.codings):
        return None
    return {key: value[key] for key in ("system", "version", "code") if key in value}


def _birth(resource: Json, disguise: Disguise) -> Json:
    text = str(resource.get("birthDate", ""))[:4]
    found = (str(resource.get("gender", "")), band_of(int(text))) if text.isdecimal() else None
    return {"birthDate": f"{found[1]:04}"} if found is not None and found in disguise.births else {}


def _meta(resource: Json) -> Json:
    labels = resource.get("meta", {}).get("security", ())
    kept = [{"system": one["system"], "code": one["code"]} for one in labels if one.get("system") in _LABELS]
    return {"security": [*kept, PSEUDONYMISED]}
