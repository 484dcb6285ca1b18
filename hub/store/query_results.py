"""Result parameters with a small language: `_sort`, `_include`, `_revinclude` (R4 search.html 3.1.1.5)."""

from __future__ import annotations

from typing import Any, Final

from hub.fhir.custom import Custom
from hub.fhir.search_parameters import RESOURCE_TYPES
from hub.kernel.errors import Category, HubError
from hub.store.criteria import Bind, Include, SortKey
from hub.store.index_shares import is_sorted_by
from hub.store.promoted import date_parameter, leading_parameters
from hub.store.query_parameters import parameter_of, reference_parameter
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
