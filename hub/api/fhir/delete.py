"""FHIR delete and conditional delete. https://hl7.org/fhir/R4/http.html#delete, #3.1.0.7.1

A clinical statement is first marked entered in error, then taken out of sight: reads answer 410, searches do not find
it, and its history keeps both versions. A draft of the facility is taken out of sight as it is.
"""

from __future__ import annotations

from hub.api.fhir.conditional import at_most_one, find, no_match_at_version, select
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.freshness import expected_version
from hub.api.fhir.parameters import refuse_all
from hub.api.services import Services
from hub.records.operations import Delete


async def delete(services: Services, ask: Ask) -> Answer:
    """204 once deleted, also if it was before. Raises HubError NOT_FOUND for what is not the caller's, PRECONDITION."""
    refuse_all(ask)
    return await _delete(services, ask, ask.id)


async def conditional_delete(services: Services, ask: Ask) -> Answer:
    """Delete the one match of the criterion in the URL; 204 too where nothing matches, unless If-Match names a version.

    Raises HubError PRECONDITION.
    """
    match = at_most_one(await find(services, ask, ask.type, select(ask.params, "URL")), "URL")
    if match is not None:
        return await _delete(services, ask, match.id)
    if expected_version(ask.conditions.if_match) is not None:
        raise no_match_at_version("If-Match")
    return Answer(status=204)


async def _delete(services: Services, ask: Ask, rid: str) -> Answer:
    operation = Delete(type=ask.type, id=rid, expected=expected_version(ask.conditions.if_match))
    written = await services.writes.write(ask.actor, operation, origin=ask.origin)
    return Answer(status=204, version=written.version, updated=written.updated)
