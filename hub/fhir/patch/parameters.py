"""The Parameters resource of a FHIRPath Patch (R4 fhirpatch.html) as operations and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.fhir.patch.change import MAX_OPERATIONS, malformed, too_large
from hub.fhir.patch.places import Pair
from hub.fhir.structure import structure
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: The parts each operation has besides `type`.
_PARTS: Final[Mapping[str, frozenset[str]]] = {
    "add": frozenset({"path", "name", "value"}),
    "insert": frozenset({"path", "index", "value"}),
    "delete": frozenset({"path"}),
    "replace": frozenset({"path", "value"}),
    "move": frozenset({"path", "source", "destination"}),
}
_TEXTS: Final = frozenset({"type", "path", "name"})
_NUMBERS: Final = frozenset({"index", "source", "destination"})


@dataclass(frozen=True, slots=True)
class Given:
    """A value of a data type or a resource: its R4 type, its JSON, and what stands beside it."""

    type: str
    pair: Pair


@dataclass(frozen=True, slots=True)
class Built:
    """A value of a type without a name of its own: its elements by name, in their order."""

    parts: tuple[tuple[str, GivenValue], ...]


GivenValue = Given | Built


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation; `where` is its place in the Parameters."""

    type: str
    path: str
    where: str
    name: str = ""
    value: GivenValue | None = None
    index: int = 0
    source: int = 0
    destination: int = 0


def operations_of(document: Any) -> list[Operation]:
    """Read a Parameters resource. Raises HubError UNREADABLE (400) naming the parameter, TOO_LARGE."""
    if isinstance(document, list):
        todo = "send a JSON Patch as application/json-patch+json"
        raise HubError(Category.UNREADABLE, "is not a Parameters resource", where="patch", todo=todo, code="patch")
    if not isinstance(document, dict) or document.get("resourceType") != "Parameters":
        raise malformed("is not a Parameters resource", "patch")
    given = document.get("parameter", [])
    if not isinstance(given, list):
        raise malformed("is not a list", "Parameters.parameter")
    if len(given) > MAX_OPERATIONS:
        raise too_large(f"has more than {MAX_OPERATIONS} operations", "Parameters.parameter")
    return [_operation(one, f"Parameters.parameter[{index}]") for index, one in enumerate(given)]


def _operation(parameter: Any, where: str) -> Operation:
    if not isinstance(parameter, dict) or parameter.get("name") != "operation":
        raise malformed("is not an operation", where)
    parts = _named_parts(parameter, where)
    kind = _text(parts.get("type"), f"{where}.part(type)")
    wanted = _PARTS.get(kind)
    if wanted is None:
        raise malformed("is not add, insert, delete, replace or move", f"{where}.part(type)")
    if parts.keys() - {"type"} != wanted:
        raise malformed(f"needs exactly the parts type, {', '.join(sorted(wanted))}", where)
    texts = {name: _text(parts[name], f"{where}.part({name})") for name in wanted & _TEXTS}
    numbers = {name: _number(parts[name], f"{where}.part({name})") for name in wanted & _NUMBERS}
    value = _value(parts["value"], f"{where}.part(value)") if "value" in wanted else None
    return Operation(type=kind, where=where, value=value, **texts, **numbers)  # type: ignore[arg-type]


def _named_parts(parameter: Json, where: str) -> dict[str, Json]:
    listed = _listed(parameter, where)
    found = {part["name"]: part for part in listed}
    if len(found) < len(listed):
        raise malformed("has a part twice", where)
    return found


def _listed(parameter: Json, where: str) -> list[Json]:
    parts = parameter.get("part", [])
    if not isinstance(parts, list):
        raise malformed("is not a list", f"{where}.part")
    for index, part in enumerate(parts):
        if not isinstance(part, dict) or not isinstance(part.get("name"), str):
            raise malformed("has no name", f"{where}.part[{index}]")
    return parts


def _text(part: Json | None, where: str) -> str:
    value = None if part is None else part.get("valueString", part.get("valueCode"))
    if not isinstance(value, str) or not value:
        raise malformed("is not a text", where)
    return value


def _number(part: Json, where: str) -> int:
    value = part.get("valueInteger")
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise malformed("is not a whole number from 0", where)
    return value


def _value(part: Json, where: str) -> GivenValue:
    if "part" in part:
        parts: Sequence[Json] = _listed(part, where)
        return Built(tuple((one["name"], _value(one, f"{where}.part({index})")) for index, one in enumerate(parts)))
    resource = part.get("resource")
    if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
        return Given(resource["resourceType"], (resource, None))
    types = _value_types()
    names = {key.removeprefix("_") for key in part} & types.keys()
    if len(names) != 1:
        raise malformed("has not one value[x], resource or parts", where)
    (key,) = names
    return Given(types[key], (part.get(key), part.get("_" + key)))


def _value_types() -> Mapping[str, str]:
    """Each `value[x]` of Parameters and its type."""
    found = structure("Parameters.parameter")
    element = found.elements["value"] if found else None
    return {key: ref.name for key, ref in element.properties()} if element else {}
