"""What has ended stays ended, and what is newer stands: a message that comes again, or late, changes neither."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.api.fhir.conditional import at_most_one, read_criterion
from hub.api.fhir.exchange import Ask
from hub.api.fhir.freshness import etag
from hub.api.fhir.messaging.lateness import is_late, refuse_late
from hub.api.fhir.messaging.message import Carried, Message
from hub.api.fhir.parameters import asked
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


async def holding(services: Services, ask: Ask, message: Message, bundle: Json, told: str) -> Json:
    """The transaction of a message, each update of what is there only if it stands as it was looked at.

    A gateway that sends a prescription again after it was cancelled must not put it in force, nor one that repeats the
    first of two messages take the second back; of patients and others beside what is `told` the newer simply stands.
    Raises HubError CONFLICT: `ended` for another state than the last one (that it was an error may always be said),
    `late` for other content than a newer message's.
    """
    held = []
    for carried, entry in zip(message.carried, bundle["entry"], strict=True):
        criteria = _criteria(entry["request"]["url"])
        standing = at_most_one(await _found(services, ask, carried, criteria), carried.where)
        if standing is None:
            held.append(entry)
            continue
        _refuse_return(carried, standing)
        late = await is_late(services, ask, message, standing)
        if late and carried.type == told:
            refuse_late(carried, standing)
        found = {"method": "POST", "url": carried.type, "ifNoneExist": criteria}
        held.append({**entry, "request": found if late else {**entry["request"], "ifMatch": etag(standing.version)}})
    return {**bundle, "entry": held}


def _criteria(url: str) -> str:
    """The search that finds what an update would change."""
    return url.partition("?")[2] if "?" in url else f"_id={url.partition('/')[2]}"


async def _found(services: Services, ask: Ask, carried: Carried, criteria: str) -> Sequence[Released]:
    """What an update would change, as far as the sender may see it. A feed sees nothing, so it sends no message."""
    params = [*read_criterion(criteria, carried.where, carried.type), ("_count", "2"), ("_total", "none")]
    found = services.gate.search(ask.actor, carried.type, params, conditional=True, origin=ask.origin)
    return (await asked(found)).matches


def overtaken(error: HubError) -> HubError:
    """A refusal of the transaction; that something changed since it was looked at comes right when it is sent again."""
    if error.code != "precondition":
        return error
    what, todo = "was changed at the same moment", "send it again"
    return HubError(Category.UNAVAILABLE, what, where=error.where, todo=todo, code="overtaken")


def _refuse_return(carried: Carried, standing: Released) -> None:
    if carried.type not in _STATED:
        return
    was, now = loads(standing.body).get("status"), carried.resource.get("status")
    if was in _ENDED and now not in (was, _WRONG):
        what, where = "has ended, and no message brings it back", f"{carried.where}.resource.status"
        todo = "send what is ordered anew under an identifier of its own"
        raise HubError(Category.CONFLICT, what, where=where, todo=todo, code="ended")
