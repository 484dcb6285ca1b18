"""What medicine a segment names: a concept, or a Medication where form, strength or components are told too.

A Medication is an article and of no patient: known by all that is said of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Options
from mappings.hl7v2.datatypes.coded import DATATYPES, concept
from mappings.hl7v2.datatypes.numbers import decimal
from mappings.hl7v2.datatypes.values import unit
from mappings.hl7v2.leaves import field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.trace import mapped

_CONCEPT: Final = DATATYPES["CodeableConcept"].make(Options())
_DOSE_FORM: Final = mapped("Medication.form")
_STRENGTH: Final = mapped("Medication.ingredient[].strength")
_INGREDIENT: Final = mapped("Medication.ingredient[]")
_CODE: Final = DATATYPES["CodeableConcept"].parts


@dataclass(frozen=True, slots=True)
class Article:
    """Where a segment tells its medicine (0: nowhere): code, form, strength and its unit, volume and its unit."""

    code: int
    form: int = 0
    strength: int = 0
    strength_unit: int = 0
    volume: int = 0
    volume_unit: int = 0


ARTICLES: Final = {
    "RXO": Article(1, 5, 18, 19, 25, 26),
    "RXE": Article(2, 6, 25, 26, 33, 34),
    "RXD": Article(2, 6, 16, 17),
    "RXG": Article(4, 8, 17, 18, 23, 24),
    "RXA": Article(5, 8, 13, 14),
}


def medicine(segment: Segment, building: Building, components: Sequence[Segment], context: Context) -> None:
    """State the medicine of `segment` in `building`; `components` are the RXC that say what it is made of."""
    article = ARTICLES[segment.name]
    resource, rtype = building.resource, building.resource["resourceType"]
    if any(name in resource for name in ("medicationCodeableConcept", "medicationReference")):
        return
    code = _coded(segment, article.code, context)
    if code is not None:
        context.took(segment, article.code, mapped(f"{rtype}.medication[x]", frozenset(_CODE.items())), 1)
    told = any(segment.raw(n) for n in (article.form, article.strength) if n)
    if not told and not components:
        resource["medicationCodeableConcept"] = code or unknown()
        return
    made = _article(segment, article, code, components, context)
    display = (code or {}).get("text", "")
    resource["medicationReference"] = made.reference | ({"display": display} if display else {})


def _coded(segment: Segment, n: int, context: Context) -> Json | None:
    repetitions = segment.repetitions(n) if n else []
    if not repetitions or repetitions[0].is_null:
        return None
    context.segment, context.field, context.rep = segment, n, 1
    found: Json | None = _CONCEPT(repetitions[0], context)
    return found


def _article(
    segment: Segment, article: Article, code: Json | None, components: Sequence[Segment], context: Context
) -> Building:
    said = [segment.raw(n) if n else "" for n in (article.code, article.form, article.strength, article.strength_unit)]
    said += [segment.raw(article.volume) if article.volume else "", *(each.text for each in components)]
    building = context.draft("Medication", "article", "|".join(said), None)
    resource = building.resource
    if code is not None:
        resource["code"] = code
    form = _coded(segment, article.form, context)
    if form is not None:
        resource["form"] = form
        context.took(segment, article.form, _DOSE_FORM)
    strength = _strength(segment, article, context)
    ingredients = [_component(each, context) for each in components]
    if strength is not None:
        ingredients.insert(0, {"itemCodeableConcept": code or unknown(), "strength": strength})
    if ingredients:
        resource["ingredient"] = ingredients
    return building


def _strength(segment: Segment, article: Article, context: Context) -> Json | None:
    """How much in how much; in one piece where nothing else is said."""
    numerator = _amount(segment, article.strength, article.strength_unit, context)
    if numerator is None:
        return None
    denominator = _amount(segment, article.volume, article.volume_unit, context) or {"value": Decimal(1)}
    return {"numerator": numerator, "denominator": denominator}


def _amount(segment: Segment, n: int, unit_at: int, context: Context) -> Json | None:
    found = decimal(field(segment, n)) if n else None
    if found is None:
        return None
    context.took(segment, n, _STRENGTH)
    return {"value": found[0], **_unit(segment, unit_at, context)}


def _unit(segment: Segment, n: int, context: Context) -> Json:
    repetitions = segment.repetitions(n)
    if not repetitions:
        return {}
    context.took(segment, n, _STRENGTH)
    found = unit(repetitions[0], context)
    code = field(segment, n)
    if "code" not in found and code and " " not in code:
        habits = context.habits
        found |= {"system": f"{habits.canonical_base}/CodeSystem/{habits.facility}/unit", "code": code}
    return found


def _component(segment: Segment, context: Context) -> Json:
    """RXC: a base or an additive; only additives are what it is made to give."""
    item = concept(segment.repetitions(2)[0], context) if segment.repetitions(2) else None
    result: Json = {"itemCodeableConcept": item or unknown(), "isActive": field(segment, 1) == "A"}
    amount = decimal(field(segment, 3))
    if amount is not None:
        units = segment.repetitions(4)
        numerator = {"value": amount[0], **(unit(units[0], context) if units else {})}
        result["strength"] = {"numerator": numerator, "denominator": {"value": Decimal(1)}}
    for n in range(1, 5):
        if segment.raw(n):
            context.took(segment, n, _INGREDIENT)
    return result
