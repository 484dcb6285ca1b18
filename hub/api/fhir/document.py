"""FHIR operation Composition/$document. https://hl7.org/fhir/R4/composition-operation-document.html

The Bundle is the answer itself. It holds the Composition and what that refers to, as far as the requester may see it.
Documents are made when they are asked for and not kept (`persist`), of the references of the Composition alone
(`graph`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from hub.api.fhir.bundle import bundle, entry, instant
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.parameters import values
from hub.api.services import Services
from hub.gate.parameters import unknown
from hub.kernel.errors import Category, HubError

DOCUMENT: Final = "http://hl7.org/fhir/OperationDefinition/Composition-document"


async def document(services: Services, ask: Ask) -> Answer:
    """A document. Without an id in the URL the parameter `id` names the Composition.

    Raises HubError UNSUPPORTED for `persist=true`, `graph` and unknown parameters, and what a read raises.
    """
    found = await services.gate.document(ask.actor, _composition(ask), origin=ask.origin)
    rows = (*found.matches, *found.included)
    entries = (entry_of(f"{services.base_url}/{row.type}/{row.id}", row.body) for row in rows)
    return Answer(status=200, body=document_bundle(services, entries))


def _composition(ask: Ask) -> str:
    known = {"persist", *(() if ask.id else ("id",))}
    strangers = sorted({name for name, _ in ask.params} - known)
    if strangers and not ask.preference.lenient:
        raise unknown(strangers)
    if any(value != "false" for value in values(ask.params, "persist")):
        raise HubError(
            Category.UNSUPPORTED,
            "documents are not kept",
            where="persist",
            todo="leave it out, and POST the Bundle to keep it",
            code="not-kept",
        )
    named = [ask.id] if ask.id else values(ask.params, "id")
    if len(named) != 1:
        raise HubError(
            Category.INVALID, "is needed, once", where="id", todo="name the Composition", code="search-value"
        )
    return named[0]


def new_uuid(services: Services) -> str:
    """A UUID made of a fresh id."""
    return str(uuid5(NAMESPACE_OID, services.new_id()))


def entry_of(full_url: str, body: bytes) -> bytes:
    """One entry of a document."""
    return entry(full_url=full_url, resource=body)


def document_bundle(services: Services, entries: Iterable[bytes]) -> bytes:
    """A document of these entries, with an identifier and a time of its own (R4 bundle.html bdl-9, bdl-10)."""
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{new_uuid(services)}"}
    head = {"identifier": identifier, "timestamp": instant(services.clock())}
    return bundle("document", entries, head=head)
