"""What every kind of patch becomes, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Changes a resource in place and gives back what it became; raises HubError. It may be called again on another one.
Change = Callable[[Json], Json]

#: Operations of one patch.
MAX_OPERATIONS: Final = 500


def malformed(what: str, where: str) -> HubError:
    """A document that is no patch of its kind (400)."""
    return HubError(Category.UNREADABLE, what, where=where, todo="mend the patch", code="patch")


def inapplicable(what: str, where: str, code: str = "patch-path") -> HubError:
    """A patch that does not fit the resource (422). Says where in the patch, never what stands in the resource."""
    return HubError(Category.INVALID, what, where=where, todo="read the resource again, or mend the patch", code=code)


def too_large(what: str, where: str = "patch") -> HubError:
    """A patch that does or makes too much (413)."""
    return HubError(Category.TOO_LARGE, what, where=where, todo="send it in smaller parts", code="patch-size")


def resource_like(before: Json, after: Any) -> Json:
    """`after` if it is still a resource of the type and id of `before`, without what FHIR's JSON never has: empty lists
    and objects (R4 json.html#null). Raises HubError INVALID otherwise.
    """
    if not isinstance(after, dict) or after.get("resourceType") != before.get("resourceType"):
        raise inapplicable("changes the type of the resource", "patch", "type-changed")
    if after.get("id") != before.get("id"):
        raise inapplicable("changes the id of the resource", "patch", "id-changed")
    tidied: Json = _tidied(after)
    return tidied


def _tidied(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _beside(item) if name.startswith("_") else _tidied(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in _EMPTY}
    if isinstance(value, list):
        return [item for item in map(_tidied, value) if item not in _EMPTY]
    return value


def _beside(value: Any) -> Any:
    """What stands beside primitives keeps its places: null where nothing is left, nothing where all of it is null."""
    if not isinstance(value, list):
        return _tidied(value)
    items = [None if item in _EMPTY else item for item in map(_tidied, value)]
    return items if any(item is not None for item in items) else []


_EMPTY: Final[tuple[object, ...]] = ({}, [])
