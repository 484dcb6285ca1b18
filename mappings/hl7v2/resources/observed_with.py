"""PRT behind OBX: who made an observation, where, and with which device."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.kernel.types import Json
from mappings.hl7v2.building import Building
from mappings.hl7v2.context import Context
from mappings.hl7v2.datatypes.contacts import address
from mappings.hl7v2.datatypes.identifiers import entity
from mappings.hl7v2.engine import Rules
from mappings.hl7v2.leaves import clean, component, field
from mappings.hl7v2.parser import Segment
from mappings.hl7v2.resources.taking_part import role
from mappings.hl7v2.trace import mapped

_PLACE: Final = "http://hl7.org/fhir/StructureDefinition/event-location"
#: Fields of PRT that describe a device.
_DEVICE: Final = (10, 16, 17, 18, 19, 20, 21, 22)
#: How the human-readable form of a UDI begins, by issuer: GS1, HIBCC, ICCBBA.
_UDI: Final = ("(", "+", "=", "&,")


def observers(parts: Iterable[Segment], observation: Building, context: Context, rules: Rules) -> None:
    """Complete an Observation with what its PRT segments say."""
    for segment in parts:
        if segment.name != "PRT":
            continue
        rules.run(segment, observation, context)
        _place(segment, observation, context, rules)
        if any(field(segment, n) for n in _DEVICE):
            observation.resource["device"] = _device(segment, observation, context, rules).reference
        if field(segment, 5) or field(segment, 5, 2) or field(segment, 8):
            performer = role(segment, observation, context, rules).reference
            observation.resource.setdefault("performer", []).append(performer)


def _place(segment: Segment, observation: Building, context: Context, rules: Rules) -> None:
    """PRT-14: the address of where it was made, as a Location of its own."""
    context.segment, context.field, context.rep = segment, 14, 1
    repetitions = segment.repetitions(14)
    if not repetitions or address(repetitions[0], context) is None:
        return
    place = context.draft("Location", "address", clean(repetitions[0].plain()), None)
    place.resource.setdefault("mode", "instance")
    rules.run(segment, place, context)
    extension = {"url": _PLACE, "valueReference": place.reference}
    observation.resource.setdefault("extension", []).append(extension)


def _device(segment: Segment, observation: Building, context: Context, rules: Rules) -> Building:
    """Known by its numbers, for each patient it was used with, in whose record it stands."""
    owner = observation.patient
    key = "|".join(field(segment, n) for n in (10, 16, 20))
    building = context.draft("Device", owner or "message", key, owner)
    resource = building.resource
    rules.run(segment, building, context)
    number, _ = field(segment, 10), field(segment, 16)
    carriers: list[Json] = []
    context.segment, context.field, context.rep = segment, 10, 1
    if number.startswith(_UDI):
        whole = component(segment.repetitions(10)[0], 1)
        carriers.append({"deviceIdentifier": whole, "carrierHRF": whole})
        context.took(segment, 10, mapped("Device.udiCarrier[].deviceIdentifier"))
    elif number:
        made = entity(segment.repetitions(10)[0], context)
        resource["identifier"] = [made] if made else []
        context.took(segment, 10, mapped("Device.identifier[]"))
    if field(segment, 16):
        carriers.append({"deviceIdentifier": field(segment, 16)})
        context.took(segment, 16, mapped("Device.udiCarrier[].deviceIdentifier"))
    if carriers:
        resource["udiCarrier"] = carriers
    return building
