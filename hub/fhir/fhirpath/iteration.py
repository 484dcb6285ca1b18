"""Functions whose argument is asked for every item: where, select, all, exists, repeat, aggregate, iif, trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from hub.fhir.fhirpath import equality
from hub.fhir.fhirpath.context import Context, Eval
from hub.fhir.fhirpath.function import Function
from hub.fhir.fhirpath.nodes import Item
from hub.fhir.fhirpath.single import truth

Arguments = Sequence[Eval]


def _where(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    context.run.spend(len(items))
    criterion = arguments[0]
    return [item for index, item in enumerate(items) if truth(criterion(context.on(item, index)))]


def _exists(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    return [bool(_where(context, items, arguments) if arguments else items)]


def _all(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    return [len(_where(context, items, arguments)) == len(items)]


def _select(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    found: list[Item] = []
    for index, item in enumerate(items):
        found += arguments[0](context.on(item, index))
        context.run.spend(1)
    context.run.spend(len(found))
    return found


def _repeat(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    """Level by level; an item that was met before is not followed again, so it ends."""
    found: dict[object, Item] = {}
    level = items
    while level:
        fresh = {equality.key(item): item for item in _select(context, level, arguments)}
        level = [item for key, item in fresh.items() if key not in found]
        found |= fresh
    return list(found.values())


def _aggregate(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    total = arguments[1](context) if len(arguments) > 1 else []
    for index, item in enumerate(items):
        total = arguments[0](replace(context.on(item, index), total=total))
        context.run.spend(1 + len(total))
    return total


def _iif(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    inner = replace(context, this=items) if items else context
    if truth(arguments[0](inner)):
        return arguments[1](inner)
    return arguments[2](inner) if len(arguments) > 2 else []


def _trace(_: Context, items: list[Item], __: Arguments) -> list[Item]:
    """What is traced may be a patient's: it goes nowhere."""
    return items


ITERATION: Final[Mapping[str, Function]] = {
    "where": Function(_where, 1, 1, lazy=True),
    "exists": Function(_exists, 0, 1, lazy=True),
    "all": Function(_all, 1, 1, lazy=True),
    "select": Function(_select, 1, 1, lazy=True),
    "repeat": Function(_repeat, 1, 1, lazy=True),
    "aggregate": Function(_aggregate, 1, 2, lazy=True),
    "iif": Function(_iif, 2, 3, lazy=True),
    "trace": Function(_trace, 1, 2, lazy=True),
}
