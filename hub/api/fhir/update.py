"""FHIR update and conditional update. https://hl7.org/fhir/R4/http.html#update, #cond-update"""

from __future__ import annotations

from hub.api.fhir.conditional import no_match_at_version, select
from hub.api.fhir.create import write_unless_found
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.freshness import expected_version
from hub.api.fhir.parameters import refuse_all
from hub.api.fhir.survivors import refer_to_survivors
from hub.api.fhir.written import as_written, resource_of
from hub.api.services import Services
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json
from hub.records.operations import Create, Update, Written


async def update(services: Services, ask: Ask) -> Answer:
    """Put a resource in the place of its current version; a body that changes nothing makes no version.

    An id that does not exist yet must lie in the caller's own id space (`FACILITY-...`).
    Raises HubError UNREADABLE (400, id), PRECONDITION (412), NOT_FOUND, INVALID, FORBIDDEN.
    """
    refuse_all(ask)
    resource = resource_of(ask, services.base_url)
    check_id(resource, ask.id)
    await refer_to_survivors(services, ask, resource)
    operation = update_of(ask, ask.id, resource)
    return as_written(ask, await services.writes.write(ask.actor, operation, origin=ask.origin))


async def conditional_update(services: Services, ask: Ask) -> Answer:
    """Update the one match of the criterion in the URL; with no match, create, under the body's id if it has one.

    Of clients that race on one criterion one creates, and the others update what it made.
    """
    params = select(ask.params, "URL")
    resource = resource_of(ask, services.base_url)
    await refer_to_survivors(services, ask, resource)

    def new(claim: str) -> Create | Update:
        if expected_version(ask.conditions.if_match) is not None:
            raise no_match_at_version("If-Match")
        if "id" not in resource:
            return Create(type=ask.type, id=services.new_id(), resource=resource, claim=claim)
        return Update(type=ask.type, id=str(resource["id"]), resource=resource, only_new=True, claim=claim)

    done = await write_unless_found(services, ask, params, "URL", new)
    if not isinstance(done, Written):
        check_id(resource, done.id, required=False)
        operation = update_of(ask, done.id, resource)
        done = await services.writes.write(ask.actor, operation, origin=ask.origin)
    return as_written(ask, done)


def update_of(ask: Ask, rid: str, resource: Json, where: str = "") -> Update:
    """The operation of an update with its conditions (If-Match, If-None-Match: *)."""
    return Update(
        type=ask.type,
        id=rid,
        resource=resource,
        expected=expected_version(ask.conditions.if_match),
        only_new=ask.conditions.if_none_match.strip() == "*",
        where=where,
    )


def check_id(resource: Json, rid: str, *, required: bool = True, where: str = "body") -> None:
    """Raises HubError UNREADABLE (400) unless the body's id is `rid`: with an id in the URL it is `required` by R4, and
    beside a criterion, which found `rid`, it may be left out.
    """
    if resource.get("id", None if required else rid) != rid:
        found = "is not the id of what matches", "leave it out, or narrow the criterion"
        what, todo = ("is not the id in the URL", "send the same id in both") if required else found
        raise HubError(Category.UNREADABLE, what, where=f"{where}.id", todo=todo, code="id-mismatch")
