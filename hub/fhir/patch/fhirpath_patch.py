"""FHIRPath Patch: add, insert, delete, replace and move (R4 fhirpatch.html).

A path must lead to one element of the resource itself. A value must be of a type its place has; whether the whole is
still a right resource is judged after the last operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Final

from hub.fhir.fhirpath.context import Environment
from hub.fhir.fhirpath.engine import compile_collection, compile_expression
from hub.fhir.fhirpath.nodes import Item, Node, root
from hub.fhir.patch.budget import Budget
from hub.fhir.patch.change import Change, inapplicable, resource_like
from hub.fhir.patch.parameters import Built, Given, GivenValue, Operation, operations_of
from hub.fhir.patch.places import Pair, holder_of, pairs_of, remove, write, write_one
from hub.fhir.structure import RESOURCE_TYPES, Element, structure
from hub.kernel.errors import HubError
from hub.kernel.types import Json

#: Items all paths of one patch may look at.
_WORK: Final = 200_000


def read_fhirpath_patch(document: Any) -> Change:
    """The change a Parameters resource asks for. Raises HubError UNREADABLE (400), INVALID for a path, TOO_LARGE."""
    operations = operations_of(document)
    for operation in operations:
        _located(operation, lambda operation: compile_expression(operation.path))
    environment = Environment(work=_WORK // max(len(operations), 1))

    def change(resource: Json) -> Json:
        before = {name: resource.get(name) for name in ("resourceType", "id")}
        budget = Budget()
        for operation in operations:
            _located(operation, lambda one: _APPLY[one.type](_Place(resource, one, environment, budget)))
        return resource_like(before, resource)

    return change


def _located(operation: Operation, act: Callable[[Operation], object]) -> None:
    """Do it, and have a refusal name the operation."""
    try:
        act(operation)
    except HubError as error:
        if error.where.startswith(operation.where):
            raise
        place = f"{operation.where}.part(path)"
        raise HubError(error.category, error.what, where=place, todo=error.todo, code=error.code) from None


class _Place:
    """One operation on one resource."""

    def __init__(self, resource: Json, operation: Operation, environment: Environment, budget: Budget) -> None:
        self.operation: Final = operation
        self._root: Final = root(resource)
        self._environment: Final = environment
        self._budget: Final = budget

    def refuse(self, what: str) -> HubError:
        return inapplicable(what, self.operation.where)

    def found(self) -> Node | None:
        """The element the path leads to, None for none."""
        return self._one(compile_expression(self.operation.path).evaluate(self._root, environment=self._environment))

    def element(self) -> Node:
        """The element the path leads to, which is there."""
        node = self.found()
        if node is None:
            raise self.refuse("the path leads to nothing")
        return node

    def collection(self) -> tuple[Node, str]:
        """The owner and the name of the list the path leads to."""
        collection = compile_collection(self.operation.path)
        owner = self._one(collection.owner.evaluate(self._root, environment=self._environment))
        if owner is None:
            raise self.refuse("the path leads to nothing")
        return owner, collection.name

    def _one(self, items: list[Item]) -> Node | None:
        if len(items) > 1:
            raise self.refuse("the path leads to more than one element")
        node = items[0] if items else None
        if node is not None and not isinstance(node, Node):
            raise self.refuse("the path leads to no element of the resource")
        return node

    def definition(self, owner: Node, name: str) -> Element:
        """The definition of an element of `owner`."""
        known = structure(owner.type)
        element = known.elements.get(name.removesuffix("[x]")) if known else None
        if element is None or (not owner.primitive and not isinstance(owner.value, dict)):
            raise self.refuse("there is no such element")
        return element

    def made(self, element: Element, elements: int) -> tuple[str, str, Pair]:
        """JSON key, type and value of what is given, for a place defined by `element` inside so many `elements`."""
        key, rtype, pair = _made(element, self.operation.value, self)
        level = 2 * elements  # a list is a level of its own
        self._budget.grow(pair[0], level)
        self._budget.grow(pair[1], level)
        # A patch may be applied again: what it gives stays its own.
        return key, rtype, deepcopy(pair)


def _made(element: Element, value: GivenValue | None, place: _Place) -> tuple[str, str, Pair]:
    for key, ref in element.properties():
        if isinstance(value, Built):
            known = structure(ref.name)
            if known is not None and known.kind in ("complex", "backbone") and not element.choice:
                return key, ref.name, (_assembled(ref.name, value, place), None)
        elif value is not None and _fits(value, ref.name):
            return key, ref.name, value.pair
    raise place.refuse("the value is of another type than its place")


def _fits(value: Given, rtype: str) -> bool:
    """`string` stands for the types of text that a parameter cannot have."""
    if rtype == "Resource":
        return value.type in RESOURCE_TYPES
    return value.type == rtype or (value.type == "string" and rtype == "xhtml")


def _assembled(rtype: str, built: Built, place: _Place) -> Json:
    """An object of a type without a name, from its parts."""
    made: Json = {}
    owner = Node(made, rtype)
    for name, value in built.parts:
        element = place.definition(owner, name)
        key, kind, pair = _made(element, value, place)
        if element.maximum is None:
            write(made, key, [*pairs_of(made, key), pair], kind)
        elif owner.child(element.name):
            raise place.refuse("gives an element twice that does not repeat")
        else:
            write_one(made, key, pair)
    return made


def _add(place: _Place) -> None:
    owner = place.element()
    element = place.definition(owner, place.operation.name)
    key, rtype, pair = place.made(element, owner.level + 1)
    if element.maximum is not None:
        if owner.child(element.name):
            raise place.refuse("the element is there already and does not repeat")
        write_one(holder_of(owner), key, pair)
        return
    holder = holder_of(owner)
    write(holder, key, [*pairs_of(holder, key), pair], rtype)


def _insert(place: _Place) -> None:
    owner, name = place.collection()
    element = place.definition(owner, name)
    if element.maximum is not None:
        raise place.refuse("the path leads to no list")
    key, rtype, pair = place.made(element, owner.level + 1)
    holder = holder_of(owner)
    pairs = pairs_of(holder, key)
    if place.operation.index > len(pairs):
        raise place.refuse("the index lies beyond the list")
    pairs.insert(place.operation.index, pair)
    write(holder, key, pairs, rtype)


def _delete(place: _Place) -> None:
    node = place.found()
    if node is not None and node.owner is None:
        raise place.refuse("the path leads to the resource itself")
    if node is not None:
        remove(node)


def _replace(place: _Place) -> None:
    node = place.element()
    if node.owner is None:
        raise place.refuse("the path leads to the resource itself")
    element = place.definition(node.owner, node.element)
    key, rtype, pair = place.made(element, node.level)
    holder = holder_of(node.owner)
    if node.index is None:
        write_one(holder, node.key, (None, None))
        write_one(holder, key, pair)
        return
    pairs = pairs_of(holder, key)
    pairs[node.index] = pair
    write(holder, key, pairs, rtype)


def _move(place: _Place) -> None:
    owner, name = place.collection()
    element = place.definition(owner, name)
    (key, ref), holder = next(iter(element.properties())), holder_of(owner)
    pairs = pairs_of(holder, key)
    source, destination = place.operation.source, place.operation.destination
    if element.maximum is not None or max(source, destination) >= len(pairs):
        raise place.refuse("source or destination lies beyond the list")
    pairs.insert(destination, pairs.pop(source))
    write(holder, key, pairs, ref.name)


_APPLY: Final[Mapping[str, Callable[[_Place], None]]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}
