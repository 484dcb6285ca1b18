"""The events of the flow of prescriptions: which resources a message of each may hold, and what they must say. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from hub.api.fhir.messaging.message import Carried, Message
from hub.fhir.long_prescriptions import check_span
from hub.kernel.errors import Category, HubError

PRESCRIBE: Final = "prescription"
DISPENSE: Final = "dispense"
QUERY: Final = "prescription-query"

_PRESCRIPTION: Final = re.compile(r"MedicationRequest/([A-Za-z0-9.-]{1,64})")
_PARTIES: Final = frozenset({"Patient", "Practitioner", "PractitionerRole", "Medication"})


class Event(NamedTuple):
    """`told` is the type a message of the event is about: it holds one at least. `beside` may stand with it."""

    told: str
    beside: frozenset[str]
    check: Callable[[Carried, str], None]


def check_message(message: Message, organization: str) -> None:
    """Check a message from an organisation, by its code, against its event.

    Raises HubError FORBIDDEN where it is sent in the name of another, UNSUPPORTED for an event or a resource that is
    none of them, INVALID naming the element that breaks a rule.
    """
    sender = message.header.get("sender")
    if sender is not None and _organization(sender) != organization:
        what, where = "is not the organisation the token is for", "Bundle.entry[0].resource.sender"
        raise HubError(Category.FORBIDDEN, what, where=where, todo="send in your own name", code="sender")
    event = EVENTS.get(message.event)
    if event is None:
        what, where = "is no event the hub knows", "Bundle.entry[0].resource.eventCoding"
        raise HubError(Category.UNSUPPORTED, what, where=where, todo=f"use one of: {', '.join(EVENTS)}", code="event")
    for each in message.carried:
        if each.type != event.told and each.type not in event.beside:
            todo = f"send {', '.join(sorted({event.told, *event.beside}))}"
            raise HubError(Category.UNSUPPORTED, "is no part of this event", where=each.where, todo=todo, code="event")
    if not message.of(event.told):
        raise _invalid(f"holds no {event.told}", "Bundle", "send what the event is about")
    for each in message.of(event.told):
        event.check(each, organization)


def _check_prescription(carried: Carried, _: str) -> None:
    where = f"{carried.where}.resource"
    dispense = carried.resource.get("dispenseRequest")
    performer = dispense.get("performer") if isinstance(dispense, dict) else None
    if not _organization(performer):
        place = f"{where}.dispenseRequest.performer"
        raise _invalid("names no pharmacy", place, "refer to the Organization that shall dispense it")
    check_span(carried.resource, where)


def _check_dispense(carried: Carried, organization: str) -> None:
    where, resource = f"{carried.where}.resource", carried.resource
    performers = resource.get("performer", [])
    actors = (
        [each.get("actor") for each in performers if isinstance(each, dict)] if isinstance(performers, list) else []
    )
    if any(found and found != organization for found in map(_organization, actors)):
        raise _invalid("is another organisation", f"{where}.performer", "tell what your own pharmacy dispensed")
    if len(prescriptions(resource)) != 1:
        raise _invalid("is not one prescription", f"{where}.authorizingPrescription", "refer to MedicationRequest/ID")


def prescriptions(dispense: Mapping[str, Any]) -> list[str]:
    """The ids of the prescriptions a MedicationDispense names."""
    named = dispense.get("authorizingPrescription")
    texts = [each.get("reference") for each in named if isinstance(each, dict)] if isinstance(named, list) else []
    found = (_PRESCRIPTION.fullmatch(text) for text in texts if isinstance(text, str))
    return [each[1] for each in found if each is not None]


def _check_query(_: Carried, __: str) -> None:
    """What is asked is read by who answers it."""


def _organization(reference: Any) -> str:
    """The code of the organisation a Reference names; "" for another, or none."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    return text.partition("/")[2] if isinstance(text, str) and text.startswith("Organization/") else ""


def _invalid(what: str, where: str, todo: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo=todo, code="message-rule")


EVENTS: Final[Mapping[str, Event]] = {
    PRESCRIBE: Event("MedicationRequest", _PARTIES | {"Task"}, _check_prescription),
    DISPENSE: Event("MedicationDispense", _PARTIES | {"Task"}, _check_dispense),
    QUERY: Event("Parameters", frozenset(), _check_query),
}
