"""FHIR vread interaction. https://hl7.org/fhir/R4/http.html#vread"""

from __future__ import annotations

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.freshness import asked_version
from hub.api.fhir.parameters import refuse_parameters
from hub.api.fhir.read import answer
from hub.api.services import Services


async def vread(services: Services, ask: Ask) -> Answer:
    """One version. A version id that cannot be one is answered like an absent version. Raises HubError NOT_FOUND."""
    refuse_parameters(ask)
    return answer(ask, await services.gate.vread(ask.actor, ask.type, ask.id, asked_version(ask), origin=ask.origin))
