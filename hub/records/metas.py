"""$meta-add and $meta-delete on a resource (R4 resource-operation-meta-add.html, -delete.html). Pure.

Profiles, tags and labels are sets: profiles are told apart by their URL, tags and labels by system and code.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json


def _coding(value: Any) -> Hashable:
    return value.get("system"), value.get("code")


#: What tells the members of each set apart.
_SETS: Final[Mapping[str, Callable[[Any], Hashable]]] = {"profile": str, "security": _coding, "tag": _coding}


def retagging(meta: Json, *, adds: bool) -> Callable[[Json], Json]:
    """The change of a resource that adds the members of `meta`, or takes them away.

    It raises HubError FORBIDDEN when security labels are to go: lowering is not a client's (attack list, 26). `meta`
    is of the right structure.
    """

    def change(resource: Json) -> Json:
        if not adds and meta.get("security"):
            raise HubError(
                Category.FORBIDDEN,
                "security labels are not taken away",
                where=f"{resource['resourceType']}.meta.security",
                todo="leave them out",
                code="labels",
            )
        standing = dict(resource.get("meta", {}))
        for name, identity in _SETS.items():
            standing[name] = _changed(standing.get(name, []), meta.get(name, []), identity, adds=adds)
        return {**resource, "meta": {name: value for name, value in standing.items() if value != []}}

    return change


def _changed(standing: list[Any], given: list[Any], identity: Callable[[Any], Hashable], *, adds: bool) -> list[Any]:
    named = {identity(one) for one in given}
    if not adds:
        return [one for one in standing if identity(one) not in named]
    known = {identity(one) for one in standing}
    new = {identity(one): one for one in given if identity(one) not in known}
    return [*standing, *new.values()]
