"""Rows of composite parameters: hashes of what stands together, and ordered values with such a hash beside them."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Final
from uuid import UUID

from hub.fhir.index_values import ComponentValue, IndexValues
from hub.store import tokens as token
from hub.store.canonical import SUFFIX, canonical
from hub.store.index_rows import FIRST, LAST, IndexRows, add_number, string_row
from hub.store.tokens import param_number, token_hashes

#: What may stand before the last component of a composite, or before its last two if they are numbers.
HASHED: Final = frozenset({"token", "reference", "uri"})


def add_composites(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    """The rows of every composite of a resource."""
    for code, parts in values.composites:
        _add_composite(rows, param_number(rtype, code), parts, param_number(rtype, code + SUFFIX))


def _add_composite(rows: IndexRows, param: int, parts: tuple[ComponentValue, ...], ucum: int) -> None:
    rows.params[param] = None
    *before, last = parts
    if before[-1][0] == last[0] == "number":
        _add_two_numbers(rows, param, parts)
    elif last[0] in HASHED:
        for combined in _combined(param, parts):
            rows.tokens[combined] = None
    else:
        for companion in _combined(param, tuple(before)):
            rows.tokens[companion] = None
            _add_ordered(rows, param, last, companion)
            _add_canonical(rows, ucum, tuple(before), last, companion)


def _add_two_numbers(rows: IndexRows, param: int, parts: tuple[ComponentValue, ...]) -> None:
    """Both numbers stand in one row, as its ends: each is a point, so that one end says all of it."""
    *before, (_, first, _), (_, second, _) = parts
    for companion in _combined(param, tuple(before)):
        rows.tokens[companion] = None
        add_number(rows, param, (first, second, None, None, None), (companion,))


@lru_cache(maxsize=65536)
def _combined(param: int, parts: tuple[ComponentValue, ...]) -> tuple[UUID, ...]:
    """The hashes of every way to ask for some hashed parts together."""
    return tuple(token.pair(param, chosen) for chosen in product(*(_part_hashes(param, part) for part in parts)))


def _part_hashes(param: int, part: ComponentValue) -> tuple[UUID, ...]:
    """The hashes one component of a composite is found by. `system|` is not among them: combinations would multiply."""
    kind, *value = part
    if kind == "token":
        return token_hashes(param, value[0], value[1])[:2]
    if kind == "reference" and value[0] is not None:
        return token.target(param, value[0], value[1])[1:]
    return (token.text(param, value[-1]),)


def _add_canonical(
    rows: IndexRows, param: int, before: tuple[ComponentValue, ...], last: ComponentValue, companion: UUID
) -> None:
    """A quantity beside a code, in canonical units."""
    if last[0] != "quantity":
        return
    _, low, high, _, system, code, _ = last
    measured = tuple([(part[1], part[2]) for part in before if part[0] == "token"])
    for least, most, base in canonical(low, high, system, code, measured):
        add_number(rows, param, (least, most, None, base, None), (companion,))


def _add_ordered(rows: IndexRows, param: int, last: ComponentValue, companion: UUID) -> None:
    kind, *value = last
    if kind == "quantity":
        low, high, _, system, code, unit = value
        add_number(rows, param, (low, high, system, code, unit), (companion,))
    elif kind == "number":
        add_number(rows, param, (value[0], value[1], None, None, None), (companion,))
    elif kind == "date":
        rows.dates.append((param, value[0] or FIRST, value[1] or LAST, [companion]))
    elif kind == "string":
        rows.strings.append((*string_row(param, value[0]), [companion]))
