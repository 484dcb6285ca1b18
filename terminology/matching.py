"""What of a value set a filter finds: by the names its code systems give, those of supplements, and its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hub.fhir.fold import folded
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.compose import Meaning
from terminology.condition import Anywhere, Both, Condition, Either, Keys, Matching
from terminology.model import Coding, Edition
from terminology.text import filter_parts, searched

#: Parts of a filter, each of which is looked for by itself.
_PARTS: Final = 50


def matching(catalogue: Catalogue, meaning: Meaning, text: str) -> Meaning:
    """Those of a meaning that have every part of a filter in their names or their code.

    Raises HubError TOO_LARGE (`too-costly`) for more than _PARTS parts.
    """
    parts = filter_parts(text)
    if len(parts) > _PARTS:
        what = f"has more than {_PARTS} words"
        raise HubError(Category.TOO_LARGE, what, where="filter", todo="look for fewer", code="too-costly")
    conditions = {}
    for number, (edition, condition) in meaning.conditions.items():
        found = _by_any_name(catalogue, edition, text)
        named = ((one, told) for one, told in meaning.own.items() if one.system == edition.url)
        own = tuple(one.code for one, told in named if _fits(_names(told), one, parts))
        conditions[number] = (edition, Both((condition, Either((found, Keys(own))) if own else found)))
    listed = {coding: told for coding, told in meaning.listed.items() if _fits([told.display], coding, parts)}
    return replace(meaning, conditions=conditions, listed=listed)


def _by_any_name(catalogue: Catalogue, edition: Edition, text: str) -> Condition:
    """By each part: what the edition finds, or what a supplement does."""
    supplements = catalogue.supplements.get(edition.url, ())
    if not supplements:
        return Matching(text)
    numbers = tuple([one.number for one in supplements])
    parts = (Anywhere(edition.number, numbers, Matching(part), edition.folds) for part in filter_parts(text))
    return Both(tuple(parts))


def _names(own: Json) -> list[str]:
    return [str(own.get("display", "")), *(str(one.get("value", "")) for one in own.get("designation", ()))]


def _fits(names: Sequence[str], coding: Coding, parts: Sequence[str]) -> bool:
    text = searched([*names, folded(coding.code)])
    return all(part in text for part in parts)
