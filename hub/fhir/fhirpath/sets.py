"""Functions on whole collections: existence, subsetting, combining (FHIRPath sections 5.1, 5.3, 5.4) and the tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hub.fhir.fhirpath.context import Context
from hub.fhir.fhirpath.equality import key
from hub.fhir.fhirpath.errors import unanswerable
from hub.fhir.fhirpath.function import Function
from hub.fhir.fhirpath.nodes import Item, Node, descendants, plain
from hub.fhir.fhirpath.operators import boxed, distinct
from hub.fhir.fhirpath.single import integer, truth

Arguments = Sequence[list[Item]]


def _plain(answer: Callable[[list[Item]], list[Item]]) -> Function:
    """A function of the items alone."""

    def call(context: Context, items: list[Item], _: Arguments) -> list[Item]:
        context.run.spend(len(items))
        return answer(items)

    return Function(call)


def _with(answer: Callable[[list[Item], list[Item]], list[Item]]) -> Function:
    """A function of the items and one other collection."""

    def call(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
        context.run.spend(len(items) + len(arguments[0]))
        return answer(items, arguments[0])

    return Function(call, 1, 1)


def _booleans(items: list[Item]) -> list[bool]:
    values = [plain(item) for item in items]
    if not all(isinstance(value, bool) for value in values):
        raise unanswerable("has another type where booleans are needed")
    return [value is True for value in values]


def _single(items: list[Item]) -> list[Item]:
    if len(items) > 1:
        raise unanswerable("has several items where one is needed")
    return items


def _count(other: list[Item]) -> int:
    value = integer(other)
    return 0 if value is None else max(value, 0)


def _keys(items: list[Item]) -> set[object]:
    return {key(item) for item in items}


def _intersect(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    wanted = _keys(arguments[0])
    context.run.spend(len(items) + len(wanted))
    return distinct(context.run, [item for item in items if key(item) in wanted])


def _exclude(items: list[Item], other: list[Item]) -> list[Item]:
    unwanted = _keys(other)
    return [item for item in items if key(item) not in unwanted]


def _union(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    return distinct(context.run, items + arguments[0])


def _children(context: Context, items: list[Item], _: Arguments) -> list[Item]:
    found: list[Item] = [child for item in items if isinstance(item, Node) for child in item.children()]
    context.run.spend(len(found))
    return found


def _descendants(context: Context, items: list[Item], _: Arguments) -> list[Item]:
    found: list[Item] = []
    for node in descendants([item for item in items if isinstance(item, Node)]):
        context.run.spend(1)
        found.append(node)
    return found


def _not(items: list[Item]) -> list[Item]:
    value = truth(items)
    return boxed(None if value is None else not value)


SETS: Final[Mapping[str, Function]] = {
    "empty": _plain(lambda items: [not items]),
    "not": _plain(_not),
    "allTrue": _plain(lambda items: [all(_booleans(items))]),
    "anyTrue": _plain(lambda items: [any(_booleans(items))]),
    "allFalse": _plain(lambda items: [not any(_booleans(items))]),
    "anyFalse": _plain(lambda items: [not all(_booleans(items))]),
    "count": _plain(lambda items: [len(items)]),
    "isDistinct": _plain(lambda items: [len(_keys(items)) == len(items)]),
    "distinct": Function(lambda context, items, _: distinct(context.run, items)),
    "subsetOf": _with(lambda items, other: [_keys(items) <= _keys(other)]),
    "supersetOf": _with(lambda items, other: [_keys(items) >= _keys(other)]),
    "single": _plain(_single),
    "first": _plain(lambda items: items[:1]),
    "last": _plain(lambda items: items[-1:]),
    "tail": _plain(lambda items: items[1:]),
    "skip": _with(lambda items, other: items[_count(other) :]),
    "take": _with(lambda items, other: items[: _count(other)]),
    "intersect": Function(_intersect, 1, 1),
    "exclude": _with(_exclude),
    "union": Function(_union, 1, 1),
    "combine": _with(lambda items, other: items + other),
    "children": Function(_children),
    "descendants": Function(_descendants),
}
