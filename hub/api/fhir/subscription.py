"""Subscriptions over FHIR: their own create, read, update, delete and search, and the operations of the backport.

https://hl7.org/fhir/R4/subscription.html, https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/operations.html
"""

from __future__ import annotations

from typing import Final

from hub.api.fhir.bundle import entry, instant
from hub.api.fhir.exchange import Answer, Ask
from hub.api.fhir.freshness import expected_version, unchanged
from hub.api.fhir.listed import RESULT, listed
from hub.api.fhir.parameters import refuse_all, refuse_parameters
from hub.api.fhir.router import Body, Handler
from hub.api.fhir.search import on_one_page, stated
from hub.api.fhir.update import check_id
from hub.api.fhir.written import resource_of
from hub.api.services import Services
from hub.events.subscriptions import Stated
from hub.fhir.json import dumps
from hub.gate.parameters import once, strangers
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

_DEFINITIONS: Final = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-"
STATUS: Final = _DEFINITIONS + "status"
EVENTS: Final = _DEFINITIONS + "events"
BINDING_TOKEN: Final = _DEFINITIONS + "get-ws-binding-token"

_METHODS: Final[tuple[tuple[str, Body], ...]] = (("GET", "none"), ("POST", "parameters"))

#: Search parameters of Subscription that are answered.
ANSWERED: Final = ("_id", "status")


async def create(services: Services, ask: Ask) -> Answer:
    """201, with the status the hub gives it."""
    refuse_all(ask)
    if ask.conditions.if_none_exist:
        raise HubError(Category.UNSUPPORTED, "is not supported for Subscription", where="If-None-Exist")
    resource = resource_of(ask, services.base_url)
    made = await services.subscriptions.create(ask.actor, resource, origin=ask.origin)
    return _written(ask, made, 201)


async def update(services: Services, ask: Ask) -> Answer:
    """200. There is no update as create: ids are the server's."""
    refuse_all(ask)
    resource = resource_of(ask, services.base_url)
    check_id(resource, ask.id)
    made = await services.subscriptions.update(
        ask.actor, ask.id, resource, expected=expected_version(ask.conditions.if_match), origin=ask.origin
    )
    return _written(ask, made, 200)


async def delete(services: Services, ask: Ask) -> Answer:
    """204; a Subscription that was deleted is not there any more."""
    refuse_all(ask)
    expected = expected_version(ask.conditions.if_match)
    await services.subscriptions.delete(ask.actor, ask.id, expected=expected, origin=ask.origin)
    return Answer(status=204)


async def read(services: Services, ask: Ask) -> Answer:
    """As it stands, or 304."""
    refuse_parameters(ask)
    found = await services.subscriptions.read(ask.actor, ask.id, origin=ask.origin)
    if unchanged(ask.conditions, found.version, found.updated):
        return Answer(status=304, version=found.version, updated=found.updated)
    return Answer(status=200, body=dumps(found.resource), version=found.version, updated=found.updated)


async def search(services: Services, ask: Ask) -> Answer:
    """All of the owner's own, or those with an `_id` or a `status`, by id."""
    ignored = strangers(stated(ask.params), (*ANSWERED, *RESULT), lenient=ask.preference.lenient)
    wanted = {name: set(_alternatives(ask, name)) for name in ANSWERED}
    found = [
        (one.id, one.resource)
        for one in await services.subscriptions.listed(ask.actor, origin=ask.origin)
        if one.id in (wanted["_id"] or {one.id})
        and one.resource["status"] in (wanted["status"] or {one.resource["status"]})
    ]
    return Answer(status=200, body=listed(services, ask, "Subscription", found, ignored))


async def status(services: Services, ask: Ask) -> Answer:
    """`$status`: a searchset of statuses as Parameters; of one at the instance level, else by `id` and `status`."""
    params = ask.params
    ignored = strangers(params, ("id", "status"), lenient=ask.preference.lenient)
    if ask.id:
        found = [await services.operations.status(ask.actor, ask.id)]
    else:
        ids = [part for name, value in params if name == "id" for part in value.split(",")]
        states = [part for name, value in params if name == "status" for part in value.split(",")]
        found = await services.operations.statuses(ask.actor, ids, states)
    entries = [entry(resource=dumps(one), search="match") for one in found]
    path = f"Subscription/{ask.id}/$status" if ask.id else "Subscription/$status"
    return Answer(status=200, body=on_one_page(services, ask, path, entries, ignored))


async def events(services: Services, ask: Ask) -> Answer:
    """`$events`: what happened from `eventsSinceNumber` to `eventsUntilNumber`, both included, at most 100 of them."""
    params = ask.params
    strangers(params, ("eventsSinceNumber", "eventsUntilNumber", "content"), lenient=ask.preference.lenient)
    told = await services.operations.events(
        ask.actor,
        ask.id,
        since=once(params, "eventsSinceNumber", _number),
        until=once(params, "eventsUntilNumber", _number),
        content=once(params, "content", str),
        origin=ask.origin,
    )
    return Answer(status=200, body=told)


async def binding_token(services: Services, ask: Ask) -> Answer:
    """`$get-ws-binding-token`: a token for one connection, used once within a minute."""
    params = ask.params
    strangers(params, ("id",), lenient=ask.preference.lenient)
    ids = [ask.id] if ask.id else [value for name, value in params if name == "id"]
    ticket = await services.operations.ticket(ask.actor, ids, origin=ask.origin)
    rows: list[Json] = [
        {"name": "token", "valueString": ticket.token},
        {"name": "expiration", "valueDateTime": instant(ticket.expires)},
        *({"name": "subscription", "valueString": sid} for sid in ticket.subscriptions),
        {"name": "websocket-url", "valueUrl": websocket_url(services.base_url)},
    ]
    return Answer(status=200, body=dumps({"resourceType": "Parameters", "parameter": rows}))


#: Operations as Parameters in a body, and the one that makes something: name, method, path, handler, body, definition.
OPERATIONS: Final[tuple[tuple[str, str, str, Handler, Body, str], ...]] = (
    ("status", "POST", "/{type}/$status", status, "parameters", STATUS),
    ("status", "POST", "/{type}/{id}/$status", status, "parameters", STATUS),
    ("events", "POST", "/{type}/{id}/$events", events, "parameters", EVENTS),
    *(
        ("get-ws-binding-token", method, path, binding_token, body, BINDING_TOKEN)
        for path in ("/{type}/$get-ws-binding-token", "/{type}/{id}/$get-ws-binding-token")
        for method, body in _METHODS
    ),
)


def websocket_url(base_url: str) -> str:
    """Where WebSockets connect to."""
    return "ws" + base_url.removeprefix("http") + "/$subscriptions"


def _written(ask: Ask, made: Stated, code: int) -> Answer:
    return Answer(
        status=code,
        body=b"" if ask.preference.returned == "minimal" else dumps(made.resource),
        version=made.version,
        updated=made.updated,
        location=f"Subscription/{made.id}",
    )


def _alternatives(ask: Ask, name: str) -> list[str]:
    return [part for key, value in stated(ask.params) if key == name for part in value.split(",")]


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise HubError(Category.INVALID, "is not a whole number", where="URL", code="search-value")
    return int(text)
