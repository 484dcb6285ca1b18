"""What has ended stays ended: a message that comes again, or late, does not bring it back."""

from __future__ import annotations

from typing import Final

from hub.api.fhir.conditional import at_most_one, find, read_criterion
from hub.api.fhir.exchange import Ask
from hub.api.fhir.freshness import etag
from hub.api.fhir.messaging.message import Carried, Message
from hub.api.services import Services
from hub.fhir.json import loads
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Types whose status a message changes.
_STATED: Final = frozenset({"MedicationRequest", "MedicationDispense", "Task"})
#: Last states of these types (R4 value sets medicationrequest-status, medicationdispense-status, task-status).
_ENDED: Final = frozenset({"cancelled", "stopped", "completed", "declined", "rejected", "failed", "entered-in-error"})
_WRONG: Final = "entered-in-error"


async def holding_ended(services: Services, ask: Ask, message: Message, bundle: Json) -> Json:
    """The transaction of a message, each update of what is there only if it stands as it was looked at.

    A gateway that sends a prescription again after it was cancelled must not put it in force. Raises HubError CONFLICT
    (`ended`) for another state than the last one; that it was an error may always be said.
    """
    held = []
    for carried, entry in zip(message.carried, bundle["entry"], strict=True):
        request = entry["request"]
        standing = await _standing(services, ask, carried, request["url"])
        if standing is not None:
            _refuse_return(carried, standing)
            request = {**request, "ifMatch": etag(standing.version)}
        held.append({**entry, "request": request})
    return {**bundle, "entry": held}


def overtaken(error: HubError) -> HubError:
    """A refusal of the transaction; that something changed since it was looked at comes right when it is sent again."""
    if error.code != "precondition":
        return error
    what, todo = "was changed at the same moment", "send it again"
    return HubError(Category.UNAVAILABLE, what, where=error.where, todo=todo, code="overtaken")


async def _standing(services: Services, ask: Ask, carried: Carried, url: str) -> Released | None:
    """What an update would change, as far as the sender may see it."""
    if carried.type not in _STATED:
        return None
    params = read_criterion(url, carried.where) if "?" in url else (("_id", url.partition("/")[2]),)
    return at_most_one(await find(services, ask, carried.type, params), carried.where)


def _refuse_return(carried: Carried, standing: Released) -> None:
    was, now = loads(standing.body).get("status"), carried.resource.get("status")
    if was in _ENDED and now not in (was, _WRONG):
        what, where = "has ended, and no message brings it back", f"{carried.where}.resource.status"
        todo = "send what is ordered anew under an identifier of its own"
        raise HubError(Category.CONFLICT, what, where=where, todo=todo, code="ended")
