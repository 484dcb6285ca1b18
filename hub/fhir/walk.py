"""Compiles routes and their emitters to closures that visit only what a resource has.

The routes of a type form a tree by property name, so that a property shared by several parameters is visited once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from hub.fhir.emit_text import points_to
from hub.fhir.emitters import Emit
from hub.fhir.expression import Index, Where
from hub.fhir.index_values import Codes, IndexValues
from hub.fhir.routes import Guard, Hop, Route
from hub.kernel.errors import HubError
from hub.kernel.types import Json

#: What a value of another shape than R4 gives it raises.
ODD: Final = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, HubError)

#: Visits one item (or everything under one property) and appends its rows.
Visit = Callable[[Any, IndexValues], None]


@dataclass(slots=True)
class Node:
    """What is done with the items a way leads to, and the ways on from them."""

    emits: dict[Emit, list[str]] = field(default_factory=dict)
    ways: dict[Hop, Node] = field(default_factory=dict)

    def add(self, route: Route, emit: Emit, code: str) -> None:
        """Have `emit` called with `code` for every value at the end of `route`."""
        node = self
        for hop in route.hops:
            node = node.ways.setdefault(hop, Node())
        node.emits.setdefault(emit, []).append(code)


def _is_leaf(node: Node) -> bool:
    return not node.ways and len(node.emits) == 1


def compile_node(node: Node) -> Visit:
    """The closure of a tree; odd values are counted in `skipped`, never raised."""
    emits = tuple((emit, tuple(codes)) for emit, codes in node.emits.items())
    if _is_leaf(node):
        return _only(*emits[0])
    walk = _walk(node.ways) if node.ways else None

    def visit(item: Any, out: IndexValues) -> None:
        for emit, codes in emits:
            try:
                emit(item, codes, out)
            except ODD:
                out.skipped += 1
        if walk is not None:
            walk(item, out)

    return visit


def _only(emit: Emit, codes: Codes) -> Visit:
    def visit(item: Any, out: IndexValues) -> None:
        try:
            emit(item, codes, out)
        except ODD:
            out.skipped += 1

    return visit


def _walk(ways: dict[Hop, Node]) -> Visit:
    follow: dict[str, Visit] = {}
    for hop, node in ways.items():
        step = _each_emitted(node) if not hop.guards and _is_leaf(node) else _each(hop.guards, compile_node(node))
        follow[hop.key] = _both(follow[hop.key], step) if hop.key in follow else step

    def walk(item: Any, out: IndexValues) -> None:
        if item.__class__ is not dict:
            out.skipped += 1
            return
        for key, value in item.items():
            step = follow.get(key)
            if step is not None:
                step(value, out)

    return walk


def _both(first: Visit, second: Visit) -> Visit:
    def visit(value: Any, out: IndexValues) -> None:
        first(value, out)
        second(value, out)

    return visit


def _each(guards: tuple[Guard, ...], visit: Visit) -> Visit:
    """Visit every item of a property; null stands for an item that has an extension only."""
    if guards:
        return _each_guarded(guards, visit)

    def each(value: Any, out: IndexValues) -> None:
        if value.__class__ is list:
            for item in value:
                if item is not None:
                    visit(item, out)
        else:
            visit(value, out)

    return each


def _each_emitted(node: Node) -> Visit:
    """As `_each` of a leaf without guards, which most are: in one call for what took two."""
    [(emit, names)] = node.emits.items()
    codes = tuple(names)

    def each(value: Any, out: IndexValues) -> None:
        items = value if value.__class__ is list else (value,)
        for item in items:
            if item is not None or items is not value:
                try:
                    emit(item, codes, out)
                except ODD:
                    out.skipped += 1

    return each


def _each_guarded(guards: tuple[Guard, ...], visit: Visit) -> Visit:
    def each(value: Any, out: IndexValues) -> None:
        for position, item in enumerate(value if value.__class__ is list else (value,)):
            try:
                passed = all(_passes(guard, item, position) for guard in guards)
            except ODD:
                out.skipped += 1
            else:
                if passed:
                    visit(item, out)

    return each


def _passes(guard: Guard, item: Any, position: int) -> bool:
    if isinstance(guard, Index):
        return position == guard.position
    if isinstance(guard, Where):
        return bool(item.get(guard.name) == guard.value)
    return points_to(item, guard.type)


def objects_at(hops: Iterable[Hop], resource: Json) -> list[Json]:
    """The JSON objects a way leads to from a resource; the resource itself for no hop at all."""
    found = [resource]
    for hop in hops:
        values = [item.get(hop.key) for item in found]
        items = [item for value in values for item in (value if value.__class__ is list else (value,))]
        found = [item for item in items if item.__class__ is dict]
    return found
