"""A resource of the terminology that an operation names by its id."""

from __future__ import annotations

from hub.api.fhir.exchange import Ask
from hub.api.services import Services
from hub.fhir.json import loads
from hub.gate.door import was_deleted
from hub.kernel.types import Json


async def stored(services: Services, ask: Ask, kind: str) -> Json:
    """The resource of the URL, read through the gate like any other. Raises HubError NOT_FOUND (404, 410)."""
    found = await services.gate.read(ask.actor, kind, ask.id, origin=ask.origin)
    if found.deleted:
        raise was_deleted()
    resource: Json = loads(found.body)
    return resource
