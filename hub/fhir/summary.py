"""The summary of a resource: the elements the specification marks (ElementDefinition.isSummary, `tables/summary.json`).

The marks hold inside data types and backbone elements too: of an Attachment the title belongs to a summary, the data
does not. Mandatory elements stay in any case, and so do modifier extensions. What stands beside a primitive (id,
extensions such as data-absent-reason) goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from hub.fhir.structure import PRIMITIVES, structure
from hub.fhir.table import read_table
from hub.kernel.types import Json

_MARKED: Final[Mapping[str, list[str]]] = read_table("summary")
_WHOLE: Final = frozenset({"resourceType", "modifierExtension"})


def summarised(value: Json, name: str) -> Json:
    """What a summary keeps of an object of a type; empty where nothing of it belongs to one."""
    plan = _plan(name)
    out: Json = {}
    for key, item in value.items():
        if key in _WHOLE:
            out[key] = item
        elif key in plan:
            inner, mandatory = plan[key]
            part = _part(item, inner) if inner else item
            if part or not inner or mandatory:
                out[key] = part or item
    return out


def _part(item: Any, name: str) -> Any:
    if isinstance(item, list):
        return [part for one in item if (part := _part(one, name))]
    if not isinstance(item, dict):
        return item
    return summarised(item, str(item.get("resourceType")) if name == "Resource" else name)


@cache
def _plan(name: str) -> Mapping[str, tuple[str, bool]]:
    """What a summary keeps of a type: JSON property -> its type ("" for a primitive), and whether it is mandatory."""
    found, marked = structure(name), _marked(name)
    plan: dict[str, tuple[str, bool]] = {}
    for element in found.elements.values() if found is not None else ():
        if element.minimum or element.name in marked:
            mandatory = element.minimum > 0
            for key, ref in element.properties():
                plain = ref.name in PRIMITIVES
                plan[key] = "" if plain else ref.name, mandatory
                plan |= {f"_{key}": ("", mandatory)} if plain else {}
    return plan


def _marked(name: str) -> frozenset[str]:
    """The marked elements of a type, inherited ones too."""
    found = structure(name)
    inherited = _marked(found.base) if found is not None and found.base else frozenset[str]()
    return inherited.union(leaf.removesuffix("[x]") for leaf in _MARKED.get(name, ()))
