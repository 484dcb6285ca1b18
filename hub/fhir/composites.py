"""Index rows of composite parameters (R4 search.html 3.1.1.4.13): component values that stand in one item together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from hub.fhir.emitters import emitter
from hub.fhir.expression import Path, parse
from hub.fhir.index_values import Codes, ComponentValue, IndexValues
from hub.fhir.routes import Hop, Route, routes
from hub.fhir.search_parameters import Component, SearchParameter
from hub.fhir.walk import Node, Visit, compile_node, objects_at

#: Which list of IndexValues holds the rows of a component of each type.
_KINDS: Final = {
    "token": "tokens",
    "reference": "references",
    "string": "strings",
    "uri": "uris",
    "date": "dates",
    "number": "numbers",
    "quantity": "quantities",
}


@dataclass(slots=True)
class _Part:
    """One component, compiled from the focus; `keys` are the properties one of which must be there for a value."""

    kind: str
    visit: Visit
    rooted: bool
    keys: frozenset[str]

    def values(self, item: Any, resource: Any) -> list[ComponentValue]:
        scratch = IndexValues()
        self.visit(resource if self.rooted else item, scratch)
        rows = getattr(scratch, _KINDS[self.kind])
        if self.kind == "token":
            rows = [row for row in rows if row[2] is not None]
        return [(self.kind, *row[1:]) for row in rows]


@dataclass(slots=True)
class CompositePlan:
    """Every composite parameter of a type that is about the items of one way; components are shared between them."""

    hops: tuple[Hop, ...]
    parts: list[_Part] = field(default_factory=list)
    known: dict[Component, int] = field(default_factory=dict)
    combinations: dict[tuple[int, ...], Codes] = field(default_factory=dict)

    def add(self, parameter: SearchParameter, focus: str) -> None:
        combination = tuple(self._part(component, focus, parameter.base) for component in parameter.components)
        self.combinations[combination] = (*self.combinations.get(combination, ()), parameter.code)

    def _part(self, component: Component, focus: str, root: str) -> int:
        if component not in self.known:
            self.known[component] = len(self.parts)
            self.parts.append(_compiled(component, focus, root))
        return self.known[component]

    def emit(self, resource: Any, out: IndexValues) -> None:
        for item in objects_at(self.hops, resource):
            self._emit_item(item, resource, out)

    def _emit_item(self, item: dict[str, Any], resource: Any, out: IndexValues) -> None:
        values: dict[int, list[ComponentValue]] = {}
        for combination, codes in self.combinations.items():
            for n in combination:
                part = self.parts[n]
                if not part.rooted and part.keys.isdisjoint(item):
                    break
            else:
                for n in combination:
                    if n not in values:
                        values[n] = self.parts[n].values(item, resource)
                out.composites += [(codes, match) for match in product(*[values[n] for n in combination])]


def composite_plans(parameters: list[SearchParameter]) -> list[CompositePlan]:
    """The plans of the composite parameters of one resource type, one for each way to a focus."""
    plans: dict[Route, CompositePlan] = {}
    for parameter in parameters:
        for focus in component_routes(parameter.expression, parameter.base, parameter.base):
            plans.setdefault(focus, CompositePlan(focus.hops)).add(parameter, focus.type)
    return list(plans.values())


def component_routes(expression: str, focus: str, root: str) -> Iterator[Route]:
    """Every route of every alternative of an expression."""
    for alternative in parse(expression):
        if isinstance(alternative, Path):
            yield from routes(alternative, focus, root)


def _compiled(component: Component, focus: str, root: str) -> _Part:
    node, found = Node(), list(component_routes(component.expression, focus, root))
    for route in found:
        emit = emitter(component.type, route)
        if emit is not None:
            node.add(route, emit, "")
    return _Part(
        kind=component.type,
        visit=compile_node(node),
        rooted=any(route.rooted for route in found),
        keys=frozenset(route.hops[0].key for route in found),
    )
