"""What clauses are made of: bound values, comparisons, texts, amounts, places, people."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from operator import attrgetter
from typing import Any, Final, Literal, TypeAlias, cast

from msgspec import Struct

Side: TypeAlias = Literal["low", "high"]

#: What has no parts, of what stands in plans.
_LEAVES: Final = frozenset({bool, int, str, type(None)})


class Bind:
    """A value, and the SQL type it is bound as. Equal to any other of that type."""

    __slots__ = ("type", "value")

    def __init__(self, value: Any, type: str) -> None:  # noqa: A002 (the SQL word)
        self.value = value
        self.type = type

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bind) and self.type == other.type

    def __hash__(self) -> int:
        return hash(self.type)

    def __repr__(self) -> str:
        return f"Bind({self.type})"


class Comparison(Struct, frozen=True):
    """One side of an indexed range compared with a value."""

    side: Side
    operator: Literal["<", "<=", ">", ">="]
    value: Bind


#: Alternatives of comparisons that must all hold (hub.fhir.prefixes.Condition with bound values).
Condition: TypeAlias = tuple[tuple[Comparison, ...], ...]


class People(Struct, frozen=True):
    """Patients a value names: by key, and the same ids again as they may be those of persons.

    `expand` (`:mdm`) means all source patients of whoever is named; without it a source patient means itself alone,
    while the id of a person means all sources either way. `persons` is None where the keys are all that is meant.
    """

    keys: Bind
    persons: Bind | None = None
    expand: bool = False


class Words(Struct, frozen=True):
    """One way for a text to fit: `prefix` (and `upper`, just past it), `exact` or `contains`.

    `folded` is what is searched for, `head` its indexed beginning; `raw` the text as given, for `exact`.
    """

    mode: Literal["prefix", "exact", "contains"]
    folded: Bind
    head: Bind
    upper: Bind
    raw: Bind


class Amount(Struct, frozen=True):
    """A condition on a number, and on its unit where one was given: code alone also fits the human unit.

    `param`: it is a value of this parameter, not of the clause's own.
    """

    condition: Condition
    system: Bind | None = None
    code: Bind | None = None
    param: Bind | None = None


class Place(Struct, frozen=True):
    """A circle on the earth: its centre in degrees, its radius in kilometres, the degrees of latitude it reaches."""

    latitude: Bind
    longitude: Bind
    radius: Bind
    reach: Bind


def shape_of(node: Any, found: list[Bind]) -> Hashable:
    """What a node is but for its values: equal for nodes of one shape. Every Bind below it goes into `found`, always in
    the same order for nodes of one shape.
    """
    kind = node.__class__
    if kind is tuple:
        shape, items = [], node
    else:
        parts = _parts(kind)
        if parts is None:
            return cast("Hashable", node)
        shape, items = [kind], parts(node)
    # Binds and leaves, which are most of it, are told here: a plan has some eighty nodes.
    for item in items:
        if item.__class__ is Bind:
            found.append(item)
            shape.append(item.type)
        else:
            shape.append(item if item.__class__ in _LEAVES else shape_of(item, found))
    return tuple(shape)


@cache
def _parts(kind: type) -> Callable[[Any], tuple[Any, ...]] | None:
    """What gives the fields of a node of a kind; None for a leaf."""
    if not issubclass(kind, Struct):
        return None
    names = kind.__struct_fields__
    getter = attrgetter(*names)
    return getter if len(names) > 1 else lambda node: (getter(node),)
