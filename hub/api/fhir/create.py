"""FHIR create and conditional create. https://hl7.org/fhir/R4/http.html#create, #ccreate"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.api.fhir.conditional import at_most_one, canonical, find, read_criterion
from hub.api.fhir.exchange import Answer, Ask, Params
from hub.api.fhir.parameters import refuse_all
from hub.api.fhir.survivors import refer_to_survivors
from hub.api.fhir.written import as_written, found_already, resource_of
from hub.api.services import Services
from hub.gate.released import Released
from hub.kernel.errors import Category, HubError
from hub.records.operations import Create, Operation, Written
from hub.records.refusal import ClaimedError

#: Resources that may have held one criterion and no longer match it, before a create gives up.
PREDECESSORS: Final = 20


async def create(services: Services, ask: Ask) -> Answer:
    """Store a resource under an id of the server's; its own id is ignored.

    With If-None-Exist only if the actor sees no match yet; then 200 with the match.
    Raises HubError INVALID, FORBIDDEN, PRECONDITION (several match), CONFLICT.
    """
    refuse_all(ask)
    resource = resource_of(ask, services.base_url, new=True)
    await refer_to_survivors(services, ask, resource)

    def new(claim: str) -> Create:
        return Create(type=ask.type, id=services.new_id(), resource=resource, claim=claim)

    if not ask.conditions.if_none_exist:
        return as_written(ask, await services.writes.write(ask.actor, new(""), origin=ask.origin))
    criterion = read_criterion(ask.conditions.if_none_exist, "If-None-Exist", ask.type)
    done = await write_unless_found(services, ask, criterion, "If-None-Exist", new)
    return as_written(ask, done) if isinstance(done, Written) else found_already(ask, done)


async def write_unless_found(
    services: Services, ask: Ask, params: Params, where: str, new: Callable[[str], Operation]
) -> Released | Written:
    """The match of `params`, or, where none is seen, what came of the operation that `new` makes of the claim.

    The criterion is claimed with the write, so of clients that race one creates and the others find what it made.
    A holder that a later look does not find was deleted or changed since: the claim after it is then free.
    """
    stale: list[str] = []
    lost_to = ""
    for _ in range(PREDECESSORS):
        match = at_most_one(await find(services, ask, ask.type, params), where)
        if match is not None:
            return match
        if lost_to:
            stale.append(lost_to)
        claim = services.writes.criterion(ask.actor, ask.type, canonical(params), stale)
        try:
            return await services.writes.write(ask.actor, new(claim), origin=ask.origin)
        except ClaimedError as error:
            lost_to = error.holder[1]
    raise HubError(Category.CONFLICT, "is created and deleted over and over", where=where, todo="try again")
