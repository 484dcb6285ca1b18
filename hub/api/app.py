"""The HTTP application, put together from what it is handed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.api.cross_origin import CrossOrigin, Origins
from hub.api.fhir.capabilities import CapabilityPage
from hub.api.fhir.endpoint import FhirEndpoint
from hub.api.health import health_routes
from hub.api.metrics import Metrics
from hub.api.numbering import Numbering
from hub.api.services import Services
from hub.kernel.clock import system_clock

FHIR_PREFIX: Final = "/fhir"
_BELOW: Final = FHIR_PREFIX + "/"


class HubApp(FastAPI):
    """FastAPI with the FHIR endpoint before it: a read by id is short, and passes none of the framework's layers."""

    def __init__(self, fhir: ASGIApp, version: str, origins: Origins | None) -> None:
        super().__init__(title="Yilian Hub", version=version, docs_url=None, redoc_url=None, openapi_url=None)
        self._fhir: Final = fhir
        closed: Final[ASGIApp] = self._inside
        self._door: Final = closed if origins is None else CrossOrigin(closed, origins=origins, clock=system_clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._door(scope, receive, send)

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"] == FHIR_PREFIX or scope["path"].startswith(_BELOW)):
            await self._fhir(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(services: Services, origins: Origins | None = None) -> FastAPI:
    """The application: `/fhir`, health, metrics, and nothing else (no documentation pages served).

    Without `origins` no scripts of pages elsewhere are answered.
    """
    metrics = Metrics()
    page = CapabilityPage(services, cors=origins is not None)
    services = replace(services, statement=page.statement)
    endpoint = FhirEndpoint(services, metrics, Numbering(services.new_id()[:6]), FHIR_PREFIX, page)
    app = HubApp(endpoint, services.version, origins)
    app.router.redirect_slashes = False
    app.router.routes += health_routes(services, metrics)

    async def failed(request: Request, error: Exception) -> Response:
        services.log.failure("page-failed", error, method=request.method)
        return PlainTextResponse("the hub failed\n", 500)

    app.add_exception_handler(Exception, failed)
    return app
