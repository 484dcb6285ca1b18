"""Search parameters by name: those the hub has, and why others are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.fhir.search_parameters import SearchParameter, answered
from hub.kernel.errors import Category, HubError

#: Parameters of R4 and of other servers that are refused, each with what to do instead.
_REFUSED: Final[Mapping[str, str]] = {
    "_filter": "join criteria as parameters",
    "_query": "there are no named queries",
    "_maxresults": "use _count",
    "_offset": "follow the next link",
    "_score": "matches are not ranked; use _sort",
}


def parameter_of(rtype: str | None, code: str) -> SearchParameter:
    """A parameter of a type, or (None) of every type. Raises HubError UNSUPPORTED naming one the hub does not have."""
    if code in _REFUSED:
        raise HubError(
            Category.UNSUPPORTED, "is not supported", where=code, todo=_REFUSED[code], code="unknown-parameter"
        )
    found = answered(rtype or "Basic").get(code)
    if found is None or code == "_list" or (rtype is None and not code.startswith("_")):
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
