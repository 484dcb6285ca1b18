"""Functions that FHIR adds (R4 fhirpath.html#functions), and those that ask for the time.

Left out: `conformsTo` (profiles are not judged here), `elementDefinition`, `slice`, `checkModifiers`, `subsumes` and
`subsumedBy`; an expression that has one of them is refused when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.fhir.fhirpath.context import Context
from hub.fhir.fhirpath.errors import unsupported
from hub.fhir.fhirpath.function import Function
from hub.fhir.fhirpath.nodes import Item, Node, root
from hub.fhir.fhirpath.operators import boxed
from hub.fhir.fhirpath.single import text
from hub.fhir.fhirpath.system import moment

Arguments = Sequence[list[Item]]


def _extension(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    url = text(arguments[0])
    found: list[Item] = []
    for item in items:
        held = item.child("extension") if isinstance(item, Node) else []
        found += [one for one in held if one.value.__class__ is dict and one.value.get("url") == url]
        context.run.spend(1 + len(held))
    return found


def _has_value(_: Context, items: list[Item], __: Arguments) -> list[Item]:
    return [len(items) == 1 and _valued(items[0])]


def _get_value(_: Context, items: list[Item], __: Arguments) -> list[Item]:
    return items if len(items) == 1 and _valued(items[0]) else []


def _valued(item: Item) -> bool:
    return not isinstance(item, Node) or (item.primitive and item.value is not None)


def _resolve(context: Context, items: list[Item], _: Arguments) -> list[Item]:
    found: list[Item] = []
    for item in items:
        context.run.spend(1)
        target = _target(context, item)
        if target is not None:
            found.append(target)
    return found


def _target(context: Context, item: Item) -> Node | None:
    """What a Reference, canonical or uri refers to: a contained resource here, anything else from outside."""
    value = item.value if isinstance(item, Node) else item
    reference = value.get("reference") if value.__class__ is dict else value
    if not isinstance(reference, str):
        return None
    if reference.startswith("#"):
        return _contained(context.run.root, reference[1:])
    resolve = context.run.environment.resolve
    resource = resolve(reference) if resolve is not None else None
    return None if resource is None else root(resource)


def _contained(whole: Node, rid: str) -> Node | None:
    if not rid:
        return whole
    fitting = (
        node for node in whole.child("contained") if node.value.__class__ is dict and node.value.get("id") == rid
    )
    return next(fitting, None)


def _member_of(context: Context, items: list[Item], arguments: Arguments) -> list[Item]:
    url, judge = text(arguments[0]), context.run.environment.member_of
    if not items or url is None:
        return []
    if judge is None:
        raise unsupported("asks for a value set, and there is no terminology here")
    item = items[0]
    value, rtype = (item.value, item.type) if isinstance(item, Node) else (item, "string")
    return boxed(judge(value, rtype, url))


def _html_checks(context: Context, items: list[Item], _: Arguments) -> list[Item]:
    judge = context.run.environment.html
    if judge is None:
        raise unsupported("asks for checks of a narrative, and there are none here")
    values: list[Any] = [item.value if isinstance(item, Node) else item for item in items]
    return [all(isinstance(value, str) and judge(value) for value in values)]


def _now(context: Context, _: list[Item], __: Arguments) -> list[Item]:
    return boxed(moment(context.run.environment.now().isoformat(timespec="milliseconds")))


def _today(context: Context, _: list[Item], __: Arguments) -> list[Item]:
    return boxed(moment(context.run.environment.now().date().isoformat()))


def _time_of_day(context: Context, _: list[Item], __: Arguments) -> list[Item]:
    clock = context.run.environment.now().time()
    return boxed(moment(clock.isoformat(timespec="milliseconds"), time=True))


FHIR: Final[Mapping[str, Function]] = {
    "extension": Function(_extension, 1, 1),
    "hasValue": Function(_has_value),
    "getValue": Function(_get_value),
    "resolve": Function(_resolve),
    "memberOf": Function(_member_of, 1, 1),
    "htmlChecks": Function(_html_checks),
    "now": Function(_now),
    "today": Function(_today),
    "timeOfDay": Function(_time_of_day),
}
