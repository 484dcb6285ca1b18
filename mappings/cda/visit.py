"""encompassingEncounter to Encounter, with the places and organisations it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hub.kernel.types import Json
from mappings.cda.codes import concept, identifiers
from mappings.cda.context import Context, reference
from mappings.cda.node import Node
from mappings.cda.parties import organization, party
from mappings.cda.times import when
from mappings.cda.values import quantity

_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#: Class of a visit by the kind of number the patient has at it.
_CLASSES: Final = {"urn:oid:2.16.156.10011.1.12": "IMP", "urn:oid:2.16.156.10011.1.11": "AMB"}
_UNKNOWN: Final = {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"}


def visit(patient: Json, context: Context) -> None:
    """The Encounter the document was written at; none where it says nothing of it."""
    node = context.root.first("componentOf", "encompassingEncounter")
    if node is None:
        return
    numbers = [each for each in patient.get("identifier", []) if each.get("system") in _CLASSES]
    said = any(leaf.get("value") or leaf.get("extension") or leaf.get("code") for leaf in node.walk())
    if not said:
        return
    made = _encounter(node, numbers, context)
    context.encounter = reference(made)
    if "period" in made:
        context.when = made["period"].get("start", "")


def _encounter(node: Node, numbers: list[Json], context: Context) -> Json:
    own = identifiers(node.all("id"), "Encounter.identifier")
    key = next((f"{each.get('system', '')}|{each['value']}" for each in (*own, *numbers) if "value" in each), "")
    made = context.resource("Encounter", "visit", key) if key else context.entry("Encounter", node)
    time = when(node.first("effectiveTime"), context, "Encounter.period")
    made["status"] = "finished" if "end" in time.get("Period", {}) else "unknown"
    made["class"] = next(({"system": _ACT, "code": _CLASSES[each["system"]]} for each in numbers), _UNKNOWN)
    if found := [*own, *(each for each in numbers if each not in own)]:
        made["identifier"] = found
    if context.patient:
        made["subject"] = context.patient
    if code := concept(node.first("code"), context, "Encounter.type"):
        made["type"] = [code]
    if time:
        made["period"] = time.get("Period") or {"start": time["DateTime"]}
    length = node.first("effectiveTime", "width")
    if length is not None and (lasted := quantity(length, "Encounter.length")) and lasted.get("code"):
        made["length"] = lasted
    _people(made, node, context)
    _places(made, node, context)
    left = concept(node.first("dischargeDispositionCode"), context, "Encounter.hospitalization.dischargeDisposition")
    if left:
        made["hospitalization"] = {"dischargeDisposition": left}
    return made


def _people(made: Json, node: Node, context: Context) -> None:
    people = [*node.all("encounterParticipant"), *node.all("responsibleParty")]
    found = [{"individual": who} for each in people if (who := party(each, context))]
    if found:
        made["participant"] = found


def _places(made: Json, node: Node, context: Context) -> None:
    """Locations as visited, and the organisation the innermost of them belongs to."""
    for facility in node.all("location", "healthCareFacility"):
        for organisation in facility.all("serviceProviderOrganization"):
            found = list(_organisations(organisation, context))
            rooms = [each for each in found if each["resourceType"] == "Location"]
            providers = [each for each in found if each["resourceType"] == "Organization"]
            if rooms:
                made["location"] = [{"location": reference(each)} for each in rooms]
            if providers:
                made["serviceProvider"] = reference(providers[0])
        place = facility.first("location")
        names = [words for each in (place.all("name") if place else []) if (words := each.words())]
        if place is not None and names:
            room = context.resource(
                "Location", f"document|{context.document[0]}", f"{context.document[1]}|{names[0]}", about_patient=False
            )
            room["name"] = names[0]
            place.all("name")[0].take_all("Location.name")
            if numbers := identifiers(facility.all("id"), "Location.identifier"):
                room["identifier"] = numbers
            if kind := concept(facility.first("code"), context, "Location.type"):
                room["type"] = [kind]
            made.setdefault("location", []).append({"location": reference(room)})


def _organisations(node: Node, context: Context) -> Iterator[Json]:
    """The resources of the chain of organisations above one, each once."""
    made = organization(node, context)
    seen: set[str] = set()
    while made is not None and made["id"] not in seen:
        seen.add(made["id"])
        yield made
        above = made.get("partOf") or made.get("managingOrganization")
        draft = context.drafts.get(above["reference"]) if above else None
        made = draft.resource if draft else None
