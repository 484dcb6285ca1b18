"""The HTTP application, put together from what it is handed."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hub.api.fhir.endpoint import FhirEndpoint
from hub.api.health import health_routes
from hub.api.metrics import Metrics
from hub.api.numbering import Numbering
from hub.api.services import Services

FHIR_PREFIX: Final = "/fhir"


def create_app(services: Services) -> FastAPI:
    """The application: `/fhir`, health, metrics, and nothing else (no documentation pages served)."""
    metrics = Metrics()
    endpoint = FhirEndpoint(services, metrics, Numbering(services.new_id()[:6]), FHIR_PREFIX)
    app = FastAPI(title="Yilian Hub", version=services.version, docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False
    app.router.routes += [
        # Both `/fhir` and what lies below it: a mount would redirect a transaction to `/fhir/`.
        Route(FHIR_PREFIX, endpoint),
        Route(FHIR_PREFIX + "/{path:path}", endpoint),
        *health_routes(services, metrics),
    ]

    async def failed(request: Request, error: Exception) -> Response:
        services.log.failure("page-failed", error, method=request.method)
        return PlainTextResponse("the hub failed\n", 500)

    app.add_exception_handler(Exception, failed)
    return app
