"""Operation Patient/$summary. http://hl7.org/fhir/uv/ips/OperationDefinition/summary (version 2.0)

A document made for the requester from what it may see of a person or of one source, when it is asked for. The
Composition and the Device that signs it exist in this answer only. It does not claim the IPS profiles: what facilities
send is not held to their value sets.
"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.bundle import instant
from hub.api.fhir.document import document_bundle, entry_of, new_uuid
from hub.api.fhir.everything import patient_of
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import refuse_parameters
from hub.api.services import Services
from hub.fhir.ips import summary as put_together
from hub.fhir.json import dumps, loads
from hub.kernel.types import Json

SUMMARY: Final = "http://hl7.org/fhir/uv/ips/OperationDefinition/summary"


async def summary(services: Services, ask: Ask) -> Answer:
    """The document. Raises what `$everything` raises; UNSUPPORTED naming parameters (identifier, profile, graph)."""
    refuse_parameters(ask)
    rid = patient_of(ask)
    page = await services.gate.summary(ask.actor, rid, origin=ask.origin)
    bodies = {(row.type, row.id): row.body for row in (*page.matches, *page.included)}
    ids = (new_uuid(services), new_uuid(services))
    found = [loads(body) for body in bodies.values()]
    made = put_together(rid, found, base_url=services.base_url, ids=ids, now=instant(services.clock()))
    entries = [
        entry_of(f"urn:uuid:{ids[0]}", dumps(made.composition)),
        *(_entry(services, one, bodies) for one in made.patients),
        entry_of(f"urn:uuid:{ids[1]}", dumps(made.author)),
        *(_entry(services, one, bodies) for one in (*made.listed, *made.others)),
    ]
    return Answer(status=200, body=document_bundle(services, entries))


def _entry(services: Services, resource: Json, bodies: dict[tuple[str, str], bytes]) -> bytes:
    """A stored resource as it left the gate."""
    rtype, rid = resource["resourceType"], resource["id"]
    return entry_of(f"{services.base_url}/{rtype}/{rid}", bodies[rtype, rid])
