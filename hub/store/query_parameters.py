"""Search parameters by name: those the hub has, and why others are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.fhir.custom import NONE, Custom, Defined
from hub.fhir.extract import names_by_canonical
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


def parameter_of(rtype: str | None, code: str, custom: Custom = NONE) -> SearchParameter:
    """A parameter of a type, or (None) of every type; one of the installation's own under the name of its values.

    Raises HubError UNSUPPORTED naming one the hub does not have, or whose index is not complete.
    """
    if code in _REFUSED:
        raise HubError(
            Category.UNSUPPORTED, "is not supported", where=code, todo=_REFUSED[code], code="unknown-parameter"
        )
    own = custom.get(rtype, code) if rtype else None
    if own is not None:
        return _complete(own)
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


def _complete(own: Defined) -> SearchParameter:
    if own.ready:
        return own.indexed
    raise HubError(
        Category.UNSUPPORTED,
        f"is being indexed for {own.parameter.base}, {own.percent} percent so far",
        where=own.parameter.code,
        todo="ask again when it is complete",
        code="being-indexed",
    )


def _of_every_type(parameter: SearchParameter) -> SearchParameter:
    return SearchParameter(code=parameter.code, type=parameter.type, base="Resource", expression=parameter.expression)


def reference_parameter(rtype: str | None, code: str, custom: Custom = NONE) -> SearchParameter:
    """A parameter that can be followed. Raises HubError INVALID for one of another type, and as `parameter_of`."""
    return followed(parameter_of(rtype, code, custom), code)


def by_canonical(parameter: SearchParameter) -> bool:
    """Whether a reference parameter names definitions by canonical URLs."""
    return bool(parameter.expression) and names_by_canonical(parameter)


def followed(parameter: SearchParameter, code: str) -> SearchParameter:
    """A parameter, asked for as `code`, that can be followed. Raises HubError INVALID for one of another type."""
    if parameter.type != "reference":
        raise HubError(Category.INVALID, "is not a reference, so it cannot be followed", where=code)
    return parameter
