"""From a syntax tree to closures. Chains of steps and of operators are loops, so only nesting is recursion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hub.fhir.fhirpath.context import Context, Eval
from hub.fhir.fhirpath.conversion import CONVERSION
from hub.fhir.fhirpath.errors import unanswerable, unsupported
from hub.fhir.fhirpath.fhir import FHIR
from hub.fhir.fhirpath.function import Function
from hub.fhir.fhirpath.iteration import ITERATION
from hub.fhir.fhirpath.nodes import Item, Node
from hub.fhir.fhirpath.numeric import NUMERIC
from hub.fhir.fhirpath.operators import OPERATORS, boxed
from hub.fhir.fhirpath.sets import SETS
from hub.fhir.fhirpath.single import integer, only
from hub.fhir.fhirpath.strings import STRINGS
from hub.fhir.fhirpath.syntax import (
    Binary,
    Call,
    Constant,
    Indexer,
    Literal,
    Member,
    Sign,
    Special,
    Syntax,
    TypeTest,
    dotted,
)
from hub.fhir.fhirpath.system import Quantity
from hub.fhir.fhirpath.type_names import TypeName, type_name
from hub.fhir.structure import is_a, structure

#: Takes the items so far.
Step = Callable[[Context, list[Item]], list[Item]]

FUNCTIONS: Final[Mapping[str, Function]] = {**SETS, **ITERATION, **STRINGS, **NUMERIC, **CONVERSION, **FHIR}

#: `%name` of an environment (section 9, R4 fhirpath.html#variables) that never changes.
CONSTANTS: Final = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}


def compiled(node: Syntax) -> Eval:
    """The closure of a tree. Raises HubError INVALID (types, arguments), UNSUPPORTED (functions)."""
    steps: list[Step] = []
    at = node
    while (taken := _taken(at)) is not None:
        step, target = taken
        if target is None:
            return _chained(_first(at, step), tuple(reversed(steps)))
        steps.append(step)
        at = target
    return _chained(_start(at), tuple(reversed(steps)))


def _chained(start: Eval, steps: tuple[Step, ...]) -> Eval:
    if not steps:
        return start
    if len(steps) == 1:
        only_step = steps[0]
        return lambda context: only_step(context, start(context))

    def evaluate(context: Context) -> list[Item]:
        items = start(context)
        for step in steps:
            items = step(context, items)
        return items

    return evaluate


def _taken(node: Syntax) -> tuple[Step, Syntax | None] | None:
    """The last step of a tree and what it is a step from; None for a tree that is no step."""
    if isinstance(node, Member):
        return _member(node.name), node.target
    if isinstance(node, Call):
        return _call(node), node.target
    if isinstance(node, Indexer):
        return _indexer(compiled(node.position)), node.target
    if isinstance(node, TypeTest):
        return _type_step(node.operator, type_name(node.type)), node.operand
    if isinstance(node, Binary):
        return _operation(node), node.left
    return (_negated if node.sign == "-" else _signed, node.operand) if isinstance(node, Sign) else None


def _start(node: Syntax) -> Eval:
    if isinstance(node, Constant):
        return _constant(node.name)
    if isinstance(node, Special):
        return _SPECIALS[node.name]
    value = node.value if isinstance(node, Literal) else None
    items: list[Item] = boxed(value)
    return lambda _: items


_SPECIALS: Final[Mapping[str, Eval]] = {
    "this": lambda context: context.this,
    "total": lambda context: context.total,
    "index": lambda context: boxed(context.index),
}


def _first(node: Syntax, step: Step) -> Eval:
    """What an expression begins with where it names no target: the type of the focus, an element, or a function."""
    name = node.name if isinstance(node, Member) else ""
    if not name[:1].isupper() or structure(name) is None:
        return lambda context: step(context, context.this)

    def evaluate(context: Context) -> list[Item]:
        typed: list[Item] = [item for item in context.this if isinstance(item, Node) and is_a(item.type, name)]
        return typed or step(context, context.this)

    return evaluate


def _member(name: str) -> Step:
    def step(context: Context, items: list[Item]) -> list[Item]:
        found: list[Item] = []
        for item in items:
            if isinstance(item, Node):
                found += item.child(name)
        context.run.spend(1 + len(found))
        return found

    return step


def _call(node: Call) -> Step:
    if node.name in ("ofType", "as", "is"):
        if len(node.arguments) != 1 or not dotted(node.arguments[0]):
            raise unanswerable("needs the name of a type")
        return _type_step(node.name, type_name(dotted(node.arguments[0])))
    function = FUNCTIONS.get(node.name)
    if function is None:
        raise unsupported("has a function this engine does not evaluate")
    if not function.least <= len(node.arguments) <= function.most:
        raise unanswerable("gives a function another number of arguments")
    arguments = tuple(map(compiled, node.arguments))
    call = function.call
    if function.lazy or not arguments:
        return lambda context, items: call(context, items, arguments)
    return lambda context, items: call(context, items, [argument(context) for argument in arguments])


def _type_step(operator: str, wanted: TypeName) -> Step:
    """`as` keeps what is of the type, of several items too: R4's own dom-3 asks that of it."""
    if operator != "is":
        return lambda _, items: [item for item in items if wanted.holds(item)]

    def test(_: Context, items: list[Item]) -> list[Item]:
        if len(items) > 1:
            raise unanswerable("has several items where one is needed")
        return [wanted.holds(item) for item in items]

    return test


def _indexer(position: Eval) -> Step:
    def step(context: Context, items: list[Item]) -> list[Item]:
        at = integer(position(context))
        return [] if at is None or at < 0 else items[at : at + 1]

    return step


def _operation(node: Binary) -> Step:
    operate, right = OPERATORS[node.operator], compiled(node.right)
    return lambda context, left: operate(context, left, right)


def _signed(_: Context, items: list[Item]) -> list[Item]:
    value = only(items)
    if isinstance(value, bool | str | Node):
        raise unanswerable("gives a sign to something that is no number")
    return items


def _negated(context: Context, items: list[Item]) -> list[Item]:
    _signed(context, items)
    value = only(items)
    if isinstance(value, Quantity):
        return [Quantity(-value.value, value.unit)]
    return [] if value is None else [-value]  # type: ignore[operator]


def _constant(name: str) -> Eval:
    if name in CONSTANTS:
        items: list[Item] = [CONSTANTS[name]]
        return lambda _: items
    if name.startswith(("vs-", "ext-")):
        kind = "ValueSet" if name.startswith("vs-") else "StructureDefinition"
        url: list[Item] = [f"http://hl7.org/fhir/{kind}/{name.partition('-')[2]}"]
        return lambda _: url

    def evaluate(context: Context) -> list[Item]:
        if name not in context.run.variables:
            raise unanswerable("asks for a variable there is not")
        return list(context.run.variables[name])

    return evaluate
