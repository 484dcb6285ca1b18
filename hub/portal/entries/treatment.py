"""Medicines: prescribed, dispensed, given, taken; and immunisations."""

from __future__ import annotations

from typing import Any

from hub.portal.elements import concept, objects, reference, text
from hub.portal.entry import Entry, Reading
from hub.portal.record import Item
from hub.portal.values import quantity


def medication(item: Item, reading: Reading) -> Entry:
    """A MedicationRequest, MedicationDispense, MedicationStatement or MedicationAdministration."""
    resource = item.resource
    doses = [*objects(resource, "dosageInstruction"), *objects(resource, "dosage")]
    days = resource.get("daysSupply") or resource.get("dispenseRequest", {}).get("expectedSupplyDuration")
    supplied = quantity(resource.get("quantity")) or quantity(resource.get("dispenseRequest", {}).get("quantity"))
    return reading.entry(
        item,
        "medication",
        medicine(item, reading),
        *(text(dose, "text") for dose in doses),
        supplied,
        _span(days, reading),
    )


def _span(days: Any, reading: Reading) -> str:
    """How long a supply lasts, in words: UCUM writes `84 d`."""
    if not isinstance(days, dict) or not (words := reading.say.code("span", text(days, "code") or text(days, "unit"))):
        return quantity(days)
    return f"{days.get('value', '')} {words}"


def medicine(item: Item, reading: Reading) -> str:
    """The name of what was prescribed or given."""
    stated = item.resource.get("medicationCodeableConcept")
    if stated is not None:
        return concept(stated)
    referred = item.resource.get("medicationReference")
    found = reading.item(reference(referred))
    return concept(found.resource.get("code")) if found else reading.named(referred)


def immunization(item: Item, reading: Reading) -> Entry:
    """An Immunization."""
    return reading.entry(item, "other", concept(item.resource.get("vaccineCode")), text(item.resource, "lotNumber"))
