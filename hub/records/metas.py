"""$meta-add and $meta-delete on a resource (R4 resource-operation-meta-add.html, -delete.html). Pure.

Profiles, tags and labels are sets: profiles are told apart by their URL, tags and labels by system and code.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.operations import Retag


def _coding(value: Any) -> Hashable:
    return value.get("system"), value.get("code")


#: What tells the members of each set apart.
_SETS: Final[Mapping[str, Callable[[Any], Hashable]]] = {"profile": str, "security": _coding, "tag": _coding}


def parameters_of(operation: Retag) -> Json:
    """The input of the operation, as it can be validated."""
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": operation.meta}]}


def retagged(operation: Retag, resource: Json) -> Json:
    """`resource` with the members added or taken away.

    Raises HubError FORBIDDEN when security labels are to go: lowering is not a client's (attack list, 26).
    """
    if not operation.adds and operation.meta.get("security"):
        raise HubError(
            Category.FORBIDDEN,
            "security labels are not taken away",
            where=operation.where or f"{operation.type}.meta.security",
            todo="leave them out",
            code="labels",
        )
    meta = dict(resource.get("meta", {}))
    for name, identity in _SETS.items():
        meta[name] = _changed(meta.get(name, []), operation.meta.get(name, []), identity, adds=operation.adds)
    return {**resource, "meta": {name: value for name, value in meta.items() if value != []}}


def _changed(standing: list[Any], given: list[Any], identity: Callable[[Any], Hashable], *, adds: bool) -> list[Any]:
    named = {identity(one) for one in given}
    if not adds:
        return [one for one in standing if identity(one) not in named]
    known = {identity(one) for one in standing}
    new = {identity(one): one for one in given if identity(one) not in known}
    return [*standing, *new.values()]
