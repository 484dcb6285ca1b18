"""The invariants of R4 4.0.1, each by the fastest rule that decides it.

Every invariant comes from `tables/invariants.json` with its FHIRPath expression. The rule of one is the function in
Python that `invariant_table.py` names, where there is one; else the closure its plain shape compiles to; else the
FHIRPath engine. Tests hold the first two equal to the third. Invariants are judged only on elements whose structure
is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal, NamedTuple

from hub.fhir.fhirpath.compiler import compiled
from hub.fhir.fhirpath.context import Environment
from hub.fhir.fhirpath.engine import Expression, compile_expression
from hub.fhir.fhirpath.nodes import Node, root
from hub.fhir.fhirpath.parser import parse
from hub.fhir.fhirpath.single import truth
from hub.fhir.fhirpath.syntax import Syntax
from hub.fhir.invariant_rules import Rule, html_checks
from hub.fhir.invariant_shapes import Test, test_of
from hub.fhir.invariant_table import ELSEWHERE, RULES
from hub.fhir.scope import Scope
from hub.fhir.structure import TYPES, is_a
from hub.fhir.table import read_table
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

Severity = Literal["error", "warning"]

_TABLE: Final[Mapping[str, list[tuple[str, Severity, str, str]]]] = read_table("invariants")
#: Items one invariant may look at: some tenths of a second. No resource of a patient needs a thousandth of it.
_WORK: Final = 500_000
_ENVIRONMENT: Final = Environment(html=html_checks, work=_WORK)
#: Refusals of the engine that say nothing about the resource.
_UNDECIDED: Final = frozenset({Category.UNSUPPORTED, Category.TOO_LARGE})


class Invariant(NamedTuple):
    """An invariant of a type and its specialisations, or of one `element` of it. `text` says what must hold."""

    type: str
    element: str
    key: str
    severity: Severity
    text: str
    expression: str
    holds: Rule


def invariants_of(name: str, severity: Severity = "error") -> list[Invariant]:
    """The invariants of a type and of what it specialises that are judged here."""
    return [row for row in _all() if row.severity == severity and is_a(name, row.type)]


def is_of_r4(key: str, expression: str) -> bool:
    """Whether an invariant in the snapshot of a profile is one of R4's own."""
    return (key, expression) in _stated()


@cache
def _stated() -> frozenset[tuple[str, str]]:
    return frozenset((row[0], row[3]) for rows in _TABLE.values() for row in rows)


@cache
def _all() -> tuple[Invariant, ...]:
    return tuple(
        _invariant(path, *row) for path, rows in _TABLE.items() for row in rows if row[0] not in ELSEWHERE and row[3]
    )


def _invariant(path: str, key: str, severity: Severity, human: str, expression: str) -> Invariant:
    owner, _, leaf = ("", "", "") if path in TYPES else path.rpartition(".")
    leaf = leaf.removesuffix("[x]")
    rule = RULES.get((path, key)) or _compiled(owner or path, leaf, expression)
    return Invariant(owner or path, leaf, key, severity, f"{human.rstrip('. ')} ({key})", expression, rule)


def _compiled(type_name: str, leaf: str, expression: str) -> Rule:
    if leaf:
        return by_fhirpath(type_name, leaf, expression)
    test = test_of(parse(expression), type_name, lambda part: _by_engine(type_name, part))
    return lambda value, scope: _settled(test, value, scope)


def _settled(test: Test, value: Json, scope: Scope) -> bool:
    """An invariant holds only where its expression answers true; what cannot be asked here is not held against it."""
    try:
        return test(value, scope) is True
    except HubError as error:
        return error.category in _UNDECIDED


def _by_engine(type_name: str, part: Syntax) -> Test:
    asked = Expression("", compiled(part))
    return lambda value, scope: truth(
        asked.evaluate(scope.resource, _node(value, type_name, scope), environment=_ENVIRONMENT)
    )


def by_fhirpath(type_name: str, leaf: str, expression: str) -> Rule:
    """The rule the engine alone makes of an expression, of a type or of the element `leaf` of it."""
    asked = compile_expression(expression)

    def test(value: Json, scope: Scope) -> bool:
        here = _node(value, type_name, scope)
        items = here.child(leaf) if leaf else [here]
        return all(asked.holds(scope.resource, item, environment=_ENVIRONMENT) for item in items)

    return lambda value, scope: _settled(test, value, scope)


def _node(value: Json, type_name: str, scope: Scope) -> Node:
    return root(value) if value is scope.around else Node(value, type_name, owner=root(scope.around))
