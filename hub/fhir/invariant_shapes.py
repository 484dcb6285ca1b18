"""Compiles the plain shapes of invariants to closures over JSON, many times as fast as FHIRPath in general.

The shapes: which elements there are and how many, a primitive beside a literal, and logic over those. Logic has three
values as in FHIRPath section 6.5: None is the empty collection. A part of any other shape is left to the engine, and is
asked only where the plain parts before it do not decide.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from hub.fhir.fhirpath.compiler import CONSTANTS
from hub.fhir.fhirpath.syntax import Binary, Call, Constant, Literal, Member, Syntax
from hub.fhir.scope import Scope
from hub.fhir.structure import PRIMITIVES, Element, structure
from hub.kernel.types import Json

#: Answers true, false or nothing of a JSON object whose structure is right, in its scope.
Test = Callable[[Json, Scope], bool | None]
_Value = Callable[[Json], Any]

#: An element that has extensions and no value: it is there, and equals nothing.
_NO_VALUE: Final = object()

_NUMBERS: Final = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})
_TEXTS: Final = frozenset({"code", "string", "uri", "url", "canonical", "id", "markdown"})
_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUALITIES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"=": operator.eq, "!=": operator.ne}


def test_of(tree: Syntax, type_name: str, otherwise: Callable[[Syntax], Test]) -> Test:
    """The closure of an invariant of a type; `otherwise` makes that of a part whose shape is not plain."""
    combine = _LOGIC.get(tree.operator) if isinstance(tree, Binary) else None
    if isinstance(tree, Binary) and combine is not None:
        return combine(test_of(tree.left, type_name, otherwise), test_of(tree.right, type_name, otherwise))
    return _direct(tree, type_name) or otherwise(tree)


def _direct(tree: Syntax, type_name: str) -> Test | None:
    if isinstance(tree, Binary):
        return _comparison(tree, type_name)
    if isinstance(tree, Call):
        return _call(tree, type_name)
    return _truth_of(tree, type_name)


def _or(left: Test, right: Test) -> Test:
    def test(value: Json, scope: Scope) -> bool | None:
        one = left(value, scope)
        if one:
            return True
        other = right(value, scope)
        return True if other else False if one is False and other is False else None

    return test


def _and(left: Test, right: Test) -> Test:
    def test(value: Json, scope: Scope) -> bool | None:
        one = left(value, scope)
        if one is False:
            return False
        other = right(value, scope)
        return False if other is False else True if one and other else None

    return test


def _implies(left: Test, right: Test) -> Test:
    return _or(_not(left), right)


def _xor(left: Test, right: Test) -> Test:
    def test(value: Json, scope: Scope) -> bool | None:
        one, other = left(value, scope), right(value, scope)
        return None if one is None or other is None else one != other

    return test


def _not(inner: Test) -> Test:
    def test(value: Json, scope: Scope) -> bool | None:
        found = inner(value, scope)
        return None if found is None else not found

    return test


_LOGIC: Final = {"or": _or, "and": _and, "implies": _implies, "xor": _xor}


def _call(tree: Call, type_name: str) -> Test | None:
    if tree.arguments or tree.target is None:
        return None
    if tree.name == "not":
        inner = _direct(tree.target, type_name)
        return _not(inner) if inner else None
    if tree.name == "exists":
        return _exists(_untraced(tree.target), type_name)
    if tree.name == "empty":
        there = _exists(_untraced(tree.target), type_name)
        return _not(there) if there else None
    if tree.name == "hasValue":
        element = _element(tree.target, type_name)
        return _has(element.name) if element and _is_single_primitive(element) else None
    return None


def _untraced(tree: Syntax) -> Syntax:
    """What `trace` is called on, which it gives back as it is."""
    return tree.target if isinstance(tree, Call) and tree.name == "trace" and tree.target is not None else tree


def _exists(tree: Syntax, type_name: str) -> Test | None:
    if not isinstance(tree, Member):
        return None
    if tree.target is None or _is_type(tree.target, type_name):
        found = _child(type_name, tree.name)
        return _present(found) if found else None
    owner = _element(tree.target, type_name)
    if owner is None or owner.choice or len(owner.types) != 1 or owner.types[0].name in PRIMITIVES:
        return None
    below = _exists(Member(None, tree.name), owner.types[0].name)
    return _within(owner.name, below) if below else None


def _present(element: Element) -> Test:
    keys = [key for key, _ in element.properties()]
    keys += ["_" + key for key, ref in element.properties() if ref.name in PRIMITIVES]
    if len(keys) == 1:
        (key,) = keys
        return lambda value, _: key in value
    if len(keys) == 2:
        one, other = keys
        return lambda value, _: one in value or other in value
    known = frozenset(keys)
    return lambda value, _: not known.isdisjoint(value)


def _within(name: str, below: Test) -> Test:
    def test(value: Json, scope: Scope) -> bool:
        held = value.get(name)
        if held.__class__ is list:
            return any(below(item, scope) for item in held)
        return held is not None and bool(below(held, scope))

    return test


def _has(name: str) -> Test:
    return lambda value, _: name in value


def _comparison(tree: Binary, type_name: str) -> Test | None:
    if tree.operator in _EQUALITIES and (both := _both(tree, type_name)):
        return both
    if tree.operator in _EQUALITIES or tree.operator in _ORDERS:
        return _compared(tree, type_name)
    if tree.operator == "in":
        return _among(tree, type_name)
    return None


def _both(tree: Binary, type_name: str) -> Test | None:
    """`a.exists() = b.exists()`, and the same with `!=`."""
    if not (isinstance(tree.left, Call) and isinstance(tree.right, Call)):
        return None
    left, right = _direct(tree.left, type_name), _direct(tree.right, type_name)
    differ = _xor(left, right) if left and right else None
    return _not(differ) if differ and tree.operator == "=" else differ


def _compared(tree: Binary, type_name: str) -> Test | None:
    compare = _EQUALITIES.get(tree.operator) or _ORDERS[tree.operator]
    literal: Any = _literal(tree.right)
    if literal is None:
        return None
    number = isinstance(literal, int | Decimal) and not isinstance(literal, bool)
    if tree.operator in _ORDERS and not number:
        return None
    left = _count(tree.left, type_name) if number else None
    if left is None and tree.operator in _EQUALITIES:
        left = _primitive(_untraced(tree.left), type_name, _kinds(literal))
    return _beside(left, compare, literal) if left else None


def _kinds(literal: object) -> frozenset[str]:
    if isinstance(literal, bool):
        return frozenset({"boolean"})
    return _TEXTS if isinstance(literal, str) else _NUMBERS


def _literal(tree: Syntax) -> object:
    """A text, number or boolean written out, or a constant such as `%ucum`."""
    if isinstance(tree, Constant):
        return CONSTANTS.get(tree.name)
    plain = isinstance(tree, Literal) and isinstance(tree.value, str | bool | int | Decimal)
    return tree.value if isinstance(tree, Literal) and plain else None


def _beside(left: _Value, compare: Callable[[Any, Any], bool], literal: Any) -> Test:
    def test(value: Json, _: Scope) -> bool | None:
        found = left(value)
        return None if found is None else compare(found, literal)

    return test


def _among(tree: Binary, type_name: str) -> Test | None:
    left, listed = _primitive(tree.left, type_name, _TEXTS), _literals(tree.right)
    if left is None or not listed:
        return None
    known, found = frozenset(listed), left

    def test(value: Json, _: Scope) -> bool | None:
        item = found(value)
        return None if item is None else item in known

    return test


def _literals(tree: Syntax) -> list[str]:
    if isinstance(tree, Binary) and tree.operator == "|":
        left, right = _literals(tree.left), _literals(tree.right)
        return left + right if left and right else []
    return [tree.value] if isinstance(tree, Literal) and isinstance(tree.value, str) else []


def _count(tree: Syntax, type_name: str) -> _Value | None:
    """`a.count()`, or a sum of such."""
    if isinstance(tree, Binary) and tree.operator == "+":
        left, right = _count(tree.left, type_name), _count(tree.right, type_name)
        return _sum(left, right) if left and right else None
    if not isinstance(tree, Call) or tree.name != "count" or tree.target is None:
        return None
    element = _element(tree.target, type_name)
    if element is None or element.choice:
        return None
    name, beside = element.name, "_" + element.name

    def count(value: Json) -> int:
        held, extended = value.get(name), value.get(beside)
        if held.__class__ is list or extended.__class__ is list:
            return max(len(held or ()), len(extended or ()))
        return 1 if held is not None or extended is not None else 0

    return count


def _sum(left: _Value, right: _Value) -> _Value:
    return lambda value: left(value) + right(value)


def _primitive(tree: Syntax, type_name: str, kinds: frozenset[str]) -> _Value | None:
    element = _element(tree, type_name)
    if element is None or not _is_single_primitive(element) or element.types[0].name not in kinds:
        return None
    name, beside = element.name, "_" + element.name

    def primitive(value: Json) -> Any:
        found = value.get(name)
        return _NO_VALUE if found is None and beside in value else found

    return primitive


def _truth_of(tree: Syntax, type_name: str) -> Test | None:
    if isinstance(tree, Literal) and isinstance(tree.value, bool):
        constant = tree.value
        return lambda _, __: constant
    flag = _primitive(tree, type_name, frozenset({"boolean"}))
    return _beside(flag, operator.ne, False) if flag else None


def _is_single_primitive(element: Element) -> bool:
    return element.maximum == 1 and not element.choice and element.types[0].name in PRIMITIVES


def _element(tree: Syntax, type_name: str) -> Element | None:
    """The element a one-step path names."""
    if not isinstance(tree, Member):
        return None
    own = tree.target is None or _is_type(tree.target, type_name)
    return _child(type_name, tree.name) if own else None


def _is_type(tree: Syntax, type_name: str) -> bool:
    """Whether a path begins with the type it is asked of (`Appointment.start`)."""
    return isinstance(tree, Member) and tree.target is None and tree.name == type_name


def _child(type_name: str, name: str) -> Element | None:
    found = structure(type_name)
    return found.elements.get(name) if found else None
