"""Liveness, readiness and metrics, for supervisors and monitors. They tell nothing about records."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hub.api.metrics import (
    CONTENT_TYPE,
    Metrics,
    alarm_gauges,
    feed_gauges,
    gauges,
    index_gauges,
    outbound_gauges,
    review_gauges,
)
from hub.api.services import Services
from hub.kernel.errors import HubError


def health_routes(services: Services, metrics: Metrics) -> list[Route]:
    """`/health/live`: the process answers. `/health/ready`: it can serve. `/metrics`: Prometheus."""

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        try:
            await services.ready()
        except HubError as error:
            return JSONResponse({"status": "not ready", "reason": error.code}, 503, {"retry-after": "1"})
        return JSONResponse({"status": "ready"})

    async def exposition(_: Request) -> Response:
        return PlainTextResponse(metrics.text() + await _of_database(services), media_type=CONTENT_TYPE)

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", exposition)]


async def _of_database(services: Services) -> str:
    """What all processes share is counted where it stands; while that is away, the others are told all the same."""
    try:
        events = gauges(*await services.desk.counts())
        outbound = outbound_gauges(await services.outbound.feeds())
        alarms = alarm_gauges(await services.gate.alarms.counts())
        feeds = feed_gauges(await services.feeds.all())
        index = index_gauges(await services.indexing.progress())
        return index + feeds + events + outbound + alarms + review_gauges(await services.reviews.figures())
    except HubError:
        return ""
