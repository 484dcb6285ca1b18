"""FHIR operation $validate. https://hl7.org/fhir/R4/resource-operation-validate.html

The answer is 200 with an OperationOutcome whenever something was judged, whatever the verdict, also for a body that is
no FHIR. A stored resource is read through the gate, so that what is denied is absent. With `mode` the doors of the
interaction are asked too, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.update import check_id
from hub.api.fhir.validate_wish import Wish, read_wish
from hub.api.fhir.written import resource_of
from hub.api.services import Services
from hub.fhir.json import dumps, loads
from hub.fhir.location import location
from hub.fhir.outcome import operation_outcome
from hub.fhir.structure import RESOURCE_TYPES
from hub.kernel.errors import HTTP, Category, HubError
from hub.kernel.types import Issue, Json
from hub.records.operations import Create, Delete, Update, Whole
from hub.records.refusal import NonconformantError

VALIDATE: Final = "http://hl7.org/fhir/OperationDefinition/Resource-validate"

#: Refusals that are a verdict about what was sent; others (no database, no rights to ask at all) are told as they are.
_VERDICTS: Final = frozenset(
    {Category.UNREADABLE, Category.INVALID, Category.FORBIDDEN, Category.NOT_FOUND, Category.CONFLICT}
    | {Category.PRECONDITION}
)


async def validate(services: Services, ask: Ask) -> Answer:
    """200 with what there is to say of a resource, sent or stored.

    Raises HubError NOT_FOUND for a stored one that is absent or hidden, UNSUPPORTED (400) for parameters this operation
    has not, UNREADABLE (400) for Parameters nobody can read.
    """
    if ask.unreadable is not None:
        return _told([_verdict(ask.unreadable)])
    wish = read_wish(ask)
    if wish.mode == "delete":
        return _told(await _doors(services, ask, wish))
    resource = wish.resource if wish.resource is not None else await _stored(services, ask, wish)
    issues = [*_mistyped(resource, ask.type), *services.examine(resource, wish.profiles)]
    if wish.mode in ("create", "update") and not any(issue.severity == "error" for issue in issues):
        issues = [*issues, *await _doors(services, ask, wish)]
    return _told(issues)


def _mistyped(resource: Any, rtype: str) -> list[Issue]:
    told = resource.get("resourceType") if isinstance(resource, dict) else None
    if told == rtype or not isinstance(told, str) or told not in RESOURCE_TYPES:
        return []
    return [Issue(severity="error", where="", code="structure", text=f"is not of the type in the URL, {rtype}")]


async def _stored(services: Services, ask: Ask, wish: Wish) -> Json:
    """The resource of the URL as the actor may see it. Raises HubError NOT_FOUND, UNREADABLE without a URL of one."""
    if not ask.id or wish.mode in ("create", "update"):
        raise HubError(
            Category.UNREADABLE, "has no resource to validate", where="body", todo="send one", code="parameters"
        )
    found = await services.gate.read(ask.actor, ask.type, ask.id, origin=ask.origin)
    if found.deleted:
        raise HubError(Category.NOT_FOUND, "was deleted", where="URL", todo="its history tells when", code="deleted")
    resource: Json = loads(found.body)
    return resource


async def _doors(services: Services, ask: Ask, wish: Wish) -> list[Issue]:
    """What the doors of the interaction would refuse, nothing written."""
    try:
        operation = _operation(services, ask, wish)
        await services.writes.rehearse(ask.actor, operation, origin=ask.origin)
    except NonconformantError as error:
        return list(error.issues)
    except HubError as error:
        if error.category not in _VERDICTS:
            raise
        return [_verdict(error)]
    return []


def _operation(services: Services, ask: Ask, wish: Wish) -> Whole:
    if wish.mode == "delete":
        return Delete(type=ask.type, id=ask.id)
    # A copy: the doors make references to this server relative, and the verdict is about what was sent.
    body = loads(dumps(wish.resource))
    resource = resource_of(replace(ask, resource=body), services.base_url)
    if wish.mode == "create":
        return Create(type=ask.type, id=services.new_id(), resource=resource)
    rid = ask.id or str(resource.get("id", ""))
    check_id(resource, rid)
    return Update(type=ask.type, id=rid, resource=resource)


def _verdict(error: HubError) -> Issue:
    return Issue(severity="error", where="", code=HTTP[error.category].issue, text=str(error))


def _told(issues: Sequence[Issue]) -> Answer:
    outcome = operation_outcome(issues)
    for issue in outcome["issue"]:
        if "expression" in issue:
            issue["location"] = [location(place) for place in issue["expression"]]
    return Answer(status=200, body=dumps(outcome))
