"""Rows of composite parameters: hashes of what stands together, and ordered values with such a hash beside them."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from hub.fhir.index_values import ComponentValue, IndexValues
from hub.store import tokens as token
from hub.store.canonical import SUFFIX, canonical
from hub.store.index_rows import FIRST, LAST, Beside, IndexRows, add_number, note_number, number_of, string_row
from hub.store.tokens import param_number, token_hashes

#: What may stand before the last component of a composite, or before its last two if they are numbers.
HASHED: Final = frozenset({"token", "reference", "uri"})


def add_composites(rows: IndexRows, rtype: str, values: IndexValues) -> None:
    """The rows of every composite of a resource."""
    seen: _Seen = {}
    for codes, parts in values.composites:
        for code in codes:
            _add_composite(rows, param_number(rtype, code), parts, param_number(rtype, code + SUFFIX), seen)


def _add_composite(rows: IndexRows, param: int, parts: tuple[ComponentValue, ...], ucum: int, seen: _Seen) -> None:
    rows.params[param] = None
    *before, last = parts
    if before[-1][0] == last[0] == "number":
        _add_two_numbers(rows, param, parts)
    elif last[0] in HASHED:
        for combined in _combined(param, parts):
            rows.tokens[combined] = None
    else:
        companions = _combined(param, tuple(before))
        for companion in companions:
            rows.tokens[companion] = None
        if last[0] == "quantity":
            _quantity(rows, tuple(before), last, seen).note(rows, param, ucum, companions)
        else:
            for companion in companions:
                _add_ordered(rows, param, last, companion)


def _add_two_numbers(rows: IndexRows, param: int, parts: tuple[ComponentValue, ...]) -> None:
    """Both numbers stand in one row, as its ends: each is a point, so that one end says all of it."""
    *before, (_, first, _), (_, second, _) = parts
    for companion in _combined(param, tuple(before)):
        rows.tokens[companion] = None
        add_number(rows, param, (first, second, None, None, None), (companion,))


@lru_cache(maxsize=16384)
def _combined(param: int, parts: tuple[ComponentValue, ...]) -> tuple[bytes, ...]:
    """The hashes of every way to ask for some hashed parts together."""
    return tuple(token.pair(param, chosen).bytes for chosen in product(*(_part_hashes(param, part) for part in parts)))


def _part_hashes(param: int, part: ComponentValue) -> tuple[UUID, ...]:
    """The hashes one component of a composite is found by. `system|` is not among them: combinations would multiply."""
    kind, *value = part
    if kind == "token":
        return token_hashes(param, value[0], value[1])[:2]
    if kind == "reference" and value[0] is not None:
        return token.target(param, value[0], value[1])[1:]
    return (token.text(param, value[-1]),)


class _Quantity(NamedTuple):
    """What the index holds of a quantity, and of it in canonical units: each as `IndexRows.numbers` keeps it."""

    sent: Beside
    canonical: tuple[Beside, ...]

    def note(self, rows: IndexRows, param: int, ucum: int, companions: tuple[bytes, ...]) -> None:
        """Add it to a composite, beside all that a code is asked for by."""
        note_number(rows, self.sent, param, companions)
        for each in self.canonical:
            note_number(rows, each, ucum, companions)


#: The quantities of one resource, by the value itself and by what was measured: hashing decimals takes longest here.
_Seen: TypeAlias = dict[tuple[int, tuple[tuple[str | None, str | None], ...]], _Quantity]


def _quantity(rows: IndexRows, before: tuple[ComponentValue, ...], last: ComponentValue, seen: _Seen) -> _Quantity:
    measured = tuple([(part[1], part[2]) for part in before if part[0] == "token"])
    found = seen.get((id(last), measured))
    if found is None:
        _, low, high, _, system, code, unit = last
        others = canonical(low, high, system, code, measured)
        sent = number_of(rows, (low, high, system, code, unit))
        found = _Quantity(
            sent, tuple([number_of(rows, (least, most, None, base, None)) for least, most, base in others])
        )
        seen[id(last), measured] = found
    return found


def _add_ordered(rows: IndexRows, param: int, last: ComponentValue, companion: bytes) -> None:
    kind, *value = last
    if kind == "number":
        add_number(rows, param, (value[0], value[1], None, None, None), (companion,))
    elif kind == "date":
        rows.dates.append((param, value[0] or FIRST, value[1] or LAST, [companion]))
    elif kind == "string":
        rows.strings.append((*string_row(param, value[0]), [companion]))
