"""Judges a SearchParameter that an installation wants of its own (R4 searchparameter.html). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from hub.fhir.emitters import emitter
from hub.fhir.expression import Alternative, Field, Path, Truth, parse
from hub.fhir.routes import Route, routes
from hub.fhir.search_parameters import RESOURCE_TYPES, SearchParameter, of_type, parameters, target_types
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Types of parameters the index can hold by an expression alone.
TYPES: Final = ("date", "number", "quantity", "reference", "string", "token", "uri")

#: Types that are kept apart from the record, made when they are asked for, or no record.
_NOT_INDEXED: Final = frozenset({"AuditEvent", "OperationOutcome", "Parameters", "SearchParameter", "Subscription"})

#: A code as it stands in a URL; names that begin with "_" are R4's.
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_LONGEST: Final = 2000


def read_definition(resource: Json) -> tuple[SearchParameter, ...]:
    """The parameter a valid SearchParameter defines, once for each of its base types.

    Raises HubError INVALID, naming the element, for what R4 defines already or the index cannot hold.
    """
    code, kind, expression = (str(resource.get(name, "")) for name in ("code", "type", "expression"))
    if not _CODE.fullmatch(code):
        raise _refused("is not letters, digits and hyphens, at most 64, a letter first", "code")
    if kind not in TYPES or resource.get("component"):
        raise _refused("is of a type the hub does not index by definition", "type", f"one of {', '.join(TYPES)}")
    if not 0 < len(expression) <= _LONGEST:
        raise _refused(f"is needed, of at most {_LONGEST} characters", "expression")
    targets = _targets(kind, resource.get("target", []))
    found = tuple(
        SearchParameter(
            code=code,
            type=kind,
            base=base,
            expression=of_type(expression, base),
            targets=targets,
            url=str(resource.get("url", "")),
        )
        for base in _bases(resource.get("base", []), code)
    )
    _check_whole(expression, found)
    return found


def _bases(bases: Sequence[str], code: str) -> list[str]:
    found = list(dict.fromkeys(bases))
    if not found or any(base not in RESOURCE_TYPES or base in _NOT_INDEXED for base in found):
        raise _refused("names a type that is none or is not searched by its content", "base", "name resource types")
    for base in found:
        if code in parameters(base):
            raise _refused(f"is defined for {base} by R4 and cannot be overridden", "code", "choose another code")
    return found


def _targets(kind: str, targets: Sequence[str]) -> tuple[str, ...]:
    if kind != "reference":
        return ()
    if any(target not in RESOURCE_TYPES and target != "Resource" for target in targets):
        raise _refused("names what is no resource type", "target")
    return target_types(targets or ["Resource"])


def _check_whole(expression: str, found: Iterable[SearchParameter]) -> None:
    """Every alternative is about one of the base types, and gives every one of those something to index."""
    compiled = _compiled(expression)
    used = 0
    for parameter in found:
        if not parameter.expression:
            raise _refused(f"says nothing of {parameter.base}", "expression", "begin an alternative with the type")
        own = _compiled(parameter.expression)
        used += len(own)
        for alternative in own:
            _check(alternative, parameter)
    if used < len(compiled):
        raise _refused("has an alternative that is about none of the base types", "expression")


def _compiled(expression: str) -> tuple[Alternative, ...]:
    try:
        return parse(expression)
    except HubError as error:
        raise _refused(error.what, "expression", "see docs/how-to/define-search-parameters.md") from None
    except (LookupError, TypeError, ValueError):
        raise _refused("calls a function in a way the index does not evaluate", "expression") from None


def _check(alternative: Alternative, parameter: SearchParameter) -> None:
    if isinstance(alternative, Truth):
        if parameter.type != "token":
            raise _refused("gives true or false, which only a token parameter indexes", "expression")
        for test in alternative.tests:
            _routes(test.path, parameter)
        return
    if all(emitter(parameter.type, route) is None for route in _routes(alternative, parameter)):
        raise _refused(f"gives no value that a parameter of type {parameter.type} indexes", "expression")


def _routes(path: Path, parameter: SearchParameter) -> Sequence[Route]:
    """Where a path leads. Not inside of a Reference: what it tells of its target is not always shown."""
    try:
        found = routes(path, parameter.base, parameter.base)
        inside = any(_passes(path, cut, parameter) for cut in range(1, len(path.steps)))
    except LookupError:
        raise _refused("filters before it names an element", "expression") from None
    if not found or not found[0].hops:
        raise _refused(f"leads to no element of {parameter.base}", "expression")
    if inside or any(route.type == "Resource" for route in found):
        raise _refused("leads into a Reference or an embedded resource", "expression", "index the Reference itself")
    return found


def _passes(path: Path, cut: int, parameter: SearchParameter) -> bool:
    """Whether an element is named below a Reference or an embedded resource that the first `cut` steps lead to."""
    if not any(isinstance(step, Field) for step in path.steps[cut:]):
        return False
    before = Path(path.steps[:cut], path.rooted)
    return any(route.type in {"Reference", "Resource"} for route in routes(before, parameter.base, parameter.base))


def _refused(what: str, element: str, todo: str = "") -> HubError:
    return HubError(Category.INVALID, what, where=f"SearchParameter.{element}", todo=todo, code="search-parameter")
