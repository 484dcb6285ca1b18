"""What clauses are made of: bound values, comparisons, texts, amounts, places, people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

Side: TypeAlias = Literal["low", "high"]


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """One side of an indexed range compared with a value."""

    side: Side
    operator: Literal["<", "<=", ">", ">="]
    value: Bind


#: Alternatives of comparisons that must all hold (hub.fhir.prefixes.Condition with bound values).
Condition: TypeAlias = tuple[tuple[Comparison, ...], ...]


@dataclass(frozen=True, slots=True)
class People:
    """Patients a value names: by key, and the same ids again as they may be those of persons.

    `expand` (`:mdm`) means all source patients of whoever is named; without it a source patient means itself alone,
    while the id of a person means all sources either way. `persons` is None where the keys are all that is meant.
    """

    keys: Bind
    persons: Bind | None = None
    expand: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """One way for a text to fit: `prefix` (and `upper`, just past it), `exact` or `contains`.

    `folded` is what is searched for, `head` its indexed beginning; `raw` the text as given, for `exact`.
    """

    mode: Literal["prefix", "exact", "contains"]
    folded: Bind
    head: Bind
    upper: Bind
    raw: Bind


@dataclass(frozen=True, slots=True)
class Amount:
    """A condition on a number, and on its unit where one was given: code alone also fits the human unit."""

    condition: Condition
    system: Bind | None = None
    code: Bind | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A circle on the earth: its centre in degrees, its radius in kilometres, the degrees of latitude it reaches."""

    latitude: Bind
    longitude: Bind
    radius: Bind
    reach: Bind


def binds(node: Any) -> Iterator[Bind]:
    """Every Bind below a node, always in the same order for nodes of one shape."""
    if node.__class__ is Bind:
        yield node
    elif node.__class__ is tuple:
        for item in node:
            yield from binds(item)
    else:
        for name in _fields(node.__class__):
            yield from binds(getattr(node, name))


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
