"""Operation Patient/$cda: a document of WS/T 483 (12, 13, 20) that tells what the requester may see of somebody.

Made for the requester when it is asked for, and kept nowhere: a follow-up record for the public-health system, a
referral for a hospital that reads no FHIR. What is released is recorded as of `$everything`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from hub.api.fhir.bundle import instant
from hub.api.fhir.everything import patient_of
from hub.api.fhir.exchange import Answer, Ask, Params
from hub.api.fhir.parameters import asked, values
from hub.api.negotiation import accepts, wanted_format
from hub.api.services import Services
from hub.fhir.json import dumps, loads
from hub.gate.pages import CURSOR
from hub.gate.parameters import strangers
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

CDA: Final = "OperationDefinition/cda"
MEDIA: Final = "text/xml; charset=utf-8"

#: What a document tells, and who is named in it.
_TYPES: Final = (
    "Patient,Observation,Condition,Goal,MedicationStatement,MedicationRequest,MedicationAdministration,ServiceRequest,"
    "Practitioner"
)
#: More pages of a record than these make no document anybody reads.
_MOST_PAGES: Final = 5


async def cda(services: Services, ask: Ask) -> Answer:
    """The document as XML, or in a Binary where FHIR is asked for.

    `type` is the code of its type, `start` and `end` the care dates it tells of. Raises what `$everything` raises,
    UNSUPPORTED for a type that is not written, TOO_LARGE for a record that needs closer dates.
    """
    rid = patient_of(ask)
    strangers(ask.params, ("type", "start", "end"), lenient=ask.preference.lenient)
    kinds = values(ask.params, "type")
    if len(kinds) != 1:
        todo = "ask for one, as HSDB04.01 (follow-up of hypertension), HSDB04.02 (diabetes), HSDC00.05 (referral)"
        raise HubError(Category.UNREADABLE, "is not one type of document", where="type", todo=todo)
    if ask.accept and not accepts(ask.accept, MEDIA):
        wanted_format(ask.accept)
    dates = [(name, value) for name, value in ask.params if name in {"start", "end"}]
    found = await _record(services, ask, rid, dates)
    document = services.write_document(
        kinds[0],
        found,
        patient=rid,
        author=ask.actor.practitioner or "",
        organization=ask.actor.organization,
        number=services.new_id(),
        written=instant(services.clock()),
    )
    if accepts(ask.accept, MEDIA):
        return Answer(status=200, body=document, media=MEDIA)
    return Answer(status=200, body=dumps(_binary(document)))


async def _record(services: Services, ask: Ask, rid: str, dates: Params) -> Sequence[Json]:
    found: list[Json] = []
    params = [*dates, ("_type", _TYPES)]
    for _ in range(_MOST_PAGES):
        page = await asked(services.gate.everything(ask.actor, rid, params, lenient=False, origin=ask.origin))
        found += [loads(row.body) for row in (*page.matches, *page.included)]
        if page.next is None:
            return found
        params = [*dates, ("_type", _TYPES), (CURSOR, page.next)]
    todo = "give start and end"
    raise HubError(Category.TOO_LARGE, "is more than one document holds", where="Patient", todo=todo, code="dates")


def _binary(document: bytes) -> Json:
    return {"resourceType": "Binary", "contentType": "text/xml", "data": b64encode(document).decode()}
