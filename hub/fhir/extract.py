"""Index values of a resource by the search parameters of its type, compiled once for each type.

`_id`, `_lastUpdated`, `_text`, `_content` and `_query` give no rows: the store has columns for the first two, and the
others have no expression.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any, Final

from hub.fhir.composites import composite_plans
from hub.fhir.emitters import MIME_TYPES, emitter
from hub.fhir.expression import Resolves, Test, Truth, parse
from hub.fhir.index_values import IndexValues
from hub.fhir.routes import Hop, Route, routes
from hub.fhir.search_parameters import SearchParameter, parameters
from hub.fhir.walk import Node, compile_node, objects_at
from hub.kernel.types import Json

__all__ = ["Extractor", "IndexValues", "extract", "extractor_of", "names_by_canonical"]

_COLUMNS: Final = frozenset({"_id", "_lastUpdated"})
#: Types of elements that name a definition by its URL.
_CANONICAL: Final = frozenset({"canonical", "uri"})
_LITERALS: Final = {"true": True, "false": False}


def extract(resource: Json) -> IndexValues:
    """Every index row of a resource. Never raises: a value of an odd shape is skipped and counted in `skipped`."""
    out = IndexValues()
    rtype = resource.get("resourceType")
    if rtype.__class__ is not str:
        out.skipped += 1
        return out
    extractor_of(rtype)(resource, out)
    return out


class Extractor:
    """Some parameters of one resource type, compiled. Called with a resource of the type, it appends their values."""

    def __init__(self, known: Iterable[SearchParameter]) -> None:
        node, truths, composites = Node(), list[_TruthPlan](), []
        for parameter in known:
            if parameter.type == "composite":
                composites.append(parameter)
            elif parameter.code not in _COLUMNS and parameter.expression:
                truths += _add(node, parameter)
        self._visit: Final = compile_node(node)
        self._truths: Final = truths
        self._composites: Final = composite_plans(composites)

    def __call__(self, resource: Json, out: IndexValues) -> None:
        """Never raises, as `extract`."""
        self._visit(resource, out)
        for truth in self._truths:
            truth.emit(resource, out)
        for plan in self._composites:
            plan.emit(resource, out)


class _TruthPlan:
    """A parameter whose value is whether conditions hold (`deceased`)."""

    def __init__(self, truth: Truth, parameter: SearchParameter) -> None:
        self.codes = (parameter.code,)
        self.tests = [(test, routes(test.path, parameter.base, parameter.base)) for test in truth.tests]

    def emit(self, resource: Json, out: IndexValues) -> None:
        holds = all(_holds(test, found, resource) for test, found in self.tests)
        out.tokens.append((self.codes, None, "true" if holds else "false", None))


def _holds(test: Test, found: tuple[Route, ...], resource: Json) -> bool:
    """A comparison with nothing there is empty in FHIRPath, which does not hold."""
    values = [item for route in found for item in _values(route, resource)]
    if test.value is None or not values:
        return bool(values)
    literal: Any = _LITERALS.get(test.value, test.value)
    return all((value == literal) == test.equal for value in values)


def _values(route: Route, resource: Json) -> list[Any]:
    last = route.hops[-1].key
    return [owner[last] for owner in objects_at(route.hops[:-1], resource) if owner.get(last) is not None]


@cache
def extractor_of(rtype: str) -> Extractor:
    """What gives the values of a type by R4's own parameters."""
    return Extractor(parameters(rtype).values())


@cache
def names_by_canonical(parameter: SearchParameter) -> bool:
    """Whether a reference parameter holds canonical URLs: in R4 all its elements do, or none."""
    return any(route.type in _CANONICAL for route in _routes(parameter))


@cache
def is_of_strings(parameter: SearchParameter) -> bool:
    """Whether a parameter is a token on elements of type string, whose case does not matter."""
    return parameter.type == "token" and any(route.type == "string" for route in _routes(parameter))


@cache
def is_of_media_types(parameter: SearchParameter) -> bool:
    """Whether a parameter is a token on media types."""
    return parameter.type == "token" and any(route.binding == MIME_TYPES for route in _routes(parameter))


def _routes(parameter: SearchParameter) -> list[Route]:
    paths = [one for one in parse(parameter.expression) if not isinstance(one, Truth)] if parameter.expression else []
    return [route for path in paths for route in routes(path, parameter.base, parameter.base)]


def _add(node: Node, parameter: SearchParameter) -> list[_TruthPlan]:
    truths = []
    for alternative in parse(parameter.expression):
        if isinstance(alternative, Truth):
            truths.append(_TruthPlan(alternative, parameter))
            continue
        for route in routes(alternative, parameter.base, parameter.base):
            emit = emitter(parameter.type, route)
            if emit is not None:
                node.add(_narrowed(route, parameter), emit, parameter.code)
    return truths


def _narrowed(route: Route, parameter: SearchParameter) -> Route:
    """A Bundle's first resource counts only if it is of the type the parameter is about."""
    if route.type != "Resource":
        return route
    last = route.hops[-1]
    return replace(route, hops=(*route.hops[:-1], Hop(last.key, (*last.guards, Resolves(parameter.targets[0])))))
