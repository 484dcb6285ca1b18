"""What a pharmacy tells of its dispensing, held against the prescriptions it was sent."""

from __future__ import annotations

from typing import Any

from hub.api.fhir.exchange import Ask
from hub.api.fhir.messaging.events import prescriptions
from hub.api.fhir.messaging.message import Carried, Message
from hub.api.fhir.parameters import asked
from hub.api.services import Services
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Issue, Json


async def check_dispenses(services: Services, ask: Ask, message: Message) -> list[Issue]:
    """Check that what was dispensed was prescribed to the same patient and sent to this pharmacy.

    Warns of prescriptions that are not in force: what was handed over is on record all the same. Raises HubError
    NOT_FOUND for a prescription that was not sent to it, which looks like one that does not exist; INVALID for another
    patient.
    """
    warnings: list[Issue] = []
    subjects = set()
    for each in message.of("MedicationDispense"):
        prescription = await _sent_here(services, ask, each)
        subjects.add(_reference(prescription, "subject"))
        if _reference(each.resource, "subject") != _reference(prescription, "subject"):
            raise _another(f"{each.where}.resource.subject")
        if prescription.get("status") != "active":
            place, text = f"{each.where}.resource.authorizingPrescription", "the prescription is not in force"
            warnings.append(Issue(severity="warning", where=place, code="not-in-force", text=text))
    for task in message.of("Task"):
        if _reference(task.resource, "for") not in subjects:
            raise _another(f"{task.where}.resource.for")
    return warnings


async def _sent_here(services: Services, ask: Ask, dispense: Carried) -> Json:
    """The prescription of a MedicationDispense, as its pharmacy may see it."""
    (rid,) = prescriptions(dispense.resource)
    criteria = [("_id", rid), ("intended-dispenser", f"Organization/{ask.actor.organization}"), ("_total", "none")]
    page = await asked(services.gate.search(ask.actor, "MedicationRequest", criteria, origin=ask.origin))
    if not page.matches:
        where, todo = f"{dispense.where}.resource.authorizingPrescription", "ask for the prescriptions that were sent"
        raise HubError(
            Category.NOT_FOUND, "was not sent to this pharmacy", where=where, todo=todo, code="no-prescription"
        )
    found: Json = loads(page.matches[0].body)
    return found


def _reference(resource: Json, name: str) -> str:
    stated: Any = resource.get(name)
    return str(stated.get("reference", "")) if isinstance(stated, dict) else ""


def _another(where: str) -> HubError:
    what, todo = "is not the patient of the prescription", "refer to the subject of the prescription"
    return HubError(Category.INVALID, what, where=where, todo=todo, code="another-patient")
