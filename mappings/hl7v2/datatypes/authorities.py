"""Assigning authorities and systems (HD) as Organizations, Devices, Locations and names of them.

An HD names a thing by a name of the sender's own (HD.1) and by an id known elsewhere (HD.2) of a kind (HD.3). Both are
identifiers of the resource; the reference to it carries the sender's name as its display.
"""

from __future__ import annotations

from typing import Any, Final

from mappings.hl7v2.absent import unknown
from mappings.hl7v2.building import Building
from mappings.hl7v2.codetables import table
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.base import Datatype, plain
from mappings.hl7v2.datatypes.identifiers import URI_SYSTEM, authority_uri, uri_of
from mappings.hl7v2.leaves import leaf
from mappings.hl7v2.parser import Repetition
from mappings.hl7v2.paths import Primitive

#: The three parts of an HD.
Authority = tuple[str, str, str]

HD_PARTS: Final = {"1": "identifier.value", "2": "identifier.value", "3": "identifier.type"}


def authority_of(rep: Repetition) -> Authority:
    """The parts of a field that is an HD."""
    return leaf(rep, 1), leaf(rep, 2), leaf(rep, 3)


def identifiers(authority: Authority, context: Context) -> list[dict[str, Any]]:
    """Identifier of the sender's name, and of the universal id with its kind."""
    namespace, universal, kind = authority
    found: list[dict[str, Any]] = []
    if namespace:
        system = authority_uri("", "", "", context.habits.canonical_base, context.habits.facility)
        found.append({"system": system, "value": namespace})
    if universal:
        uri = uri_of(universal, kind)
        found.append({"system": URI_SYSTEM, "value": uri} if uri else {"value": universal})
        entry = table("universal-id-type").get(kind)
        if entry is not None:
            found[-1]["type"] = {"coding": [entry.coding()]}
    return found


def named(rtype: str, authority: Authority, context: Context) -> Building | None:
    """The draft of the resource an HD names; None for an empty one."""
    namespace, universal, _ = authority
    if not namespace and not universal:
        return None
    building = context.draft(rtype, "authority", universal or namespace, None)
    if "identifier" not in building.resource:
        building.resource["identifier"] = identifiers(authority, context)
    return building


def organization_of(authority: Authority, context: Context) -> dict[str, Any] | None:
    """Reference to the Organization an HD names."""
    building = named("Organization", authority, context)
    if building is None:
        return None
    building.resource.setdefault("name", authority[0] or authority[1])
    return building.reference | {"display": authority[0] or authority[1]}


def _device(rep: Repetition, context: Context) -> dict[str, Any] | None:
    building = named("Device", authority_of(rep), context)
    return building.reference | {"display": leaf(rep, 1) or leaf(rep, 2)} if building else None


def site(authority: Authority, context: Context) -> Building | None:
    """The site an HD names."""
    building = named("Location", authority, context)
    if building is not None and "name" not in building.resource:
        system = "http://terminology.hl7.org/CodeSystem/location-physical-type"
        building.resource |= {
            "name": authority[0] or authority[1],
            "mode": "instance",
            "physicalType": {"coding": [{"system": system, "code": "si"}]},
        }
    return building


def _location(rep: Repetition, context: Context) -> dict[str, Any] | None:
    """Reference to the site an HD names."""
    building = site(authority_of(rep), context)
    return building.reference | {"display": leaf(rep, 1) or leaf(rep, 2)} if building else None


def _endpoint(rep: Repetition, _: Context) -> Primitive | str:
    """A URL of the universal id; what has none is an absent element, because R4 wants one."""
    uri = uri_of(leaf(rep, 2), leaf(rep, 3))
    return uri or Primitive(None, unknown()["extension"])


def _name(rep: Repetition, _: Context) -> str | None:
    """The sender's name; where the universal id is no URI, that and its kind too."""
    namespace, universal, kind = authority_of(rep)
    if universal and not uri_of(universal, kind):
        return f"{namespace} - {kind}:{universal}"
    return namespace or None


def _identifier(rep: Repetition, context: Context) -> list[dict[str, Any]] | None:
    return identifiers(authority_of(rep), context) or None


DATATYPES: Final[dict[str, Datatype]] = {
    "HD-organization": plain(lambda rep, context: organization_of(authority_of(rep), context), HD_PARTS),
    "HD-device": plain(_device, HD_PARTS),
    "HD-location": plain(_location, {"1": "name", "2": "identifier.value", "3": "identifier.system"}),
    "HD-endpoint": plain(_endpoint, {"2": ""}),
    "HD-name": plain(_name, {"1": ""}),
    "HD-universal": plain(lambda rep, _: leaf(rep, 2) or None, {"2": ""}),
    "HD-identifier": plain(_identifier, {"1": "value", "2": "value", "3": "type"}),
}
