"""FHIR read of a Binary, and IHE MHD Retrieve Document (ITI-68): a document as it is, or as a Binary resource.

https://hl7.org/fhir/R4/binary.html#rest, https://profiles.ihe.net/ITI/MHD/ITI-68.html. The bytes of a document stand in
its DocumentReference, and `Binary/{id of it}.{n}` is the nth of its attachments (from 1): whoever may read the
DocumentReference may fetch them, and nobody else. A Binary that was written as such is answered under its own id.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Final, NamedTuple

from msgspec import structs

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.freshness import unchanged
from hub.api.fhir.parameters import refuse_parameters
from hub.api.fhir.read import answer
from hub.api.negotiation import MEDIA, accepts, wanted_format
from hub.api.services import Services
from hub.fhir.attachments import attachment_of
from hub.fhir.json import dumps, loads
from hub.gate.door import not_found, was_deleted
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Bytes of no known type (RFC 2046 4.5.1).
OCTETS: Final = "application/octet-stream"


class _Found(NamedTuple):
    """A Binary, and the version of the resource its bytes stand in."""

    binary: Json
    held_in: Released


async def read_binary(services: Services, ask: Ask) -> Answer:
    """The bytes, or the Binary resource where FHIR is asked for; 304 when the client has this version.

    Raises HubError NOT_FOUND (absent or hidden alike), `deleted` (410) where that may be known, UNSUPPORTED (406) for
    an Accept that takes neither the document's own type nor FHIR.
    """
    refuse_parameters(ask)
    binary, held_in = await _found(services, ask)
    media = _media(binary)
    if not accepts(ask.accept, media):
        if ask.accept:
            wanted_format(ask.accept)
        return answer(ask, structs.replace(held_in, body=dumps(binary)))
    if unchanged(ask.conditions, held_in.version, held_in.updated):
        return Answer(status=304, version=held_in.version, updated=held_in.updated)
    content = b64decode(binary.get("data", ""))
    return Answer(status=200, body=content, version=held_in.version, updated=held_in.updated, media=media)


async def _found(services: Services, ask: Ask) -> _Found:
    part = attachment_of(ask.id)
    if part is not None:
        try:
            document = await services.gate.read(ask.actor, "DocumentReference", part[0], origin=ask.origin)
        except HubError as error:
            if error.category is not Category.NOT_FOUND:
                raise
        else:
            return _Found(_attached(_standing(document), ask.id, part[1]), document)
    stored = _standing(await services.gate.read(ask.actor, "Binary", ask.id, origin=ask.origin))
    return _Found(loads(stored.body), stored)


def _standing(found: Released) -> Released:
    if found.deleted:
        raise was_deleted()
    return found


def _attached(document: Released, name: str, number: int) -> Json:
    """The nth attachment of a document as a Binary. Raises HubError NOT_FOUND where it has none with bytes."""
    resource = loads(document.body)
    content = resource.get("content", [])[number - 1 : number]
    attachment = content[0].get("attachment", {}) if content else {}
    if "data" not in attachment:
        raise not_found()
    meta = {"versionId": str(document.version), "lastUpdated": resource["meta"]["lastUpdated"]}
    if labels := resource["meta"].get("security"):
        meta["security"] = labels
    return {
        "resourceType": "Binary",
        "id": name,
        "meta": meta,
        "contentType": attachment.get("contentType", OCTETS),
        "securityContext": {"reference": f"DocumentReference/{document.id}"},
        "data": attachment["data"],
    }


def _media(binary: Json) -> str:
    """The type the bytes are sent as: what is no media type is not repeated in a header."""
    stated = str(binary.get("contentType", ""))
    return stated if MEDIA.fullmatch(stated) else OCTETS
