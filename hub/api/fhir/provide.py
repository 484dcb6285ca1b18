"""IHE MHD Provide Document Bundle (ITI-65): a submission of documents, taken into the inbox as a message of a feed.

https://profiles.ihe.net/ITI/MHD/ITI-65.html (4.2). A transaction that claims the profile is judged, made durable, and
answered when it is part of the record: "success is only indicated once the documents are received and completely
processed". Sent again, because no answer came, it is known by its uniqueId and answered alike.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from hub.api.deliveries import DocumentDesk, DocumentDoor, Submitted
from hub.api.fhir.bundle import bundle as assemble
from hub.api.fhir.bundle import entry, response
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.written import refer_from_here
from hub.api.services import Services
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json, State

#: What the gate says of what is not for this sender.
_NOT_FOR_YOU: Final = frozenset({Category.NOT_FOUND, Category.FORBIDDEN})


async def provide(services: Services, door: DocumentDoor, ask: Ask, bundle: Json) -> Answer:
    """A `transaction-response` with the place of every entry, once all of it is part of the record.

    Raises HubError FORBIDDEN (role, scope, no feed), INVALID with the entry and the rule (ITI TF-3: 4.2.4.1), CONFLICT
    for another submission of the same uniqueId, UNAVAILABLE where it is taken and not yet processed.
    """
    desk, feed = door.desk, ""
    try:
        feed = desk.admit(ask.actor)
        submitted = await _judged(services, desk, ask, feed, bundle)
        message = await desk.take(feed, submitted, f"http {ask.origin.address}")
    except HubError as error:
        await door.witness.refused(ask.actor, ask.origin, feed, error.code)
        raise
    await door.witness.taken(ask.actor, ask.origin, feed, [message])
    settled = await desk.settled(message)
    if settled.refusal is not None:
        raise settled.refusal
    if settled.state is State.QUEUED:
        what, todo = "it is safe, and not yet part of the record", "send it again: it is known by its uniqueId"
        raise HubError(Category.UNAVAILABLE, what, where="Bundle", todo=todo, code="queued")
    return Answer(status=200, body=assemble("transaction-response", _entries(submitted.places)))


async def _judged(services: Services, desk: DocumentDesk, ask: Ask, feed: str, bundle: Json) -> Submitted:
    """The submission as it is to be taken; one about a Patient of the hub only if the sender may know that Patient."""
    for index, sent in enumerate(bundle.get("entry", ())):
        if isinstance(sent, dict) and isinstance(sent.get("resource"), dict):
            refer_from_here(sent["resource"], services.base_url, f"Bundle.entry[{index}].resource")
    # Documents are read and hashed: others are served meanwhile.
    submitted = await asyncio.to_thread(desk.read, feed, bundle)
    for rid in submitted.replaced:
        old = await _known(services, ask, "DocumentReference", rid)
        if old is None or not desk.owns(ask.actor, old):
            what, todo = "replaces a document that is not yours here", "name it by its uniqueId in target.identifier"
            raise HubError(Category.INVALID, what, where="Bundle.entry", todo=todo, code="XDSRegistryMetadataError")
    if not submitted.subject:
        return submitted
    patient = await _known(services, ask, "Patient", submitted.subject)
    if patient is None:
        todo = "give the Patient with a number, or the number in subject.identifier"
        what = "refers to a patient who is not known to you here"
        raise HubError(Category.INVALID, what, where="Bundle.entry", todo=todo, code="XDSUnknownPatientId")
    return await asyncio.to_thread(desk.about, ask.actor, feed, submitted, patient)


async def _known(services: Services, ask: Ask, rtype: str, rid: str) -> Released | None:
    """What the submission refers to by id, if the sender may know of it: what is hidden is as what is not there."""
    try:
        found = await services.gate.read(ask.actor, rtype, rid, origin=ask.origin)
    except HubError as error:
        if error.category not in _NOT_FOR_YOU:
            raise
        return None
    return None if found.deleted else found


def _entries(places: Sequence[tuple[str, bool]]) -> Iterable[bytes]:
    """A response for each entry, in their order (ITI-65, 2:3.65.4.2.2)."""
    for place, created in places:
        yield entry(response=response("201 Created" if created else "200 OK", location=place))
