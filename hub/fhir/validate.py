"""Checks resources against R4 4.0.1: structure, cardinality, primitive values, required codes, reference targets and
invariants (validation.html: structure, cardinality, value domains, coding bindings, invariants).

Compiled once for each type from the structure table. Not checked here: profiles (`hub.fhir.profiles`), what is only
advice (`advice.py`), and what a canonical points to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from hub.fhir.bindings import binding
from hub.fhir.element_checks import (
    Check,
    coded,
    coded_object,
    list_of,
    list_of_primitives,
    one,
    one_primitive,
    reference_to,
)
from hub.fhir.faults import Fault
from hub.fhir.invariants import Invariant, invariants_of
from hub.fhir.primitives import RIGHT, SHORT, TESTS, Right
from hub.fhir.scope import Scope, scope_of
from hub.fhir.structure import RESOURCE_TYPES, Element, TypeRef, structure
from hub.fhir.value_sets import codes
from hub.kernel.types import Issue, Json

#: No more faults of one resource than these are told.
LIMIT: Final = 100

_NAME: Final = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")


def validate(resource: Json) -> list[Issue]:
    """What is wrong with a resource by R4 (none: nothing), at most LIMIT issues.

    `where` is a FHIRPath such as `Observation.value.ofType(Quantity).code`; texts hold no values. Never raises.
    """
    faults: list[Fault] = []
    try:
        check_resource(resource, faults, None)
    except RecursionError:
        faults = [Fault("too-long", "is nested too deeply")]
    root = _root(resource)
    return [fault.issue(root) for fault in faults[:LIMIT]]


def _root(resource: Any) -> str:
    rtype = resource.get("resourceType") if resource.__class__ is dict else None
    return rtype if rtype.__class__ is str and rtype in RESOURCE_TYPES else "Resource"


def check_resource(value: Any, faults: list[Fault], scope: Scope | None) -> None:
    """A resource on its own (`scope` None) or one contained in that of `scope`."""
    if value.__class__ is not dict:
        faults.append(Fault("structure", "must be a JSON object"))
        return
    rtype = value.get("resourceType")
    if rtype.__class__ is not str or rtype not in RESOURCE_TYPES:
        faults.append(Fault("structure", "must name a resource type of R4", ["resourceType"]))
        return
    type_check(rtype).check(value, faults, scope or scope_of(value))


def _contained(value: Any, faults: list[Fault], scope: Scope) -> None:
    if value.__class__ is dict and "id" not in value:
        faults.append(Fault("required", "is missing", ["id"]))
    check_resource(value, faults, Scope(scope.resource, scope.contained, value))


def _enclosed(value: Any, faults: list[Fault], _: Scope) -> None:
    """A resource of a Bundle or of Parameters, which is its own scope."""
    check_resource(value, faults, None)


class TypeCheck:
    """The check of one type; its parts are compiled when it is first used, since types refer to each other."""

    def __init__(self, name: str) -> None:
        found = structure(name)
        self.name = name
        self.elements = dict(found.elements) if found else {}
        self.needs_content = name != "Element"  # beside a primitive, an id alone will do
        self.properties: dict[str, Check] = {}
        #: Of properties that hold one text, what most right ones are told by without another call.
        self.plain: dict[str, Right] = {}
        self.required: list[tuple[str, frozenset[str]]] = []
        self.choices: list[tuple[str, frozenset[str]]] = []
        self.invariants: list[Invariant] = []

    def check(self, value: Any, faults: list[Fault], scope: Scope) -> None:
        """Append what is wrong with a JSON object of this type."""
        if value.__class__ is not dict:
            faults.append(Fault("structure", "must be a JSON object"))
            return
        if not value or (len(value) == 1 and "id" in value and self.needs_content):
            faults.append(Fault("structure", "must not be empty"))
            return
        before = len(faults)
        if before >= LIMIT:
            return
        self._check_properties(value, faults, scope)
        self._check_presence(value, faults)
        if self.invariants and len(faults) == before:
            broken = [row for row in self.invariants if not row.holds(value, scope)]
            faults.extend(Fault("invariant", row.text, [row.element] if row.element else []) for row in broken)

    def _check_properties(self, value: Json, faults: list[Fault], scope: Scope) -> None:
        properties = self.properties or self.compile()
        plain = self.plain
        for key, item in value.items():
            right = plain.get(key)
            if right is not None and item.__class__ is str and 0 < len(item) <= SHORT and right(item):
                continue
            check = properties.get(key)
            if check is None:
                path = [key] if _NAME.fullmatch(key) else []
                faults.append(Fault("structure", "is not an element of this type", path))
            else:
                check(item, value, faults, scope)

    def _check_presence(self, value: Json, faults: list[Fault]) -> None:
        for name, keys in self.required:
            if keys.isdisjoint(value):
                faults.append(Fault("required", "is missing", [name]))
        for name, keys in self.choices:
            found = keys.intersection(value)
            if len(found) > 1 and len({key.removeprefix("_") for key in found}) > 1:
                faults.append(Fault("structure", "must have one type only", [name]))

    def compile(self) -> dict[str, Check]:
        """The checks of its properties, made now."""
        for element in self.elements.values():
            keys = set()
            for key, ref in element.properties():
                segment = f"{element.name}.ofType({ref.name})" if element.choice else element.name
                limit = binding(self.name, element.name, "max")
                self.properties.update(_property(key, segment, element, ref, limit))
                if element.maximum == 1 and (right := _right(element, ref, limit)) is not None:
                    self.plain[key] = right
                keys |= {key, "_" + key}
            if element.minimum:
                self.required.append((element.name, frozenset(keys)))
            if element.choice:
                self.choices.append((element.name, frozenset(keys)))
        if self.name in RESOURCE_TYPES:
            self.properties["resourceType"] = _nothing
        self.invariants = invariants_of(self.name)
        return self.properties


@cache
def type_check(name: str) -> TypeCheck:
    """The check of a type, one for all who use it."""
    return TypeCheck(name)


def _property(key: str, segment: str, element: Element, ref: TypeRef, limit: str | None) -> dict[str, Check]:
    """The checks of a property, and of the `_property` beside a primitive. No code may be taken from beyond `limit`."""
    single = element.maximum == 1
    if ref.name in TESTS:
        test = coded(TESTS[ref.name], element.binding or limit)
        extension = type_check("Element").check
        if single:
            return {key: one_primitive(segment, test), "_" + key: one(segment, extension)}
        return {
            key: list_of_primitives(segment, test, "_" + key),
            "_" + key: list_of(segment, extension, beside=key),
        }
    check = _complex(element, ref, limit)
    return {key: one(segment, check) if single else list_of(segment, check)}


def _right(element: Element, ref: TypeRef, limit: str | None) -> Right | None:
    """What tells a right text of a primitive element; None where there is nothing so simple, and for other elements."""
    if ref.name not in TESTS:
        return None
    known = codes(name) if (name := element.binding or limit) else None
    return RIGHT.get(ref.name) if known is None else known.__contains__


def _complex(element: Element, ref: TypeRef, limit: str | None) -> Callable[[Any, list[Fault], Scope], None]:
    if ref.name == "Resource":
        return _contained if element.name == "contained" else _enclosed
    check = type_check(ref.name).check
    if ref.name == "Reference":
        return reference_to(ref.targets, check)
    return coded_object(ref.name, element.binding or limit, check, required=element.binding is not None)


def _nothing(_item: Any, _owner: Json, _faults: list[Fault], _scope: Scope) -> None:
    """`resourceType` has been read already."""
