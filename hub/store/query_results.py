"""Result parameters with a small language: `_sort`, `_include`, `_revinclude` (R4 search.html 3.1.1.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.fhir.custom import Custom
from hub.fhir.search_parameters import RESOURCE_TYPES
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Bind, Include, SortKey
from hub.store.index_shares import is_sorted_by
from hub.store.promoted import date_parameter, leading_parameters
from hub.store.query_parameters import parameter_of, reference_parameter
from hub.store.resource_types import type_number
from hub.store.tokens import lead_number, param_number

_SORTS: Final = {
    "date": "date",
    "string": "string",
    "number": "number",
    "quantity": "number",
    "token": "text",
    "reference": "text",
    "uri": "text",
}
_COLUMNS: Final[dict[str, Any]] = {"_lastUpdated": "updated", "_id": "id"}


def sort_key(rtype: str | None, text: str, custom: Custom) -> SortKey:
    """One part of a `_sort`. Raises HubError UNSUPPORTED for a parameter that gives no order."""
    descending, code = text.startswith("-"), text.removeprefix("-")
    if code in _COLUMNS:
        return SortKey(_COLUMNS[code], descending)
    parameter = parameter_of(rtype, code, custom)
    if rtype is not None and code == date_parameter(rtype):
        return SortKey("promoted", descending)
    kind: Any = _SORTS.get(parameter.type)
    if kind is None or not is_sorted_by(code):
        raise HubError(
            Category.UNSUPPORTED, f"sorting by {code} is not supported", where="_sort", code="unknown-parameter"
        )
    lead = lead_number(parameter.base, code) if code in leading_parameters(parameter.base) else None
    return SortKey(
        kind,
        descending,
        Bind(param_number(parameter.base, parameter.code), "integer"),
        None if lead is None else Bind(lead, "integer"),
    )


def sort_key_of(types: Sequence[str], text: str, custom: Custom) -> SortKey:
    """One part of a `_sort` over several types, each of which has the parameter.

    Raises HubError UNSUPPORTED for one that gives no order in some type, or not the same kind of order in all.
    """
    each = {rtype: sort_key(rtype, text, custom) for rtype in types}
    kinds = {key.kind for key in each.values()}
    if all(key.param is None for key in each.values()):
        return each[types[0]]
    if len(kinds) > 1 and kinds != {"promoted", "date"}:
        what = f"sorting by {text.removeprefix('-')} is not the same for {' and '.join(types)}"
        raise HubError(Category.UNSUPPORTED, what, where="_sort", code="unknown-parameter")
    return _together(each)


def _together(each: Mapping[str, SortKey]) -> SortKey:
    """The keys of several types as one; each row has values of its own type's parameter alone."""
    own = [key for key in each.values() if key.kind != "promoted"]
    leads = [key.lead.value for key in own if key.lead is not None]
    promoted = [type_number(rtype) for rtype, key in each.items() if key.kind == "promoted"]
    return SortKey(
        own[0].kind,
        own[0].descending,
        Bind([key.param.value for key in own if key.param is not None], "integer[]"),
        Bind(leads, "integer[]") if leads else None,
        Bind(promoted, "smallint[]") if promoted else None,
    )


def include(name: str, modifier: str, value: str, custom: Custom) -> Include:
    """An `_include` or `_revinclude` (`name`): Type:parameter, Type:parameter:Type, Type:* or *.

    The installation's own parameters are followed by name only.
    """
    if modifier not in {"", "iterate"}:
        raise HubError(Category.UNSUPPORTED, f"modifier :{modifier} is not supported", code="unknown-modifier")
    iterate = modifier == "iterate"
    if value == "*":
        return Include("*", "*", None, iterate)
    source, _, rest = value.partition(":")
    code, _, target = rest.partition(":")
    if source not in RESOURCE_TYPES or not code or (target and target not in RESOURCE_TYPES):
        raise HubError(
            Category.UNSUPPORTED,
            f"is not an {name} the hub supports",
            todo="write Type:parameter, Type:parameter:Type, Type:* or *",
        )
    if code != "*":
        code = reference_parameter(source, code, custom).code
    return Include(source, code, target or None, iterate)
