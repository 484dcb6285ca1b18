"""The input of an operation as a Parameters resource (R4 operations.html#executing), read as query parameters are."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from hub.api.query import read_query
from hub.gate.parameters import escaped
from hub.kernel.errors import Category, HubError


def read_parameters(resource: Any) -> list[tuple[str, str]]:
    """Names and values in their order; the same rules hold as for a query string (hub.api.query.read_query).

    Raises HubError UNREADABLE (400) for what is no Parameters resource, or has a parameter that is not one text,
    whole number or truth.
    """
    if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
        raise HubError(Category.UNREADABLE, "is not a Parameters resource", where="body", code="type-mismatch")
    given = resource.get("parameter", [])
    if not isinstance(given, list):
        raise _unreadable("Parameters.parameter")
    return read_query(urlencode([_pair(item, index) for index, item in enumerate(given)], errors="surrogatepass"))


def _pair(item: Any, index: int) -> tuple[str, str]:
    where = f"Parameters.parameter[{index}]"
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise _unreadable(where)
    others = [value for name, value in item.items() if name not in {"name", "id"}]
    typed = [_plain(value) for name, value in item.items() if name.startswith("value")]
    typed = [value for value in typed if isinstance(value, str | int)]
    if len(others) != 1 or len(typed) != 1:
        raise _unreadable(where)
    return item["name"], str(typed[0]).lower() if isinstance(typed[0], bool) else str(typed[0])


def _plain(value: Any) -> Any:
    """A Reference counts as its text, an Identifier as the token `system|value` (R4 search.html#token)."""
    if not isinstance(value, dict):
        return value
    number = value.get("value")
    return f"{value.get('system', '')}|{escaped(number)}" if isinstance(number, str) else value.get("reference")


def _unreadable(where: str) -> HubError:
    return HubError(
        Category.UNREADABLE,
        "is not a name with one value",
        where=where,
        todo="send value[x] of a simple type",
        code="parameters",
    )
