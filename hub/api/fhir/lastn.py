"""FHIR operation Observation/$lastn. https://hl7.org/fhir/R4/observation-operation-lastn.html

The newest `max` (1 if nobody says) of each group of codes, of one patient or person. Codes stated together mean the
same, also by way of a third. All of one time are given, more than `max` if need be; those without a time come last.
"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import asked
from hub.api.fhir.search import searchset
from hub.api.fhir.shape import shaped_page
from hub.api.services import Services

LASTN: Final = "http://hl7.org/fhir/OperationDefinition/Observation-lastn"


async def lastn(services: Services, ask: Ask) -> Answer:
    """A searchset, group by group, page by page (`_count`, a link `next`).

    Raises HubError UNSUPPORTED naming unknown parameters, INVALID for an unreadable value or without patient or
    category and code.
    """
    lenient = ask.preference.lenient
    page = await asked(services.gate.latest(ask.actor, ask.params, lenient=lenient, origin=ask.origin))
    page = shaped_page(page, ask.shape)
    return Answer(status=200, body=searchset(services, "Observation/$lastn", [*ask.params, *ask.form], page))
