"""Judges a SearchParameter that an installation wants of its own (R4 searchparameter.html). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hub.fhir.composite_definitions import read_components
from hub.fhir.definition_checks import EXPRESSION, compiled, refused, sound_routes
from hub.fhir.emitters import emitter
from hub.fhir.expression import Alternative, Path, Truth
from hub.fhir.routes import Route
from hub.fhir.search_parameters import RESOURCE_TYPES, SearchParameter, of_type, parameters, target_types
from hub.kernel.types import Json

#: Types of parameters the index can hold.
TYPES: Final = ("composite", "date", "number", "quantity", "reference", "string", "token", "uri")

#: Types that are kept apart from the record, made when they are asked for, or no record.
_NOT_INDEXED: Final = frozenset({"AuditEvent", "OperationOutcome", "Parameters", "SearchParameter", "Subscription"})

#: A code as it stands in a URL; names that begin with "_" are R4's.
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_NO_OTHERS: Final[Mapping[str, str]] = MappingProxyType({})


def read_definition(resource: Json, own: Mapping[str, str] = _NO_OTHERS) -> tuple[SearchParameter, ...]:
    """The parameter a valid SearchParameter defines, once for each of its base types.

    `own` are the types of the installation's other parameters by their URL. Raises HubError INVALID, naming the
    element, for what R4 defines already or the index cannot hold.
    """
    code, kind, expression = (str(resource.get(name, "")) for name in ("code", "type", EXPRESSION))
    if not _CODE.fullmatch(code):
        raise refused("is not letters, digits and hyphens, at most 64, a letter first", "code")
    if kind not in TYPES:
        raise refused("is of a type the hub does not index by definition", "type", f"one of {', '.join(TYPES)}")
    whole = compiled(expression)
    targets, url = _targets(kind, resource.get("target", [])), str(resource.get("url", ""))
    found = tuple(
        SearchParameter(code=code, type=kind, base=base, expression=of_type(expression, base), targets=targets, url=url)
        for base in _bases(resource.get("base", []), code)
    )
    _check_bases(len(whole), found)
    return tuple(_whole(parameter, resource.get("component", []), own) for parameter in found)


def _whole(parameter: SearchParameter, components: Sequence[Json], own: Mapping[str, str]) -> SearchParameter:
    """A parameter with its parts, after all it says was checked."""
    if parameter.type == "composite":
        return replace(parameter, components=read_components(components, parameter.base, parameter.expression, own))
    if components:
        raise refused("is for composites", "component")
    for alternative in compiled(parameter.expression):
        _check(alternative, parameter)
    return parameter


def _bases(bases: Sequence[str], code: str) -> list[str]:
    found = list(dict.fromkeys(bases))
    if not found or any(base not in RESOURCE_TYPES or base in _NOT_INDEXED for base in found):
        raise refused("names a type that is none or is not searched by its content", "base", "name resource types")
    for base in found:
        if code in parameters(base):
            raise refused(f"is defined for {base} by R4 and cannot be overridden", "code", "choose another code")
    return found


def _targets(kind: str, targets: Sequence[str]) -> tuple[str, ...]:
    if kind != "reference":
        return ()
    if any(target not in RESOURCE_TYPES and target != "Resource" for target in targets):
        raise refused("names what is no resource type", "target")
    return target_types(targets or ["Resource"])


def _check_bases(alternatives: int, found: Iterable[SearchParameter]) -> None:
    """Every alternative is about one of the base types, and every one of those has one."""
    used = 0
    for parameter in found:
        if not parameter.expression:
            raise refused(f"says nothing of {parameter.base}", EXPRESSION, "begin an alternative with the type")
        used += len(compiled(parameter.expression))
    if used < alternatives:
        raise refused("has an alternative that is about none of the base types", EXPRESSION)


def _check(alternative: Alternative, parameter: SearchParameter) -> None:
    if isinstance(alternative, Truth):
        if parameter.type != "token":
            raise refused("gives true or false, which only a token parameter indexes", EXPRESSION)
        for test in alternative.tests:
            _routes(test.path, parameter)
        return
    if all(emitter(parameter.type, route) is None for route in _routes(alternative, parameter)):
        raise refused(f"gives no value that a parameter of type {parameter.type} indexes", EXPRESSION)


def _routes(path: Path, parameter: SearchParameter) -> Sequence[Route]:
    """Where a path leads, to an element in any case."""
    found = sound_routes(path, parameter.base, parameter.base)
    if not found[0].hops:
        raise refused(f"leads to no element of {parameter.base}", EXPRESSION)
    return found
