"""The structure of every R4 type: elements, cardinality, types, reference targets and required bindings.

Source: StructureDefinitions of FHIR R4 4.0.1 in `tables/structure.json`. A backbone element is a type of its own,
named by its path (`Observation.component`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hub.fhir.table import read_table


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type an element may have, with the resource types a reference or canonical may point to (empty: any)."""

    name: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element. `name` lacks the `[x]` of a choice; `maximum` is 1 or None (unbounded); `binding` is a value set."""

    name: str
    minimum: int
    maximum: int | None
    types: tuple[TypeRef, ...]
    choice: bool
    binding: str | None

    def properties(self) -> Iterator[tuple[str, TypeRef]]:
        """JSON property name and type; a choice element has one for each of its types."""
        for ref in self.types:
            yield (self.name + ref.name[0].upper() + ref.name[1:] if self.choice else self.name), ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """One type: `kind` is primitive, complex, backbone or resource; `elements` include the inherited ones."""

    name: str
    kind: str
    base: str
    abstract: bool
    regex: str | None
    elements: Mapping[str, Element]


_ROWS: Final[Mapping[str, Mapping[str, Any]]] = read_table("structure")

#: Every type of R4, backbone elements too.
TYPES: Final = frozenset(_ROWS)

#: Every concrete resource type of R4.
RESOURCE_TYPES: Final = frozenset(
    name for name, row in _ROWS.items() if row["kind"] == "resource" and not row.get("abstract")
)

#: Every primitive type of R4.
PRIMITIVES: Final = frozenset(name for name, row in _ROWS.items() if row["kind"] == "primitive")


@cache
def structure(name: str) -> Structure | None:
    """The structure of a type, or None if R4 has no such type."""
    row = _ROWS.get(name)
    if row is None:
        return None
    base = structure(row["base"])
    own = {element.name: element for element in (_element(key, cell) for key, cell in row["elements"].items())}
    return Structure(
        name=name,
        kind=row["kind"],
        base=row["base"],
        abstract=bool(row.get("abstract")),
        regex=row.get("regex") or (base.regex if base else None),
        elements={**(base.elements if base else {}), **own},
    )


def is_a(name: str, ancestor: str) -> bool:
    """Whether a type is another or a specialisation of it (Age is a Quantity)."""
    at: str | None = name
    while at:
        if at == ancestor:
            return True
        row = _ROWS.get(at)
        at = row["base"] if row else None
    return False


def _element(key: str, cell: str) -> Element:
    cardinality, *rest = cell.split(" ")
    minimum, _, maximum = cardinality.partition("..")
    return Element(
        name=key.removesuffix("[x]"),
        minimum=int(minimum),
        maximum=None if maximum == "*" else int(maximum),
        types=tuple(_type(part) for part in rest if not part.startswith("!")),
        choice=key.endswith("[x]"),
        binding=next((part[1:] for part in rest if part.startswith("!")), None),
    )


def _type(text: str) -> TypeRef:
    name, _, targets = text.removesuffix(")").partition("(")
    return TypeRef(name, tuple(targets.split(",")) if targets else ())
