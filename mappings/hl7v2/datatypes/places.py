"""Places (PL, DLD) as Location resources and references to them: one resource for each place as it is written."""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.context import Context, mapped
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.contacts import address
from mappings.hl7v2.datatypes.identifiers import Number
from mappings.hl7v2.datatypes.references import known, reference
from mappings.hl7v2.leaves import component, leaf
from mappings.hl7v2.parser import Repetition

_PL_PARTS: Final = {
    **{f"{n}.*": "name" for n in (1, 2, 3, 7, 8)},
    "4.1": "identifier.assigner.display",
    "4.2": "identifier.system",
    "4.3": "identifier.system",
    "9": "description",
    "10.1": "identifier.value",
}

_ADDRESS: Final = mapped("Location.address")

_LA2_PARTS: Final = {"1.*": "name", "2.*": "name", "3.*": "name", "4.1": "name", "4.2": "identifier.system"}

#: Codes of location-physical-type by the component of PL that names that kind of place, in the order of the name.
_LEVELS: Final = (("bu", 7), ("lvl", 8), ("wa", 1), ("ro", 2), ("bd", 3))
_DEPTH: Final = ("bu", "lvl", "wa", "ro", "bd")


def location(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Location a PL names: the bed, room or ward, one resource for each as it is written."""
    levels = [(code, text) for code, comp in _LEVELS if (text := component(rep, comp))]
    number, description = leaf(rep, 10, 1), leaf(rep, 9)
    if not levels and not number:
        context.note("refused", "no place in it")
        return None
    name = " ".join(text for _, text in levels) or number
    place = number or "/".join(f"{code}={text}" for code, text in levels)
    building = known("Location", Number(place, (leaf(rep, 4, 1), leaf(rep, 4, 2), leaf(rep, 4, 3))), context)
    resource = building.resource
    resource.setdefault("name", name)
    if description:
        resource.setdefault("description", description)
    kind = max(levels, key=lambda level: _DEPTH.index(level[0]))[0] if levels else ""
    if kind:
        system = "http://terminology.hl7.org/CodeSystem/location-physical-type"
        resource.setdefault("physicalType", {"coding": [{"system": system, "code": kind}]})
    return reference(building, name)


def addressed_place(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Location a PL names (RXA-27), with the address of the next field."""
    found = location(rep, context)
    made, addresses = context.made(found), context.segment.repetitions(context.field + 1)
    stated = address(addresses[0], context) if made is not None and addresses else None
    if made is not None and stated:
        made.resource.setdefault("address", stated)
        context.took(context.segment, context.field + 1, _ADDRESS)
    return found


def facility_place(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Location an LA2 names (RXA-11): its point of care, else the facility."""
    named = [component(rep, comp) for comp in (1, 2, 3)]
    name = " ".join(filter(None, named)) or leaf(rep, 4)
    if not name:
        return None
    authority = (leaf(rep, 4, 1), leaf(rep, 4, 2), leaf(rep, 4, 3)) if any(named) else ("", "", "")
    building = known("Location", Number(name, authority), context)
    building.resource.setdefault("name", name)
    return reference(building, name)


def discharge_place(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the Location a DLD names by a code and its text."""
    code, text = leaf(rep, 1, 1), leaf(rep, 1, 2)
    if not code and not text:
        return None
    building = known("Location", Number(code or text), context)
    building.resource.setdefault("name", text or code)
    return reference(building, text or code)


DATATYPES: Final[dict[str, Datatype]] = {
    "PL": plain(location, _PL_PARTS),
    "PL-addressed": plain(addressed_place, _PL_PARTS),
    "LA2": plain(
        facility_place, {"1.*": "name", "2.*": "name", "3.*": "name", "4.1": "name", "4.2": "identifier.system"}
    ),
    "DLD": plain(discharge_place, {"1.1": "identifier.value", "1.2": "name"}),
}
