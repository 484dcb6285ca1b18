"""The ASGI endpoint of `/fhir`: from an HTTP request to an `Ask`, from its `Answer` to ready bytes.

A plain ASGI application inside the FastAPI one: reading by id is the hot path, and FastAPI's dependency machinery and
a route table of regular expressions cost more than all that is done here.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub.api.authorization import actor_of, refuse_tokens
from hub.api.body import read_body
from hub.api.failures import PRIVATE, defect, refusal
from hub.api.fhir.capabilities import CapabilityPage
from hub.api.fhir.exchange import Answer, Ask, Conditions
from hub.api.fhir.freshness import etag, http_date
from hub.api.fhir.jobs import JOBS, jobs
from hub.api.fhir.operation import read_parameters
from hub.api.fhir.parameters import FORM, values
from hub.api.fhir.router import Interaction, Match, MethodNotAllowedError
from hub.api.fhir.routes import ROUTER
from hub.api.json_limits import parse
from hub.api.metrics import Metrics
from hub.api.negotiation import FHIR_JSON, check_accept, check_content_type, preference
from hub.api.numbering import Numbering
from hub.api.query import read_query
from hub.api.services import Services
from hub.gate.origin import Origin
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

_FORM_TYPE: Final = "application/x-www-form-urlencoded"
#: Route label of a request that matched no interaction.
NO_ROUTE: Final = "(none)"
METADATA: Final = "/metadata"


class FhirEndpoint:
    """Serves everything under one prefix of the URL."""

    def __init__(self, services: Services, metrics: Metrics, numbering: Numbering, prefix: str) -> None:
        self._services: Final = services
        self._metrics: Final = metrics
        self._numbering: Final = numbering
        self._prefix: Final = len(prefix)
        self._capabilities: Final = CapabilityPage(services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = Request(scope, receive)
        number = self._numbering.next()
        route, response = await self._respond(request, number)
        response.headers["x-request-id"] = number
        self._metrics.count(request.method, route, response.status_code, perf_counter() - started)
        await response(scope, receive, send)

    async def _respond(self, request: Request, number: str) -> tuple[str, Response]:
        """The template of the route, and the answer: every failure becomes an OperationOutcome here."""
        route = NO_ROUTE
        try:
            path = request.scope["path"][self._prefix :]
            params = read_query(request.scope["query_string"].decode("latin-1"))
            if params:
                refuse_tokens(name for name, _ in params)
            if path.startswith(JOBS):
                return JOBS, await jobs(self._services, request, path, number)
            check_accept(request.headers.get("accept", ""), values(params, "_format"))
            if path == METADATA:
                return METADATA, self._metadata(request)
            match = ROUTER.resolve(request.method, path)
            route = match.interaction.template
            answer = await self._answer(request, match, params, number)
            return route, _response(answer, self._services.base_url, pretty="true" in values(params, "_pretty"))
        except MethodNotAllowedError as error:
            return route, refusal(error, allow=error.allowed)
        except HubError as error:
            return route, refusal(error)
        except Exception as error:
            self._services.log.failure("request-failed", error, request=number, method=request.method, route=route)
            return route, refusal(defect(number))

    def _metadata(self, request: Request) -> Response:
        if request.method != "GET":
            raise MethodNotAllowedError("GET")
        return _response(Answer(status=200, body=self._capabilities.body()), "", pretty=False)

    async def _answer(self, request: Request, match: Match, params: Sequence[tuple[str, str]], number: str) -> Answer:
        headers = request.headers
        actor = actor_of(headers.get("authorization", ""), self._services.verify)
        resource, form = await self._body(request, match.interaction)
        ask = Ask(
            actor=actor,
            origin=Origin(address=request.client.host if request.client else "", request=number),
            type=match.type,
            id=match.id,
            version=match.version,
            params=[pair for pair in (*params, *form) if pair[0] not in FORM] if params or form else (),
            conditions=Conditions(
                if_match=headers.get("if-match", ""),
                if_none_match=headers.get("if-none-match", ""),
                if_modified_since=headers.get("if-modified-since", ""),
                if_none_exist=headers.get("if-none-exist", ""),
            ),
            preference=preference(headers.get("prefer", "")),
            resource=resource,
        )
        return await match.interaction.handle(self._services, ask)

    async def _body(self, request: Request, interaction: Interaction) -> tuple[Json | None, list[tuple[str, str]]]:
        """The parsed resource or the pairs of a form, as the interaction takes them."""
        if interaction.body == "none":
            return None, []
        content_type = request.headers.get("content-type", "")
        limit = self._services.max_body_bytes
        if interaction.body == "form":
            return None, await _form(request, content_type, limit)
        if interaction.body == "parameters":
            return None, await _parameters(request, content_type, limit)
        check_content_type(content_type)
        return parse(await read_body(request, limit)), []


async def _parameters(request: Request, content_type: str, limit: int) -> list[tuple[str, str]]:
    """What an operation is given in its body; without a body, nothing."""
    if content_type:
        check_content_type(content_type)
    content = await read_body(request, limit)
    if not content:
        return []
    check_content_type(content_type)
    pairs = read_parameters(parse(content))
    refuse_tokens(name for name, _ in pairs)
    return pairs


async def _form(request: Request, content_type: str, limit: int) -> list[tuple[str, str]]:
    if content_type.partition(";")[0].strip().lower() != _FORM_TYPE:
        raise HubError(
            Category.UNSUPPORTED,
            "the body is not a form",
            where="Content-Type",
            todo=f"send {_FORM_TYPE}",
            code="media-type",
        )
    pairs = read_query((await read_body(request, limit)).decode("latin-1"))
    refuse_tokens(name for name, _ in pairs)
    return pairs


def _response(answer: Answer, base_url: str, *, pretty: bool) -> Response:
    headers = dict(PRIVATE)
    if answer.version is not None:
        headers["etag"] = etag(answer.version)
    if answer.updated is not None:
        headers["last-modified"] = http_date(answer.updated)
    if answer.location:
        headers["location"] = f"{base_url}/{answer.location}"
    if answer.progress:
        headers["content-location"] = f"{base_url}/{answer.progress}"
    body = msgspec.json.format(answer.body, indent=2) if pretty and answer.body else answer.body
    return Response(body, answer.status, headers, FHIR_JSON if body else None)
