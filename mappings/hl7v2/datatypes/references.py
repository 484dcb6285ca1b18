"""People and organisations named in a field (XCN, XON) as resources of their own, and references to them.

What has an identifier becomes a resource; what has only a name is a reference with a display.
"""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.context import Building, Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.identifiers import PLACEHOLDERS, Number, meaning, typed
from mappings.hl7v2.datatypes.names import name_of
from mappings.hl7v2.leaves import component, leaf
from mappings.hl7v2.parser import Repetition

_XCN_PARTS: Final = {"1": "identifier.value", "2.*": "name.family", "3": "name.given", "4": "name.given",
                     "5": "name.suffix", "6": "name.prefix", "7": "name.suffix", "9.1": "identifier.system",
                     "9.2": "identifier.system", "9.3": "identifier.system", "13": "identifier.type"}  # fmt: skip
_XON_PARTS: Final = {"1": "name", "3": "identifier.value", "6.1": "identifier.system", "6.2": "identifier.system",
                     "6.3": "identifier.system", "7": "identifier.type", "10": "identifier.value"}  # fmt: skip


def reference(building: Building, display: str) -> dict[str, str]:
    return building.reference | {"display": display} if display else building.reference


def known(rtype: str, found: Number, context: Context) -> Building:
    meant = meaning(found, context, context.at)
    building = context.draft(rtype, meant.key, found.value, None)
    if "identifier" not in building.resource:
        building.resource["identifier"] = [typed(found, meant)]
    return building


def practitioner(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Practitioner an XCN names."""
    given = [text for comp in (3, 4) if (text := leaf(rep, comp))]
    suffix = [text for comp in (5, 7) if (text := leaf(rep, comp))]
    prefix = [text] if (text := leaf(rep, 6)) else []
    name = name_of(component(rep, 2), given, prefix, suffix)
    display = name.get("text", "")
    value = leaf(rep, 1)
    if value in PLACEHOLDERS:
        return {"display": display} if display else None
    found = Number(value, (leaf(rep, 9, 1), leaf(rep, 9, 2), leaf(rep, 9, 3)), leaf(rep, 13))
    building = known("Practitioner", found, context)
    if name:
        building.resource.setdefault("name", [name])
    return reference(building, display)


def organization(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Organization an XON names."""
    name = leaf(rep, 1)
    value = leaf(rep, 10) or leaf(rep, 3)
    if value in PLACEHOLDERS:
        return {"display": name} if name else None
    found = Number(value, (leaf(rep, 6, 1), leaf(rep, 6, 2), leaf(rep, 6, 3)), leaf(rep, 7))
    building = known("Organization", found, context)
    if name:
        building.resource.setdefault("name", name)
    return reference(building, name)


DATATYPES: Final[dict[str, Datatype]] = {
    "XCN": plain(practitioner, _XCN_PARTS),
    "XON": plain(organization, _XON_PARTS),
}
