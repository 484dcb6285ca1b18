"""`url|version` where a definition is asked for by its own URL (R4 search.html 3.1.1.4.9, uri)."""

from __future__ import annotations

from msgspec.structs import replace

from hub.fhir.query_text import split
from hub.fhir.search_parameters import parameters
from hub.kernel.errors import Category, HubError
from hub.store import query_hashed
from hub.store.asked import Asked
from hub.store.criteria import Bind, Clause, Either, Target
from hub.store.resource_types import type_number


def versioned(asked: Asked) -> tuple[Clause, ...]:
    """The definitions of some URLs, each in the version that is named with it; () where none is named.

    Raises HubError INVALID for a value that is neither.
    """
    if asked.parameter.code != "url" or asked.modifier or "version" not in parameters(asked.parameter.base):
        return ()
    parts = [split(value, "|") for value in asked.values]
    if all(len(one) == 1 for one in parts):
        return ()
    if any(len(one) > 2 or not all(one) for one in parts):
        raise HubError(Category.INVALID, "is not a canonical URL", todo="write url or url|version")
    each = [_definition(asked, *one) for one in parts]
    if len(each) == 1:
        return each[0]
    rtype = type_number(asked.parameter.base)
    return (Either(tuple(Target(Bind(rtype, "smallint"), clauses) for clauses in each)),)


def _definition(asked: Asked, url: str, version: str = "") -> tuple[Clause, ...]:
    found = query_hashed.uri(replace(asked, values=[url]))
    if not version:
        return (found,)
    of_version = parameters(asked.parameter.base)["version"]
    return found, query_hashed.token(replace(asked, parameter=of_version, values=[version]))
