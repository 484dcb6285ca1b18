"""Elements of a resource as items: the JSON value, its R4 type, and the place it stands at.

A choice element is asked for by its plain name (`value`) and answers with the type it has. A primitive is its value
together with what stands beside it under `_name`. Types come from the structure table, so there is nothing to guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final

from hub.fhir.decimals import NUMBERS
from hub.fhir.fhirpath.system import Quantity, Value, moment
from hub.fhir.structure import PRIMITIVES, RESOURCE_TYPES, is_a, structure

_MOMENTS: Final = frozenset({"date", "dateTime", "instant"})


class Node:
    """One element. `key` and `index` are its place in the JSON of `owner` (`index` None: not in a list).

    `value` is None for a primitive that has an id or extensions only; `beside` are those. `element` is the name
    without the type of a choice.
    """

    __slots__ = ("beside", "element", "index", "key", "owner", "type", "value")

    def __init__(
        self, value: Any, rtype: str, *, owner: Node | None = None, key: str = "", index: int | None = None,
        beside: Any = None, element: str = "",
    ) -> None:  # fmt: skip
        self.value: Final = value
        self.type: Final = _concrete(value) if rtype == "Resource" else rtype
        self.owner: Final = owner
        self.key: Final = key
        self.index: Final = index
        self.beside: Final = beside
        self.element: Final = element

    @property
    def primitive(self) -> bool:
        return self.type in PRIMITIVES

    @property
    def is_resource(self) -> bool:
        return self.type in RESOURCE_TYPES

    @property
    def level(self) -> int:
        """How many elements it stands in."""
        level, at = 0, self.owner
        while at is not None:
            level, at = level + 1, at.owner
        return level

    def child(self, name: str) -> list[Node]:
        """The elements of this name, in their order."""
        holder = self._holder()
        found: list[Node] = []
        for key, rtype in _properties(self.type).get(name, ()):
            if key in holder or "_" + key in holder:
                self._append(found, holder, key, rtype, name)
        return found

    def children(self) -> list[Node]:
        """All elements, in the order of the JSON."""
        holder, known = self._holder(), _keys(self.type)
        found: list[Node] = []
        for key in dict.fromkeys(key.removeprefix("_") for key in holder):
            if key in known:
                self._append(found, holder, key, *known[key])
        return found

    def _holder(self) -> Mapping[str, Any]:
        holder = self.beside if self.type in PRIMITIVES else self.value
        return holder if holder.__class__ is dict else {}

    def _append(self, found: list[Node], holder: Mapping[str, Any], key: str, rtype: str, name: str) -> None:
        value = holder.get(key)
        beside = holder.get("_" + key) if rtype in PRIMITIVES else None
        if value.__class__ is not list and beside.__class__ is not list:
            found.append(Node(value, rtype, owner=self, key=key, beside=beside, element=name))
            return
        for index, (one, other) in enumerate(_zipped(value, beside)):
            if one is not None or other is not None:
                found.append(Node(one, rtype, owner=self, key=key, index=index, beside=other, element=name))


#: What stands in a collection.
Item = Node | Value


def root(resource: Any, rtype: str = "Resource") -> Node:
    """The node of a resource, or of another value whose type is told."""
    return Node(resource, rtype)


def plain(item: Item) -> Item:
    """The System value of an item (section 10.1, R4 fhirpath.html#types): primitives and quantities convert."""
    if not isinstance(item, Node):
        return item
    value = item.value
    if item.type in PRIMITIVES:
        return item if value is None or value.__class__ in (dict, list) else _primitive(item.type, value)
    if value.__class__ is dict and is_a(item.type, "Quantity"):
        amount: Any = value.get("value")
        if amount.__class__ in NUMBERS and "comparator" not in value:
            return Quantity(Decimal(amount), str(value.get("code") or value.get("unit") or "1"))
    return item


def _primitive(rtype: str, value: Any) -> Value:
    if value.__class__ is str and (rtype in _MOMENTS or rtype == "time"):
        found: Value = moment(value, time=rtype == "time") or value
        return found
    typed: Value = value
    return Decimal(typed) if rtype == "decimal" and isinstance(typed, int | Decimal) else typed


def descendants(nodes: list[Node]) -> Iterator[Node]:
    """Every element below, parents before their children, without recursion."""
    waiting = [child for node in reversed(nodes) for child in reversed(node.children())]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children())


def _concrete(value: Any) -> str:
    rtype = value.get("resourceType") if value.__class__ is dict else None
    return rtype if rtype.__class__ is str and rtype in RESOURCE_TYPES else "Resource"


def _zipped(value: Any, beside: Any) -> Iterator[tuple[Any, Any]]:
    values = value if value.__class__ is list else []
    others = beside if beside.__class__ is list else []
    for index in range(max(len(values), len(others))):
        yield values[index] if index < len(values) else None, others[index] if index < len(others) else None


@cache
def _properties(rtype: str) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """The JSON properties of each element and their types."""
    found = structure(rtype)
    elements = found.elements.values() if found else ()
    return {element.name: tuple((key, ref.name) for key, ref in element.properties()) for element in elements}


@cache
def _keys(rtype: str) -> Mapping[str, tuple[str, str]]:
    """Type and element name of each JSON property."""
    return {key: (kind, name) for name, places in _properties(rtype).items() for key, kind in places}
