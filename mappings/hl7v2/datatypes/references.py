"""People and organisations named in a field (XCN, XON) as resources of their own, and references to them.

What has an identifier becomes a resource. A person who has only a name is known by it, at this facility: a source that
gives no number cannot tell two of one name apart either. An organisation without one is a reference with a display.
"""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.coding_systems import known_system
from mappings.hl7v2.datatypes.identifiers import (
    PLACEHOLDERS,
    XCN_NUMBER,
    XCN_NUMBER_PARTS,
    XON_NUMBER,
    XON_OLD_NUMBER,
    Number,
    NumberLayout,
    checked,
    meaning,
    number_in,
    typed,
)
from mappings.hl7v2.datatypes.names import XCN_NAME_PARTS, XCN_QUALIFIED, is_chinese, name_of, named_in
from mappings.hl7v2.leaves import clean, leaf
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.paths import LONG_LISTS, append

XCN_PARTS: Final = {
    **{comp: f"name.{part}" for comp, part in XCN_NAME_PARTS.items()},
    **{comp: f"identifier.{part}" for comp, part in XCN_NUMBER_PARTS.items()},
    "7": "qualification.code",
}
XON_PARTS: Final = {
    "1": "name",
    "3": "identifier.value",
    "10": "identifier.value",
    **{comp: f"identifier.{part}" for comp, part in XON_NUMBER.parts().items()},
}
NDL_PARTS: Final = {
    "1.1": "identifier.value",
    "1.2": "name.family",
    "1.3": "name.given",
    "1.4": "name.given",
    "1.5": "name.suffix",
    "1.6": "name.prefix",
    "1.7": "name.suffix",
}


def reference(building: Building, display: str) -> dict[str, str]:
    return building.reference | {"display": display} if display else building.reference


def known(rtype: str, found: Number, context: Context) -> Building:
    meant = meaning(found, context, context.at)
    building = context.draft(rtype, meant.key, found.value, None)
    if "identifier" not in building.resource:
        building.resource["identifier"] = [typed(found, meant)]
    return building


def _named(name: str, context: Context) -> Building | None:
    """The draft of a person who has a name and no number; None if there is no name."""
    return context.draft("Practitioner", "named", name, None) if name else None


def _call(building: Building, name: dict[str, Any], context: Context) -> None:
    """Add a name; another one told under the same number stays beside it."""
    if name:
        append(building.resource, "name", name, {LONG_LISTS: context.long_lists})


def _numbered(rtype: str, rep: Repetition, layout: NumberLayout, context: Context) -> Building | None:
    """The draft of what the number in a type's components names; None if it states none."""
    found = number_in(rep, layout)
    if found is None:
        return None
    building = known(rtype, found, context)
    if len(rep.components()) >= layout.check:
        building.resource["identifier"][0] = checked(building.resource["identifier"][0], rep, layout)
    return building


def practitioner(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Practitioner an XCN names."""
    name = named_in(rep, context, XCN_QUALIFIED) or _only_named(leaf(rep, 1))
    display = name.get("text", "")
    building = _numbered("Practitioner", rep, XCN_NUMBER, context) or _named(display, context)
    if building is None:
        return None
    _call(building, name, context)
    degree = leaf(rep, 7)
    if degree:
        building.resource.setdefault("qualification", [{"code": _degree(degree)}])
    return reference(building, display)


def _only_named(text: str) -> dict[str, Any]:
    """The name of a person whom a sender writes where the number belongs, as many do who have none."""
    if is_chinese(text):
        return name_of(text, [], [], [])
    words = " " in text and not any(character.isdigit() for character in text)
    return {"text": text} if words else {}


def _degree(text: str) -> dict[str, Any]:
    """A degree as a code of v2 table 0360, or in the sender's words."""
    entry = table("degree").get(text)
    return {"coding": [entry.coding()], "text": entry.display} if entry else {"text": text}


def organization(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Organization an XON names."""
    name = leaf(rep, 1)
    layout = XON_NUMBER if leaf(rep, 10) not in PLACEHOLDERS else XON_OLD_NUMBER
    building = _numbered("Organization", rep, layout, context)
    if building is None:
        return {"display": name} if name else None
    if name:
        building.resource.setdefault("name", name)
    return reference(building, name)


def coded_organization(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Organization a CWE names by code and text (OBX-15, RXA-17); its number is of a system that HL7
    or FHIR names, if one is told.
    """
    code, text = leaf(rep, 1), leaf(rep, 2) or leaf(rep, 9)
    if code in PLACEHOLDERS:
        return {"display": text} if text else None
    building = known("Organization", Number(code, (leaf(rep, 3), "", "")), context)
    system, (stated, *_) = known_system(leaf(rep, 3)), building.resource["identifier"]
    if system and context.habits.profile.rule(context.at, (leaf(rep, 3), "", ""), "") is None:
        stated["system"] = system
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
    cnn = [clean(text) for text in rep.subcomponents(1)] + [""] * 7
    value, family, given, second, suffix, prefix, degree = cnn[:7]
    givens, prefixes, suffixes = (list(filter(None, texts)) for texts in ((given, second), (prefix,), (suffix, degree)))
    name = name_of(family, givens, prefixes, suffixes)
    display = name.get("text", "")
    unnumbered = value in PLACEHOLDERS
    building = _named(display, context) if unnumbered else known("Practitioner", Number(value), context)
    if building is None:
        return None
    _call(building, name, context)
    return reference(building, display)


def is_person(rep: Repetition) -> bool:
    """Whether an NDL is written as an XCN: its second or third component is a name, and no time."""
    said = leaf(rep, 2) or leaf(rep, 3)
    return bool(said) and not said[0].isdigit() and len(rep.subcomponents(1)) < 2


DATATYPES: Final[dict[str, Datatype]] = {
    "XCN": plain(practitioner, XCN_PARTS, repeated=True),
    "XON": plain(organization, XON_PARTS, repeated=True),
    "XON-text": plain(lambda rep, _: leaf(rep, 1) or leaf(rep, 10) or None, {"1": "", "10": ""}),
    "CWE-organization": plain(
        coded_organization, {"1": "identifier.value", "2": "name", "3": "identifier.system", "9": "name"}
    ),
    "CWE-reference": plain(logical, {"1": "identifier.value", "2": "display", "3": "identifier.system"}),
    "NDL": plain(person_with_duty, NDL_PARTS),
}
