"""What engineers may ask about the inbox: counts by feed and state, never content."""

from __future__ import annotations

import dataclasses
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.api.authorization import actor_of
from hub.api.failures import PRIVATE, refusal
from hub.api.services import Services
from hub.kernel.errors import Category, HubError
from hub.pipeline.messages import Messages

#: Roles with a door to the inbox (design of the gate: they have no clinical read).
ENGINEERS: Final = frozenset({"integration-engineer", "administrator"})


def message_routes(services: Services, messages: Messages) -> list[Route]:
    """`/api/messages/summary`: how many messages of each feed are in each state."""

    async def summary(request: Request) -> Response:
        try:
            actor = actor_of(request.headers.get("authorization", ""), services.verify)
            if actor.role not in ENGINEERS:
                raise HubError(Category.FORBIDDEN, "this role has no door to the inbox", where="role")
            counts = await messages.counts()
        except HubError as error:
            return refusal(error)
        return JSONResponse({"messages": [dataclasses.asdict(count) for count in counts]}, headers=dict(PRIVATE))

    return [Route("/api/messages/summary", summary)]
