"""FHIR operation $process-message. https://hl7.org/fhir/R4/messageheader-operation-process-message.html

Prescriptions flow to a pharmacy (`prescription`), what it dispensed flows back (`dispense`), and it asks for what was
sent to it (`prescription-query`). A message is all or nothing, and answered when it is durable; `async` and
`response-url` are not taken. What can be read as a message is answered by one, a refusal included.
"""

from __future__ import annotations

from typing import Final

from hub.api.failures import outcome_of
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.messaging.answering import done, refused
from hub.api.fhir.messaging.dispensing import check_dispenses
from hub.api.fhir.messaging.ended import holding, overtaken
from hub.api.fhir.messaging.events import DISPENSE, QUERY, check_message
from hub.api.fhir.messaging.events import EVENTS as TOLD
from hub.api.fhir.messaging.lateness import stamped
from hub.api.fhir.messaging.medicines import with_national_codes
from hub.api.fhir.messaging.message import EVENTS, Message, read_message
from hub.api.fhir.messaging.query import sent_here
from hub.api.fhir.messaging.writing import as_transaction, in_message, with_resources
from hub.api.fhir.parameters import refuse_all
from hub.api.fhir.transaction import transaction
from hub.api.services import Services
from hub.fhir.json import loads
from hub.kernel.errors import HubError
from hub.kernel.types import Issue

PROCESS_MESSAGE: Final = "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"
_CODED: Final = frozenset({"MedicationRequest", "MedicationDispense"})


async def process_message(services: Services, ask: Ask) -> Answer:
    """Answer a message with a message. Raises HubError UNREADABLE (400) for what is none."""
    refuse_all(ask, shaped=False)
    message = read_message(ask.resource, f"{services.canonical_base}/{EVENTS}")
    try:
        check_message(message, ask.actor.organization)
        if message.event == QUERY:
            return await _tell(services, ask, message)
        return await _take(services, ask, message)
    except HubError as error:
        return refused(services, message, error)


async def _tell(services: Services, ask: Ask, message: Message) -> Answer:
    page = await sent_here(services, ask, message)
    about = [f"{one.type}/{one.id}" for one in page.matches]
    return done(services, message, about, (), (*page.matches, *page.included))


async def _take(services: Services, ask: Ask, message: Message) -> Answer:
    warnings = await check_dispenses(services, ask, message) if message.event == DISPENSE else []
    message, uncoded = await _coded(services, stamped(services, message))
    written = as_transaction(message, ask.actor.organization)
    bundle = await holding(services, ask, message, written, TOLD[message.event].told)
    try:
        answer = await transaction(services, ask, bundle)
    except HubError as error:
        told = overtaken(error)
        return refused(services, message, told, in_message(outcome_of(told)))
    made = [entry["response"].get("location", "") for entry in loads(answer.body)["entry"]]
    return done(services, message, [one.partition("/_history")[0] for one in made if one], [*warnings, *uncoded])


async def _coded(services: Services, message: Message) -> tuple[Message, list[Issue]]:
    """The message with national drug codes, and a warning for each medicine that has none."""
    resources, warnings = [], []
    for each in message.carried:
        resource = each.resource
        if each.type in _CODED:
            resource, told = await with_national_codes(services, resource, f"{each.where}.resource")
            warnings += told
        resources.append(resource)
    return with_resources(message, resources), warnings
