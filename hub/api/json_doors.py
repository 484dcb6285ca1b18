"""Small JSON doors under `/api`: one table of routes, from which both the server and the OpenAPI document are made.

Bearer token, private answers, refusals as OperationOutcome, a number for every request: as under `/fhir`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.api.authorization import actor_of, refuse_tokens
from hub.api.body import read_body
from hub.api.failures import PRIVATE, defect, refusal
from hub.api.fhir.freshness import etag
from hub.api.json_limits import parse
from hub.api.negotiation import FHIR_JSON, check_content_type
from hub.api.numbering import Numbering
from hub.api.query import read_query_bytes
from hub.api.services import Services
from hub.auth.actor import Actor
from hub.auth.scopes import confines, opens
from hub.fhir.json import dumps
from hub.gate.asking import PERSONAL
from hub.gate.origin import Origin
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

PLAIN_JSON: Final = "application/json; charset=utf-8"
#: No consent, proxy or approval is a hundredth of it. A door may take more.
MAX_BODY: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request. `id` is that of the path, `body` an object (empty where none was sent), `query` its parameters.

    `content` is the body as it came, of a door that takes files; `languages` the Accept-Language.
    """

    actor: Actor
    origin: Origin
    id: str
    body: Json
    query: Mapping[str, str]
    if_match: str
    content: bytes = b""
    languages: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The answer: `body` is any JSON; a FHIR resource has its version in the ETag."""

    body: Any
    status: int = 200
    location: str = ""


Handle = Callable[[Asking], Awaitable[Told]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One method of one path. `takes` and `gives` name schemas of the OpenAPI document; "" takes no body.

    `takes_file`: a body of any type, which is left as it came.
    """

    method: str
    path: str
    summary: str
    roles: tuple[str, ...]
    handle: Handle
    gives: str
    takes: str = ""
    body_needed: bool = True
    status: int = 200
    query: Mapping[str, str] | None = None
    largest: int = MAX_BODY
    takes_file: bool = False


def door_routes(services: Services, doors: Sequence[Door]) -> list[Route]:
    """A route for every path; another method there is answered 405."""
    numbering = Numbering(services.new_id()[:6])
    paths: dict[str, dict[str, Door]] = {}
    for door in doors:
        paths.setdefault(door.path, {})[door.method] = door
    return [_route(services, numbering, path, methods) for path, methods in paths.items()]


def _route(services: Services, numbering: Numbering, path: str, methods: Mapping[str, Door]) -> Route:
    async def endpoint(request: Request) -> Response:
        number = numbering.next()
        door = methods[request.method]
        response = await _respond(services, door, request, number)
        response.headers["x-request-id"] = number
        return response

    # A list of methods would let Starlette add HEAD, which no door answers.
    route = Route(path, endpoint, methods=list(methods))
    route.methods = set(methods)
    return route


async def _respond(services: Services, door: Door, request: Request, number: str) -> Response:
    try:
        told = await door.handle(await _asking(services, door, request, number))
    except HubError as error:
        return refusal(error)
    except Exception as error:
        services.log.failure("request-failed", error, request=number, method=door.method, route=door.path)
        return refusal(defect(number))
    return _response(told)


async def _asking(services: Services, door: Door, request: Request, number: str) -> Asking:
    query = read_query_bytes(request.scope["query_string"])
    refuse_tokens(name for name, _ in query)
    actor = await actor_of(request.headers.get("authorization", ""), services.verify)
    _refuse_app(actor, door)
    _refuse_file(actor, door)
    strangers = [name for name, _ in query if name not in (door.query or {})]
    if strangers:
        raise HubError(Category.UNSUPPORTED, "takes no such parameter", where="query", code="unknown-parameter")
    return Asking(
        actor=actor,
        origin=Origin(address=request.client.host if request.client else "", request=number),
        id=request.path_params.get("id", ""),
        body=await _body(services, door, request),
        query=dict(query),
        if_match=request.headers.get("if-match", ""),
        content=await read_body(request, door.largest) if door.takes_file else b"",
        languages=request.headers.get("accept-language", ""),
    )


def _refuse_app(actor: Actor, door: Door) -> None:
    """An application opens a door that it was registered for, whatever its user or role might do there.

    A token that is confined to one patient opens those doors alone behind which a person finds her own matters.
    """
    name = door.path.removeprefix("/api/").partition("/")[0]
    if actor.grant is not None and not opens(actor.scopes, name):
        todo = f"register the application for api/{name}"
        raise HubError(Category.FORBIDDEN, "no scope of the token opens this", where="scope", todo=todo, code="scope")
    if confines(actor.scopes) and actor.role not in PERSONAL:
        what = "the token is for one patient's record alone"
        raise HubError(Category.FORBIDDEN, what, where="scope", todo="ask for user/ scopes", code="scope")


def _refuse_file(actor: Actor, door: Door) -> None:
    """A file can be large: nobody has it read who may not send it."""
    if door.takes_file and actor.role not in door.roles:
        raise HubError(Category.FORBIDDEN, "this role sends no files", where="role", code="role")


async def _body(services: Services, door: Door, request: Request) -> Json:
    if not door.takes:
        return {}
    content_type = request.headers.get("content-type", "")
    if door.body_needed or content_type:
        check_content_type(content_type)
    content = await read_body(request, min(door.largest, services.max_body_bytes))
    if not content and not door.body_needed:
        return {}
    check_content_type(content_type)
    body = parse(content)
    if not isinstance(body, dict):
        raise HubError(Category.UNREADABLE, "is not a JSON object", where="body", code="json")
    return body


def _response(told: Told) -> Response:
    headers = dict(PRIVATE)
    fhir = isinstance(told.body, dict) and "resourceType" in told.body
    version = told.body.get("meta", {}).get("versionId") if fhir else None
    if version is not None:
        headers["etag"] = etag(int(version))
    if told.location:
        headers["location"] = told.location
    return Response(dumps(told.body), told.status, headers, FHIR_JSON if fhir else PLAIN_JSON)
