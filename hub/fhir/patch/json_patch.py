"""JSON Patch (RFC 6902) by the library jsonpatch, an operation at a time: each is counted, and named in a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jsonpatch import InvalidJsonPatch, JsonPatch, JsonPatchException, JsonPatchTestFailed
from jsonpointer import JsonPointer, JsonPointerException

from hub.fhir.patch.budget import Budget
from hub.fhir.patch.change import MAX_OPERATIONS, Change, inapplicable, malformed, resource_like, too_large
from hub.kernel.types import Json

#: The members each operation needs besides `path` (RFC 6902 section 4).
_NEEDS: Final[Mapping[str, str]] = {
    "add": "value",
    "remove": "",
    "replace": "value",
    "move": "from",
    "copy": "from",
    "test": "value",
}
#: Characters of one pointer.
_LONGEST: Final = 2000
_MISFITS: Final = (JsonPatchException, JsonPointerException, LookupError, TypeError, ValueError, AttributeError)


def read_json_patch(document: Any) -> Change:
    """The change a parsed patch document asks for. Raises HubError UNREADABLE (400), TOO_LARGE."""
    if not isinstance(document, list):
        raise malformed("is not a list of operations", "patch")
    if len(document) > MAX_OPERATIONS:
        raise too_large(f"has more than {MAX_OPERATIONS} operations")
    operations = [_read(operation, f"patch[{index}]") for index, operation in enumerate(document)]

    def change(resource: Json) -> Json:
        before = {name: resource.get(name) for name in ("resourceType", "id")}
        budget, result = Budget(), resource
        for index, operation in enumerate(operations):
            result = _applied(operation, result, budget, f"patch[{index}]")
        return resource_like(before, result)

    return change


def _read(operation: Any, where: str) -> Json:
    kind = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(kind, str) or kind not in _NEEDS:
        raise malformed("is not an operation of RFC 6902", where)
    needed = _NEEDS[kind]
    if needed and needed not in operation:
        raise malformed(f"has no {needed}", where)
    for name in ("path", "from") if needed == "from" else ("path",):
        _check_pointer(operation.get(name), f"{where}.{name}")
    read: Json = operation
    return read


def _check_pointer(text: Any, where: str) -> None:
    try:
        if isinstance(text, str) and len(text) <= _LONGEST:
            JsonPointer(text)
            return
    except JsonPointerException:
        pass
    raise malformed("is not a JSON pointer", where)


def _applied(operation: Json, document: Any, budget: Budget, where: str) -> Any:
    try:
        _count(operation, document, budget)
        return JsonPatch([operation]).apply(document, in_place=True)
    except JsonPatchTestFailed:
        raise inapplicable("the test does not hold", where, "patch-test") from None
    except InvalidJsonPatch:
        raise malformed("is not an operation of RFC 6902", where) from None
    except _MISFITS:
        raise inapplicable("there is no such place in the resource", where) from None


def _count(operation: Json, document: Any, budget: Budget) -> None:
    kind = operation["op"]
    level = len(JsonPointer(operation["path"]).parts)
    if kind in ("add", "replace"):
        budget.grow(operation["value"], level)
    elif kind == "copy":
        budget.grow(JsonPointer(operation["from"]).resolve(document), level)
    elif kind == "move":
        budget.reach(JsonPointer(operation["from"]).resolve(document), level)
