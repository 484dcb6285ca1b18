"""`/auth`: the endpoints for tokens, the keys, and what the authorisation server tells of itself.

The authorisation page itself is among the pages (`hub.portal.pages.authorize`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.api.body import read_body
from hub.api.failures import PRIVATE, status_of
from hub.api.json_doors import PLAIN_JSON
from hub.api.numbering import Numbering
from hub.auth.oauth.desk import Outcome, TokenDesk
from hub.auth.oauth.discovery import INTROSPECT, JWKS, OPENID_CONFIGURATION, REVOKE, TOKEN, metadata
from hub.fhir.json import dumps
from hub.gate.authorisations import TOKEN as DEED
from hub.gate.authorisations import Authorisations
from hub.gate.origin import Origin
from hub.kernel.errors import Category, HubError
from hub.kernel.log import Log

PREFIX: Final = "/auth"
_FORM: Final = "application/x-www-form-urlencoded"
_LARGEST: Final = 64 * 1024
_MOST_FIELDS: Final = 50

#: What answers a form.
Answer = Callable[[Sequence[tuple[str, str]]], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthServices:
    """Desk and facts of the endpoints. `issuer` is the address of the server, `keys` its public keys."""

    desk: TokenDesk
    trail: Authorisations
    issuer: str
    keys: Callable[[], Mapping[str, Any]]
    log: Log
    numbering: Numbering


def oauth_routes(services: OAuthServices) -> list[Route]:
    """The endpoints."""

    async def keys(_: Request) -> Response:
        return _json(services.keys())

    async def configuration(_: Request) -> Response:
        return _json(metadata(services.issuer))

    return [
        Route(PREFIX + TOKEN, _endpoint(services, services.desk.token), methods=["POST"]),
        Route(PREFIX + INTROSPECT, _endpoint(services, services.desk.introspect), methods=["POST"]),
        Route(PREFIX + REVOKE, _endpoint(services, services.desk.revoke), methods=["POST"]),
        Route(PREFIX + JWKS, keys),
        Route(PREFIX + OPENID_CONFIGURATION, configuration),
    ]


def _endpoint(services: OAuthServices, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        number = services.numbering.next()
        origin = Origin(address=request.client.host if request.client else "", request=number)
        try:
            outcome = await answer(await _form(request))
            await services.trail.record(DEED, outcome.event, origin=origin)
            response = _json(outcome.reply.body, outcome.reply.status)
        except HubError as error:
            response = _json(_error(error), status_of(error))
        except Exception as error:
            services.log.failure("request-failed", error, request=number, method="POST", route=request.url.path)
            response = _json({"error": "server_error"}, 500)
        response.headers["x-request-id"] = number
        return response

    return endpoint


async def _form(request: Request) -> list[tuple[str, str]]:
    """The fields of a form. Raises HubError UNSUPPORTED, TOO_LARGE or UNREADABLE.

    Parameters in the address are not looked at: they stand in logs (RFC 6749 section 2.3.1).
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HubError(Category.UNSUPPORTED, "is no form", where="Content-Type", todo=f"send {_FORM}")
    body = await read_body(request, _LARGEST)
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=False, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise HubError(Category.UNREADABLE, "is no form", where="body", code="form") from None


def _error(error: HubError) -> dict[str, str]:
    """A refusal of the hub in the form of RFC 6749 section 5.2."""
    away = error.category is Category.UNAVAILABLE
    return {"error": "temporarily_unavailable" if away else "invalid_request", "error_description": error.what}


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(dumps(body), status, {**PRIVATE, "pragma": "no-cache"}, PLAIN_JSON)
