"""The input of $validate: Parameters, a resource by itself, or the query of the URL (R4 operations.html#executing)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from hub.api.fhir.exchange import Ask
from hub.gate.parameters import unknown
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

Mode = Literal["", "create", "update", "delete", "profile"]
MODES: Final[Mapping[str, Mode]] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "profile": "profile",
}

#: Parameter, and the elements that may hold its value.
_HELD: Final = {
    "resource": ("resource",),
    "mode": ("valueCode", "valueString"),
    "profile": ("valueUri", "valueCanonical"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to judge (None: what is stored), as what, and by which profiles."""

    resource: Json | None
    mode: Mode
    profiles: tuple[str, ...]


def read_wish(ask: Ask) -> Wish:
    """Read what is asked. Raises HubError UNREADABLE, and UNSUPPORTED naming parameters of the query."""
    stray = sorted({name for name, _ in ask.params} - {"mode", "profile"})
    if stray and not ask.preference.lenient:
        raise unknown(stray)
    given: list[tuple[str, Any]] = [(name, value) for name, value in ask.params if name in ("mode", "profile")]
    given += _parameters(ask.resource) if _is_input(ask) else []
    resource = next((value for name, value in given if name == "resource"), None if _is_input(ask) else ask.resource)
    modes = [str(value) for name, value in given if name == "mode"]
    wish = Wish(
        resource=resource,
        mode=_mode(modes),
        profiles=tuple(str(value) for name, value in given if name == "profile"),
    )
    _check(ask, wish)
    return wish


def _is_input(ask: Ask) -> bool:
    """Whether the body is the input of the operation; for the type Parameters, only if it has a resource in it."""
    body = ask.resource
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        return False
    listed = body.get("parameter")
    names = [one.get("name") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return ask.type != "Parameters" or "resource" in names


def _parameters(body: Any) -> Iterator[tuple[str, Any]]:
    listed = body.get("parameter", [])
    for index, one in enumerate(listed if isinstance(listed, list) else [None]):
        where = f"Parameters.parameter[{index}]"
        name = one.get("name") if isinstance(one, dict) else None
        held = [one[key] for key in _HELD.get(str(name), ()) if key in one] if isinstance(one, dict) else []
        if len(held) != 1 or not isinstance(held[0], dict if name == "resource" else str):
            raise _unreadable(where, "is no parameter of this operation, or has no value it can use")
        yield str(name), held[0]


def _mode(modes: list[str]) -> Mode:
    if not modes:
        return ""
    if len(modes) > 1 or modes[0] not in MODES:
        raise _unreadable("mode", "is none of create, update, delete and profile")
    return MODES[modes[0]]


def _check(ask: Ask, wish: Wish) -> None:
    if wish.mode == "profile" and not wish.profiles:
        raise _unreadable("profile", "is missing beside mode=profile")
    if wish.mode == "delete" and not ask.id:
        raise _unreadable("URL", "names no resource to delete")


def _unreadable(where: str, what: str) -> HubError:
    return HubError(
        Category.UNREADABLE, what, where=where, todo="send Parameters as R4 $validate says", code="parameters"
    )
