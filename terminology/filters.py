"""Filters of value sets as conditions on the concepts of an edition (R4 valueset-filter-operator.html)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from terminology.catalogue import Catalogue
from terminology.condition import (
    COLUMNS,
    NOTHING,
    Below,
    Child,
    Condition,
    Displayed,
    Either,
    Fact,
    Fits,
    Has,
    Keys,
    Not,
    Numbers,
    Unmarked,
)
from terminology.model import ABSTRACT, INACTIVE, Edition, Found
from terminology.patterns import whole
from terminology.reading import Concepts

_HIERARCHY: Final = frozenset({"is-a", "descendent-of", "is-not-a", "generalizes"})
_LISTS: Final = frozenset({"=", "in", "not-in"})
#: Properties a concept has by its place or as a flag, however its source says so.
_AROUND: Final = frozenset({"parent", "child"})
_FLAGS: Final = {"inactive": INACTIVE, "notSelectable": ABSTRACT}


async def condition_of(concepts: Concepts, catalogue: Catalogue, edition: Edition, asked: Json) -> Condition:
    """What a filter means: on the hierarchy, on codes, on properties. Raises HubError UNSUPPORTED for another one."""
    prop, operator, value = str(asked.get("property", "")), str(asked.get("op", "")), str(asked.get("value", ""))
    values = [value] if operator == "=" else [one.strip() for one in value.split(",")]
    if prop in {"concept", "code"} and operator in _HIERARCHY:
        at = await concepts.find(catalogue, edition, value)
        return NOTHING if at is None else _hierarchy(operator, at)
    if operator == "exists" and value in {"true", "false"} and prop not in _AROUND:
        return Has(prop) if value == "true" else Not(Has(prop))
    if prop in _FLAGS and operator == "=" and value in {"true", "false"}:
        return Not(Unmarked(_FLAGS[prop])) if value == "true" else Unmarked(_FLAGS[prop])
    if operator == "regex" and prop not in _AROUND:
        return await _fitting(concepts, edition, prop, value)
    if operator not in _LISTS:
        raise undecided(f"the hub does not answer the filter {operator} on {prop}")
    if prop == "display":
        found: Condition = Displayed(tuple(values))
    elif prop in {"concept", "code"}:
        found = Keys(tuple(map(edition.key, values)))
    elif prop in _AROUND:
        held = [await concepts.find(catalogue, edition, one) for one in values]
        found = _around(prop, [one for one in held if one is not None])
    else:
        found = Fact(prop, tuple(values))
    return Not(found) if operator == "not-in" else found


async def _fitting(concepts: Concepts, edition: Edition, prop: str, value: str) -> Condition:
    pattern = whole(value)
    await concepts.check(pattern)
    return Fits(prop, pattern, folded=COLUMNS.get(prop) == "code" and edition.folds)


def _hierarchy(operator: str, at: Found) -> Condition:
    itself = Numbers((at.number,))
    if operator == "generalizes":
        return Numbers((at.number, *sorted(at.ancestors)))
    if operator == "descendent-of":
        return Below(at.number)
    under = Either((itself, Below(at.number)))
    return Not(under) if operator == "is-not-a" else under


def _around(prop: str, concepts: Sequence[Found]) -> Condition:
    """Those right below some concepts (their parent is one), or right above them (their child is one)."""
    if prop == "parent":
        return Child(tuple([one.number for one in concepts]))
    return Numbers(tuple([number for one in concepts for number in one.parents]))


def undecided(what: str) -> HubError:
    """Of a value set whose codes cannot be told."""
    return HubError(
        Category.UNSUPPORTED,
        f"cannot be expanded: {what}",
        where="value set",
        todo="list its codes, or load the code system",
        code="not-expandable",
    )
