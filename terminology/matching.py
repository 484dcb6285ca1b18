"""What of a value set a filter finds: by the names its code systems give, those of supplements, and its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.fhir.fold import folded
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.compose import Meaning
from terminology.condition import Both, Condition, Either, Keys, Matching
from terminology.model import Coding, Edition
from terminology.reading import Concepts
from terminology.text import filter_parts, searched

#: Codes that a supplement may find by one part of a filter.
_MOST: Final = 20_000
#: Parts of a filter, each of which is looked for by itself.
_PARTS: Final = 50


async def matching(catalogue: Catalogue, concepts: Concepts, meaning: Meaning, text: str) -> Meaning:
    """Those of a meaning that have every part of a filter in their names or their code.

    Raises HubError TOO_LARGE (`too-costly`) for more than _PARTS parts.
    """
    parts = filter_parts(text)
    if len(parts) > _PARTS:
        what = f"has more than {_PARTS} words"
        raise HubError(Category.TOO_LARGE, what, where="filter", todo="look for fewer", code="too-costly")
    conditions = {}
    for number, (edition, condition) in meaning.conditions.items():
        found = await _by_any_name(catalogue, concepts, edition, text)
        named = ((one, told) for one, told in meaning.own.items() if one.system == edition.url)
        own = tuple(one.code for one, told in named if _fits(_names(told), one, parts))
        conditions[number] = (edition, Both((condition, Either((found, Keys(own))) if own else found)))
    listed = {coding: name for coding, name in meaning.listed.items() if _fits([name], coding, parts)}
    return Meaning(conditions, listed, meaning.own)


async def _by_any_name(catalogue: Catalogue, concepts: Concepts, edition: Edition, text: str) -> Condition:
    """By each part: what the edition finds, or what a supplement does."""
    supplements = catalogue.supplements.get(edition.url, ())
    if not supplements:
        return Matching(text)
    ways: list[Condition] = []
    for part in filter_parts(text):
        beside = [await concepts.codes(one, Matching(part), _MOST) for one in supplements]
        keys = tuple(edition.key(code) for codes in beside for code in codes)
        ways.append(Either((Matching(part), Keys(keys))) if keys else Matching(part))
    return Both(tuple(ways))


def _names(own: Json) -> list[str]:
    return [str(own.get("display", "")), *(str(one.get("value", "")) for one in own.get("designation", ()))]


def _fits(names: Sequence[str], coding: Coding, parts: Sequence[str]) -> bool:
    text = searched([*names, folded(coding.code)])
    return all(part in text for part in parts)
