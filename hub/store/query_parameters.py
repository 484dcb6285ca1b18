"""Search parameters by name: those the hub has, and why others are refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from hub.fhir.search_parameters import SearchParameter, parameters
from hub.kernel.errors import Category, HubError

#: Parameters of R4 and of other servers that are refused, each with what to do instead.
_REFUSED: Final[Mapping[str, str]] = {
    "_filter": "join criteria as parameters",
    "_query": "there are no named queries",
    "_maxresults": "use _count",
    "_offset": "follow the next link",
    "_score": "matches are not ranked; use _sort",
}
#: Parameters without an expression that are answered.
_SPECIAL: Final = frozenset({"_text", "_content"})


@cache
def answered(rtype: str, *, full_text: bool = True) -> Mapping[str, SearchParameter]:
    """The parameters of a type that are answered, `_list` among them; unknown type: none."""
    known = parameters(rtype).items()
    found = {code: one for code, one in known if one.expression or (full_text and code in _SPECIAL)}
    return found | {"_list": SearchParameter(code="_list", type="special", base=rtype)} if found else {}


def _is_answered(parameter: SearchParameter) -> bool:
    return bool(parameter.expression) or parameter.code in _SPECIAL


def parameter_of(rtype: str | None, code: str) -> SearchParameter:
    """A parameter of a type, or (None) of every type. Raises HubError UNSUPPORTED naming one the hub does not have."""
    if code in _REFUSED:
        raise HubError(
            Category.UNSUPPORTED, "is not supported", where=code, todo=_REFUSED[code], code="unknown-parameter"
        )
    found = parameters(rtype or "Basic").get(code)
    if found is None or (rtype is None and not code.startswith("_")) or not _is_answered(found):
        raise HubError(
            Category.UNSUPPORTED,
            f"is not a search parameter the hub has for {rtype or 'all types'}",
            where=code,
            todo="see the capability statement",
            code="unknown-parameter",
        )
    return found if rtype else _of_every_type(found)


def _of_every_type(parameter: SearchParameter) -> SearchParameter:
    return SearchParameter(code=parameter.code, type=parameter.type, base="Resource", expression=parameter.expression)


def reference_parameter(rtype: str | None, code: str) -> SearchParameter:
    """A parameter that can be followed. Raises HubError INVALID for one of another type."""
    parameter = parameter_of(rtype, code)
    if parameter.type != "reference":
        raise HubError(Category.INVALID, "is not a reference, so it cannot be followed", where=code)
    return parameter
