"""Whoever takes part: assigned persons and organisations to Practitioner, PractitionerRole, Organization, Location."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import concept, identifiers
from mappings.cda.context import Context, reference
from mappings.cda.demographics import addresses, human_names, telecoms
from mappings.cda.node import Node
from mappings.cda.tables import table

#: Elements that hold the person of a role.
_PERSONS: Final = ("assignedPerson", "associatedPerson", "playingEntity", "relatedPerson", "informationRecipient")
#: Elements that hold the organisation a role acts for.
_ORGANISATIONS: Final = (
    "representedOrganization", "scopingOrganization", "receivedOrganization", "representedCustodianOrganization",
)  # fmt: skip
_ROLES: Final = (
    "assignedEntity", "assignedAuthor", "associatedEntity", "intendedRecipient", "participantRole",
    "responsibleParty", "assignedCustodian",
)  # fmt: skip
#: Physical types of places (table identifiers, column `of`).
_PLACES: Final = {"ro": "Room", "bd": "Bed", "wa": "Ward"}


def role_of(node: Node) -> Node | None:
    """The role within a participation (author, performer, authenticator, participant)."""
    return next((found for name in _ROLES if (found := node.first(name))), None)


def party(node: Node, context: Context) -> Json | None:
    """A reference to who takes part by a participation or role: with a role or organisation a PractitionerRole."""
    role = role_of(node) or node
    inner = role_of(role)
    role = inner if inner is not None else role
    person = _practitioner(role, context)
    organisation = next(
        (made for name in _ORGANISATIONS for each in role.all(name) if (made := organization(each, context))), None
    )
    code = concept(role.first("code") or role.first("functionCode"), context, "PractitionerRole.code")
    if person is None:
        return reference(organisation) if organisation else None
    if person["resourceType"] == "Device":
        return reference(person)
    if organisation is None and code is None:
        return named(person)
    key = f"{person['id']}|{organisation['id'] if organisation else ''}|{(code or {}).get('text', '')}"
    made = context.resource("PractitionerRole", "role", key, about_patient=False)
    made["practitioner"] = named(person)
    if organisation:
        made["organization"] = reference(organisation)
    if code:
        made["code"] = [code]
    return named(made, person)


def named(resource: Json, person: Json | None = None) -> Json:
    """A reference with the name of whom it is to."""
    names = (person or resource).get("name") or [{}]
    shown = names[0].get("text") if isinstance(names, list) else names
    return reference(resource) | ({"display": shown} if shown else {})


def _practitioner(role: Node, context: Context) -> Json | None:
    holders = [found for name in _PERSONS for found in role.all(name)]
    names = human_names([name for holder in (*holders, role) for name in holder.all("name")], "Practitioner.name")
    devices = [name for holder in role.all("assignedAuthoringDevice") for name in holder.children if name.words()]
    if devices and not names:
        return _device(devices, role, context)
    numbers = identifiers(
        [*role.all("id"), *(each for holder in holders for each in holder.all("id"))], "Practitioner.identifier"
    )
    if not names and (not numbers or not holders):
        return None
    made = context.resource("Practitioner", *_identity(numbers, names, role, context), about_patient=False)
    made |= {name: value for name, value in (("identifier", numbers), ("name", names)) if value}
    contacts = telecoms(role.all("telecom"), "Practitioner.telecom")
    homes = addresses(role.all("addr"), "Practitioner.address")
    return _with(made, telecom=contacts, address=homes)


def _device(names: list[Node], role: Node, context: Context) -> Json:
    made = context.resource("Device", "authoring", "|".join(node.words() for node in names), about_patient=False)
    made["deviceName"] = [{"name": node.words(), "type": "model-name"} for node in names]
    for node in names:
        node.take_all("Device.deviceName")
    return _with(made, identifier=identifiers(role.all("id"), "Device.identifier"))


def _identity(numbers: list[Json], names: list[Json], node: Node, context: Context) -> tuple[str, str]:
    """What a person or organisation is known by: a number, else its name within this document."""
    for number in numbers:
        if "value" in number:
            return number.get("system", ""), f"{number['value']}|{names[0]['text']}" if names else number["value"]
    return f"document|{context.document[0]}", f"{context.document[1]}|{names[0]['text'] if names else node.path}"


def organization(node: Node, context: Context) -> Json | None:
    """The Organization, or by the kind of its number the Location, of an organisation element; None if it is empty."""
    ids = node.all("id")
    root = next((each.get("root") for each in ids if each.get("root") in table("identifiers")), "")
    place = _PLACES.get(table("identifiers")[root]["of"]) if root else None
    kind = "Location" if place else "Organization"
    numbers = identifiers(ids, f"{kind}.identifier")
    names = [words for each in node.all("name") if (words := each.words())]
    above = next(_above(node, context), None)
    if not names and not numbers:
        return above
    if place and not numbers:
        for each in node.all("name"):
            each.refuse("a place without a number: only the name of the organisation above it")
        return above
    authority, key = _identity(numbers, [{"text": names[0]}] if names else [], node, context)
    made = context.resource(kind, authority, key, about_patient=False)
    for each in node.all("name"):
        each.take(f"{kind}.name")
    _with(made, identifier=numbers, telecom=_business(telecoms(node.all("telecom"), f"{kind}.telecom")))
    made["name"] = names[0] if names else numbers[0].get("value", "")
    found = _business(addresses(node.all("addr"), f"{kind}.address"))
    if kind == "Organization":
        return _with(made, address=found, partOf=reference(above) if above and above["resourceType"] == kind else None)
    made["physicalType"] = _physical(table("identifiers")[root]["of"], place or "")
    if above:
        made["partOf" if above["resourceType"] == "Location" else "managingOrganization"] = reference(above)
    return made


def _business(found: list[Json]) -> list[Json]:
    """Contacts of an organisation, which R4 does not let be at home (org-2, org-3)."""
    return [{name: each for name, each in one.items() if (name, each) != ("use", "home")} for one in found]


def _physical(code: str, display: str) -> Json:
    system = "http://terminology.hl7.org/CodeSystem/location-physical-type"
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _above(node: Node, context: Context) -> Iterator[Json]:
    for part in node.all("asOrganizationPartOf"):
        for whole in part.all("wholeOrganization"):
            made = organization(whole, context)
            if made is not None:
                yield made


def _with(resource: Json, **members: object) -> Json:
    """Set the members that say something."""
    resource |= {name: value for name, value in members.items() if value}
    return resource
