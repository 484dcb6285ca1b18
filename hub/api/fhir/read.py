"""FHIR read interaction. https://hl7.org/fhir/R4/http.html#read"""

from __future__ import annotations

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.freshness import unchanged
from hub.api.fhir.parameters import refuse_parameters
from hub.api.fhir.shape import shaped
from hub.api.services import Services
from hub.gate.door import was_deleted
from hub.gate.released import Released


async def read(services: Services, ask: Ask) -> Answer:
    """The current version, or 304 when the client has it. The condition is judged after the gate, so it tells nothing.

    Raises HubError NOT_FOUND (absent or hidden alike), or 410 for a deleted one the actor may know of.
    """
    refuse_parameters(ask)
    found = await services.gate.read(ask.actor, ask.type, ask.id, origin=ask.origin)
    return answer(ask, found)


def answer(ask: Ask, found: Released) -> Answer:
    """One released version as the answer to a read."""
    if found.deleted:
        raise was_deleted()
    # A person loses a registration without any other being younger for it.
    if unchanged(ask.conditions, found.version, None if found.computed else found.updated):
        return Answer(status=304, version=found.version, updated=found.updated)
    return Answer(status=200, body=shaped(found.body, ask.shape), version=found.version, updated=found.updated)
