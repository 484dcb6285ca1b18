"""Answers to scripts of applications that run in a browser (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).

Only origins that an administrator registered are answered, only what applications ask (the FHIR API, images and the
endpoints for tokens), and never with credentials of the browser: the session of the pages is out of a script's reach.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.kernel.archive import PREFIX as IMAGES
from hub.kernel.clock import Clock
from hub.kernel.errors import HubError

#: Where scripts may ask.
PLACES: Final = ("/fhir", IMAGES, "/auth/token", "/auth/revoke", "/auth/jwks", "/auth/.well-known/")
#: How long a list of origins is gone by: an application that is disabled is not answered after that.
KEPT: Final = timedelta(seconds=5)
_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_ASKED_WITH: Final = (
    "authorization, content-type, accept, if-match, if-none-match, if-none-exist, if-modified-since, prefer,"
    " x-security-context, x-correlation-id"
)
_SHOWN: Final = (
    "etag, location, content-location, last-modified, retry-after, warning, www-authenticate, allow, accept-patch,"
    " expires, x-progress, x-request-id, x-correlation-id"
)
_PREFLIGHT_SECONDS: Final = "600"

#: Gives the registered origins.
Origins = Callable[[], Awaitable[frozenset[str]]]


class CrossOrigin:
    """Stands before an application, and tells browsers that scripts of registered origins may see its answers."""

    def __init__(self, app: ASGIApp, *, origins: Origins, clock: Clock) -> None:
        self._app: Final = app
        self._origins: Final = origins
        self._clock: Final = clock
        self._known: tuple[datetime, frozenset[str]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if _is_asked(scope) else None
        if origin is None or origin not in await self._registered():
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await _preflight(origin)(scope, receive, send)
        else:
            await self._app(scope, receive, _telling(send, origin))

    async def _registered(self) -> frozenset[str]:
        now = self._clock()
        if self._known is None or now - self._known[0] >= KEPT:
            try:
                self._known = now, await self._origins()
            except HubError:
                # The application says itself that the database is away.
                return frozenset()
        return self._known[1]


def _is_asked(scope: Scope) -> bool:
    return scope["type"] == "http" and str(scope["path"]).startswith(PLACES)


def _preflight(origin: str) -> Response:
    told = {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": _METHODS,
        "access-control-allow-headers": _ASKED_WITH,
        "access-control-max-age": _PREFLIGHT_SECONDS,
        "vary": "Origin",
    }
    return Response(status_code=204, headers=told)


def _telling(send: Send, origin: str) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["access-control-allow-origin"] = origin
            headers["access-control-expose-headers"] = _SHOWN
            headers.add_vary_header("Origin")
        await send(message)

    return telling
