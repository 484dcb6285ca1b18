"""The ASGI endpoint of `/fhir`: from an HTTP request to an `Ask`, from its `Answer` to ready bytes.

A plain ASGI application inside the FastAPI one: reading by id is the hot path, and FastAPI's dependency machinery and
a route table of regular expressions cost more than all that is done here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from time import perf_counter
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hub.api.authorization import actor_of, refuse_tokens
from hub.api.failures import PRIVATE, defect, refusal
from hub.api.fhir.bodies import is_raw, read, read_judged, read_raw
from hub.api.fhir.capabilities import CapabilityPage
from hub.api.fhir.exchange import Answer, Ask, Conditions, Params
from hub.api.fhir.freshness import content_tag, etag, http_date, is_held
from hub.api.fhir.jobs import JOBS, jobs
from hub.api.fhir.metadata import METADATA, STATEMENT, statement
from hub.api.fhir.operation import read_parameters
from hub.api.fhir.options import options_of
from hub.api.fhir.parameters import FORM, split, values
from hub.api.fhir.router import Match, MethodNotAllowedError
from hub.api.fhir.routes import ROUTER
from hub.api.fhir.shape import read_shape
from hub.api.metrics import Metrics
from hub.api.negotiation import document_accept, preference, wanted_format
from hub.api.numbering import Numbering
from hub.api.query import read_query_bytes
from hub.api.representation import PLAIN, Representation
from hub.api.services import Services
from hub.auth.oauth.discovery import issuer_url, smart_configuration
from hub.fhir.json import dumps
from hub.fhir.patch.change import Change
from hub.gate.origin import Origin
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Route label of a request that matched no interaction.
NO_ROUTE: Final = "(none)"
SMART: Final = "/.well-known/smart-configuration"
#: What may be answered as a document and not as a resource (hub.api.fhir.binary, hub.api.fhir.cda).
#: What a client may call its request, which is given back to it (R4 http.html#custom).
_CORRELATION: Final = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")
_DOCUMENT: Final = re.compile(r"/Binary/[^/]+|/Patient/[^/]+/\$cda")
#: Of a document: it comes from anybody who may send one, and a browser shall neither run nor frame it.
INERT: Final = {"content-security-policy": "default-src 'none'; sandbox"}


class FhirEndpoint:
    """Serves everything under one prefix of the URL."""

    def __init__(
        self, services: Services, metrics: Metrics, numbering: Numbering, prefix: str, capabilities: CapabilityPage
    ) -> None:
        self._services: Final = services
        self._metrics: Final = metrics
        self._numbering: Final = numbering
        self._prefix: Final = len(prefix)
        self._capabilities: Final = capabilities

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = Request(scope, receive)
        number = self._numbering.next()
        route, response = await self._respond(request, number)
        response.raw_headers.append((b"x-request-id", number.encode()))
        own = request.headers.get("x-correlation-id", "")
        if _CORRELATION.fullmatch(own):
            response.raw_headers.append((b"x-correlation-id", own.encode()))
        if request.method == "HEAD":
            # RFC 9110 section 9.3.2: the headers of a GET, Content-Length among them, and no content.
            response.body = b""
        self._metrics.count(request.method, route, response.status_code, perf_counter() - started)
        await response(scope, receive, send)

    async def _respond(self, request: Request, number: str) -> tuple[str, Response]:
        """The template of the route, and the answer: every failure becomes an OperationOutcome here."""
        route, form = NO_ROUTE, PLAIN
        try:
            path = request.scope["path"][self._prefix :]
            params = read_query_bytes(request.scope["query_string"])
            if params:
                refuse_tokens(name for name, _ in params)
            if path.startswith(JOBS):
                return JOBS, await jobs(self._services, request, path, number)
            headers = _headers(request)
            accept = _document_accept(request, path, params)
            form = _form_of(headers, params, accept)
            if path.rstrip("/") == METADATA:
                return METADATA, _tagged(request, await self._metadata(request, params, form))
            if path == SMART:
                return SMART, self._smart(request)
            match = ROUTER.resolve(_method(request), path)
            route = match.interaction.template
            ask = await self._ask(request, headers, match, params, number, accept)
            if ask.form:
                form = _form_of(headers, ask.form)  # a form or Parameters may have said more
            await self._services.refresh()
            answer = await match.interaction.handle(self._services, ask)
            return route, await _response(answer, self._services.base_url, form)
        except HubError as error:
            told = options_of(error, request.method)
            if request.method == "OPTIONS" and error.code == "method":
                return route, Response(b"", 204, {**PRIVATE, **told})
            return route, refusal(error, form=form, more=told)
        except Exception as error:
            self._services.log.failure("request-failed", error, request=number, method=request.method, route=route)
            return route, refusal(defect(number), form=form)

    async def _metadata(self, request: Request, params: Params, form: Representation) -> Response:
        if _method(request) != "GET":
            raise MethodNotAllowedError("GET", "HEAD")
        shape = read_shape(params, STATEMENT)
        if shape is not None or "terminology" in values(params, "mode"):
            return await _response(await statement(self._services, params, shape), "", form)
        body = self._capabilities.body(await self._services.gate.custom(), form)
        return Response(body, 200, dict(PRIVATE), form.format.content_type)

    def _smart(self, request: Request) -> Response:
        if _method(request) != "GET":
            raise MethodNotAllowedError("GET", "HEAD")
        told = smart_configuration(issuer_url(self._services.base_url), images=self._services.images)
        return Response(dumps(told), 200, dict(PRIVATE), "application/json")

    async def _ask(
        self, request: Request, headers: Mapping[str, str], match: Match, params: Params, number: str, accept: str
    ) -> Ask:
        actor = await actor_of(headers.get("authorization", ""), self._services.verify)
        resource, change, pairs, unreadable = await self._body(request, match)
        given, form = split([*params, *pairs], FORM) if params or pairs else ((), ())
        return Ask(
            actor=actor,
            origin=Origin(address=request.client.host if request.client else "", request=number),
            type=match.type,
            id=match.id,
            version=match.version,
            params=given,
            form=form,
            shape=read_shape(form, match.holds, counting=match.interaction.counts) if form else None,
            conditions=Conditions(
                if_match=_condition(headers, "If-Match"),
                if_none_match=headers.get("if-none-match", ""),
                if_modified_since=headers.get("if-modified-since", ""),
                if_none_exist=_criterion(_condition(headers, "If-None-Exist")),
            ),
            preference=preference(headers.get("prefer", "")),
            resource=resource,
            unreadable=unreadable,
            change=change,
            accept=accept,
        )

    async def _body(
        self, request: Request, match: Match
    ) -> tuple[Json | None, Change | None, list[tuple[str, str]], HubError | None]:
        """The parsed resource, the patch, or the pairs of a form, as the interaction takes them; or why there is none,
        where that is what the interaction wants to know.
        """
        interaction = match.interaction
        if interaction.body == "none":
            return None, None, [], None
        if match.type == "Binary" and interaction.body == "resource" and is_raw(request):
            return await read_raw(request, self._services.max_body_bytes, match.id), None, [], None
        if interaction.body == "judged":
            resource, unreadable = await read_judged(request, self._services.max_body_bytes)
            return resource, None, [], unreadable
        content = await read(request, interaction.body, self._services.max_body_bytes)
        if interaction.body == "resource":
            return content, None, [], None
        if interaction.body == "patch":
            return None, content, [], None
        pairs = content if interaction.body == "form" or content is None else read_parameters(content)
        refuse_tokens(name for name, _ in pairs or ())
        return None, None, pairs or [], None


def _tagged(request: Request, response: Response) -> Response:
    """With an ETag of what is told, and 304 for who has it already (R4 http.html#capabilities)."""
    tag = content_tag(bytes(response.body))
    response.headers["etag"] = tag
    if is_held(request.headers.get("if-none-match", ""), tag):
        return Response(b"", 304, {**PRIVATE, "etag": tag})
    return response


def _method(request: Request) -> str:
    """What HEAD asks for is what GET would be answered (R4 http.html#head)."""
    return "GET" if request.method == "HEAD" else request.method


def _condition(headers: Mapping[str, str], name: str) -> str:
    """A condition on a write, "" where there is none. Raises HubError UNREADABLE for one that says nothing: whoever
    sends it does not mean to write in any case.
    """
    value = headers.get(name.lower(), "")
    if not value.strip() and name.lower() in headers:
        raise HubError(Category.UNREADABLE, "is empty", where=name, todo="leave it out, or fill it in", code="header")
    return value


def _criterion(header: str) -> str:
    """A header is read as Latin-1, but a criterion may hold UTF-8 that nobody percent-encoded."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise HubError(
            Category.UNREADABLE, "is not UTF-8", where="If-None-Exist", todo="percent-encode it", code="query"
        ) from None


def _document_accept(request: Request, path: str, params: Params) -> str:
    """The Accept of a request that would take a document as it is, else ""."""
    if not _DOCUMENT.fullmatch(path) or _method(request) != "GET":
        return ""
    return document_accept(request.headers.get("accept", ""), _formats(params))


def _formats(params: Params) -> list[str]:
    """What is asked for by `_format`; an empty one asks for nothing (R4 search.html 3.1.1.3)."""
    return [value for value in values(params, "_format") if value]


def _headers(request: Request) -> dict[str, str]:
    """The headers by their names in lower case; of one that stands twice, the first."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(request.headers.raw)}


def _form_of(headers: Mapping[str, str], params: Params, accept: str = "") -> Representation:
    """The form of a FHIR answer; where a document is taken as it is (`accept`), of what is answered instead of one.

    Raises HubError UNSUPPORTED (406).
    """
    try:
        wanted = wanted_format(headers.get("accept", ""), _formats(params), headers.get("accept-charset", ""))
    except HubError:
        if not accept:
            raise
        return PLAIN
    return Representation(wanted, pretty="true" in values(params, "_pretty"))


async def _response(answer: Answer, base_url: str, form: Representation) -> Response:
    headers = dict(PRIVATE)
    if answer.version is not None:
        headers["etag"] = etag(answer.version)
    if answer.updated is not None:
        headers["last-modified"] = http_date(answer.updated)
    if answer.location:
        headers["location"] = f"{base_url}/{answer.location}"
    if answer.progress:
        headers["content-location"] = f"{base_url}/{answer.progress}"
    if answer.media:
        return Response(answer.body, answer.status, headers | INERT | {"content-type": answer.media})
    body = await form.ready(answer.body)
    return Response(body, answer.status, headers, form.format.content_type if body else None)
