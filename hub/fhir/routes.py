"""Turns the path of a search parameter into JSON terms: property names, and the R4 type of what stands at the end.

A choice element (`Observation.value`) has a property for each of its types; a cast keeps those of one type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hub.fhir.expression import Cast, Field, Index, Path, Resolves, Step, Where
from hub.fhir.structure import is_a, structure

#: What an item must fulfil to be followed.
Guard = Where | Resolves | Index


@dataclass(frozen=True, slots=True)
class Hop:
    """One JSON property, and what its items must fulfil."""

    key: str
    guards: tuple[Guard, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """The way to values: hops from the resource or the focus, and the R4 type of the values; `binding` if required."""

    hops: tuple[Hop, ...]
    type: str
    binding: str | None = None
    rooted: bool = False


def routes(path: Path, focus: str, root: str) -> tuple[Route, ...]:
    """Every route of a path from a value of type `focus` inside a resource of type `root`; none if it leads nowhere."""
    start = Route((), root if path.rooted else focus, rooted=path.rooted)
    steps = path.steps
    if steps and isinstance(steps[0], Field) and steps[0].name[0].isupper():
        start, steps = Route((), root), steps[1:]
    found: Sequence[Route] = [start]
    for step in steps:
        found = [longer for route in found for longer in _follow(route, step)]
    return tuple(found)


def _follow(route: Route, step: Step) -> Iterable[Route]:
    if isinstance(step, Field):
        return _elements(route, step.name)
    if isinstance(step, Cast):
        wanted = step.type if structure(step.type) else step.type[0].lower() + step.type[1:]
        return [route] if is_a(route.type, wanted) else []
    last = route.hops[-1]
    return [replace(route, hops=(*route.hops[:-1], Hop(last.key, (*last.guards, step))))]


def _elements(route: Route, name: str) -> Iterator[Route]:
    owner = structure(route.type)
    element = owner.elements.get(name) if owner else None
    if element is None:
        return
    for key, ref in element.properties():
        yield Route((*route.hops, Hop(key)), ref.name, element.binding, route.rooted)
