"""The values of one search parameter as clauses, by parameter type (R4 search.html 3.1.1.4).

Errors are HubError UNSUPPORTED for a modifier, INVALID for a value; the caller says which parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from hub.fhir.query_text import split
from hub.fhir.search_parameters import FULL_TEXT, RESOURCE_TYPES
from hub.kernel.errors import Category, HubError
from hub.store import query_hashed, query_ordered, tokens
from hub.store.asked import Asked
from hub.store.criteria import Bind, Clause, Defines, Ids, Missing, Spans
from hub.store.index_composites import HASHED
from hub.store.people import EXPAND
from hub.store.query_sets import SETS
from hub.store.query_special import near, texts
from hub.store.query_versions import versioned

#: Modifiers other than `:missing`, `:mdm` and the type of a reference, by parameter type.
_MODIFIERS: Final[Mapping[str, frozenset[str]]] = {
    "token": frozenset({"not", "text", "of-type"}) | SETS,
    "string": frozenset({"exact", "contains"}),
    "reference": frozenset({"identifier", "text", "above", "below"}),
    "uri": frozenset({"above", "below"}),
}

#: The last part of a composite may be compared.
_ORDERED: Final[Mapping[str, Callable[[Asked, tuple[Bind, ...]], Clause]]] = {
    "string": query_ordered.string,
    "date": query_ordered.date,
    "number": query_ordered.number,
    "quantity": query_ordered.quantity,
}

_HASHED: Final[Mapping[str, Callable[[Asked], Clause]]] = {
    "token": query_hashed.token,
    "reference": query_hashed.reference,
    "uri": query_hashed.uri,
}


def clauses(asked: Asked) -> tuple[Clause, ...]:
    """The clauses one parameter means: all of them must hold."""
    if not all(asked.values):
        raise HubError(Category.INVALID, "has an empty value", todo="give a value or leave the parameter out")
    if asked.parameter.code in FULL_TEXT and not asked.context.full_text:
        raise HubError(
            Category.UNSUPPORTED, "needs full text, which is not kept", todo="set YILIAN_FULL_TEXT", code=_PARAMETER
        )
    if asked.modifier == "missing":
        return (_missing(asked),)
    if asked.parameter.code in FULL_TEXT and not asked.modifier:
        return (texts(asked),)
    if not _is_known(asked):
        raise HubError(
            Category.UNSUPPORTED, f"modifier :{asked.modifier} is not supported", todo="leave it out", code=_MODIFIER
        )
    kind = asked.parameter.type
    in_versions = versioned(asked) if kind == "uri" else ()
    if in_versions:
        return in_versions
    if kind in _HASHED:
        return (_HASHED[kind](asked),)
    if kind in _ORDERED:
        return (_ORDERED[kind](asked, ()),)
    return _composite(asked) if kind == "composite" else (near(asked),)


_MODIFIER: Final = "unknown-modifier"
_PARAMETER: Final = "unknown-parameter"


def _is_known(asked: Asked) -> bool:
    parameter, modifier = asked.parameter, asked.modifier
    if modifier == "of-type":
        return parameter.code == "identifier"
    if modifier == EXPAND:
        return "Patient" in parameter.targets or (parameter.code, parameter.base) == ("_id", "Patient")
    if parameter.code in FULL_TEXT:
        return False
    if not modifier or modifier in _MODIFIERS.get(parameter.type, ()):
        return True
    return parameter.type == "reference" and modifier in RESOURCE_TYPES


def _missing(asked: Asked) -> Clause:
    if list(asked.values) not in (["true"], ["false"]):
        raise HubError(Category.INVALID, "is neither true nor false")
    missing = asked.values[0] == "true"
    if asked.parameter.code in {"_id", "_lastUpdated"}:
        # Every stored resource has both.
        return Ids(Bind([], "uuid[]"), negated=not missing)
    found = Missing(asked.param(), missing)
    return Defines(found, None) if query_hashed.is_of_code_systems(asked) else found


def _composite(asked: Asked) -> tuple[Clause, ...]:
    """Parts joined by `$`. All but the last, or the last two numbers, are hashed; their hash leads to the matches."""
    components = asked.parameter.components
    *before, last = components
    two_numbers = before[-1].type == last.type == "number"
    rows = [split(value, "$") for value in asked.values]
    if any(len(row) != len(components) or not all(row) for row in rows):
        raise HubError(Category.INVALID, "is not a composite value", todo="write its parts joined by $")
    hashed = components if last.type in HASHED else before[:-1] if two_numbers else before
    param = asked.number()
    pairs = [
        tokens.pair(
            param,
            tuple(
                query_hashed.component(param, part, text, asked.context)
                for part, text in zip(hashed, row, strict=False)
            ),
        )
        for row in rows
    ]
    found = query_hashed.hashes(pairs, selective=False)
    if last.type in HASHED:
        return (found,)
    companions = tuple(Bind(pair, "uuid") for pair in pairs)
    if two_numbers:
        spans = tuple(
            (query_ordered.number_condition(row[-2]), query_ordered.number_condition(row[-1])) for row in rows
        )
        return found, Spans(asked.param(), spans, companions)
    return found, _ORDERED[last.type](replace(asked, values=[row[-1] for row in rows]), companions)
