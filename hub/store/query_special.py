"""Parameters with a meaning of their own: `_list`, `_text`, `_content`, `near` (R4 search.html, location.html)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from hub.fhir import grams
from hub.fhir.numbers import decimal
from hub.fhir.query_text import unescape
from hub.fhir.references import parse_reference
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.store.asked import Asked, pieces
from hub.store.body_rows import MEMBER
from hub.store.criteria import Bind, Has, Ids, Near, Place, Target, Texts
from hub.store.resource_types import type_number
from hub.store.side_rows import EARTH
from hub.store.tokens import reference_prefix

#: What an expression of a text search language would be written with; the hub has none.
_OPERATORS: Final = frozenset({"AND", "OR", "NOT"})

#: Kilometres in a unit of distance: UCUM codes, and what clients write instead.
_KILOMETRES: Final[Mapping[str, float]] = {"km": 1, "m": 0.001, "[mi_i]": 1.609344, "mi": 1.609344, "[nmi_i]": 1.852}
#: The distance where none is stated: the page leaves it to the server.
_DISTANCE: Final = 25.0
#: Half the way round the earth: everything is nearer.
_FARTHEST: Final = EARTH * math.pi


def members_of_lists(values: Sequence[str]) -> Has:
    """`_list`: what one of some Lists (`id` or `List/id`) lists now."""
    keys = [reference_key("List", _list_id(unescape(value))) for value in values]
    target = Target(Bind(type_number("List"), "smallint"), (Ids(Bind(keys, "uuid[]")),))
    return Has(Bind(reference_prefix(MEMBER), "bytea"), target)


def _list_id(value: str) -> str:
    target = parse_reference(value if "/" in value else f"List/{value}")
    if target is None or target.type != "List":
        raise HubError(Category.INVALID, "is not the id of a List", where="_list", todo="write id or List/id")
    return target.id


def texts(asked: Asked) -> Texts:
    """`_text`, `_content`: all words of one of the values, in any order."""
    return Texts(asked.param(), tuple(Bind(_grams(text), "bigint[]") for text in asked.texts()))


def _grams(text: str) -> list[int]:
    if "(" in text or ")" in text or not _OPERATORS.isdisjoint(text.split()):
        raise HubError(
            Category.UNSUPPORTED,
            "expressions are not supported",
            todo="write words that must all occur; a comma is or, a repeated parameter is and",
            code="unknown-parameter",
        )
    found = grams.wanted(text)
    if not found:
        raise HubError(Category.INVALID, "has nothing to search for")
    return found


def near(asked: Asked) -> Near:
    """`near`: latitude|longitude|distance|units, in degrees and kilometres unless another unit is named."""
    return Near(tuple(_place(value) for value in asked.values))


def _place(value: str) -> Place:
    parts = [*pieces(value), "", ""]
    if not 4 <= len(parts) <= 6:
        raise _no_place()
    latitude, longitude = float(decimal(parts[0])), float(decimal(parts[1]))
    distance = float(decimal(parts[2])) if parts[2] else _DISTANCE
    unit = _KILOMETRES.get(parts[3] or "km")
    if unit is None:
        raise HubError(Category.INVALID, "has an unknown unit", todo=f"use one of {', '.join(_KILOMETRES)}")
    if not -90 <= latitude <= 90 or not -180 <= longitude <= 180 or distance < 0:
        raise _no_place()
    radius = min(distance * unit, _FARTHEST)
    # A little more than the arc, against rounding at its edge.
    reach = math.degrees(radius / EARTH) + 1e-9
    return Place(*(Bind(number, "double precision") for number in (latitude, longitude, radius, reach)))


def _no_place() -> HubError:
    return HubError(
        Category.INVALID, "is not a place", todo="write latitude|longitude, or latitude|longitude|distance|unit"
    )
