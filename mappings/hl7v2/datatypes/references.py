"""People and organisations named in a field (XCN, XON) as resources of their own, and references to them.

What has an identifier becomes a resource; what has only a name is a reference with a display.
"""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.context import Building, Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.identifiers import PLACEHOLDERS, Number, meaning, typed
from mappings.hl7v2.datatypes.names import name_of, surname
from mappings.hl7v2.leaves import clean, leaf
from mappings.hl7v2.parser import Repetition

XCN_PARTS: Final = {
    "1": "identifier.value",
    "2": "name.family",
    **{f"2.{sub}": "name.family.extension" for sub in range(2, 6)},
    "3": "name.given",
    "4": "name.given",
    "5": "name.suffix",
    "6": "name.prefix",
    "7": "name.suffix",
    "9.1": "identifier.assigner.display",
    "9.2": "identifier.system",
    "9.3": "identifier.system",
    "13": "identifier.type",
}
XON_PARTS: Final = {
    "1": "name",
    "3": "identifier.value",
    "6.1": "identifier.assigner.display",
    "6.2": "identifier.system",
    "6.3": "identifier.system",
    "7": "identifier.type",
    "10": "identifier.value",
}
NDL_PARTS: Final = {"1.1": "identifier.value", "1.2": "name.family", "1.3": "name.given"}


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
    family, made_of = surname(rep, 2)
    name = name_of(family, given, prefix, suffix, made_of)
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


def coded_organization(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Organization a CWE names by code and text (OBX-15)."""
    code, text = leaf(rep, 1), leaf(rep, 2)
    if code in PLACEHOLDERS:
        return {"display": text} if text else None
    building = known("Organization", Number(code, (leaf(rep, 3), "", "")), context)
    if text:
        building.resource.setdefault("name", text)
    return reference(building, text)


def logical(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """A reference by identifier and display to a thing a CWE names (equipment, AIG-3)."""
    code, text = leaf(rep, 1), leaf(rep, 2)
    result: dict[str, Any] = {}
    if code not in PLACEHOLDERS:
        found = Number(code, (leaf(rep, 3), "", ""))
        result["identifier"] = typed(found, meaning(found, context, context.at))
    if text:
        result["display"] = text
    return result or None


def person_with_duty(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Practitioner an NDL names; the subcomponents of its first component are a CNN."""
    cnn = [clean(text) for text in rep.subcomponents(1)] + [""] * 3
    value, family, given = cnn[:3]
    name = name_of(family, [given] if given else [], [], [])
    display = name.get("text", "")
    if value in PLACEHOLDERS:
        return {"display": display} if display else None
    building = known("Practitioner", Number(value), context)
    if name:
        building.resource.setdefault("name", [name])
    return reference(building, display)


DATATYPES: Final[dict[str, Datatype]] = {
    "XCN": plain(practitioner, XCN_PARTS),
    "XON": plain(organization, XON_PARTS),
    "XON-text": plain(lambda rep, _: leaf(rep, 1) or leaf(rep, 10) or None, {"1": "", "10": ""}),
    "CWE-organization": plain(coded_organization, {"1": "identifier.value", "2": "name", "3": "identifier.system"}),
    "CWE-reference": plain(logical, {"1": "identifier.value", "2": "display", "3": "identifier.system"}),
    "NDL": plain(person_with_duty, NDL_PARTS),
}
